"""What is known of a person before they answer: their sign-in, what an agent was given, whom they represent."""

from collections.abc import Mapping
from typing import Any

from app.demarches.definitions import Definition
from app.demarches.models import Dossier
from app.socle.sessions import Personne

# Which of our identity data a field may be filled with.
_IDENTITE = {
    "identite.civilite": "civilite",
    "identite.nom_naissance": "nom_naissance",
    "identite.nom_usage": "nom_usage",
    "identite.prenoms": "prenoms",
    "identite.date_naissance": "naissance",
    "identite.courriel": "courriel",
    "identite.telephone": "telephone",
}


def identite_prefill(personne: Personne | None) -> dict[str, str]:
    """What the sign-in gives to fill fields with: definition key to text; empty for who is not signed in."""
    return known_of(personne.donnees) if personne is not None else {}


def known_of(donnees: Mapping[str, Any]) -> dict[str, str]:
    """What an identity gives to fill fields with: definition key to text."""
    found: dict[str, str] = {}
    for key, name in _IDENTITE.items():
        value = donnees.get(name)
        if isinstance(value, list):
            value = " ".join(value)
        if value and not (name == "naissance" and "-00" in value):
            found[key] = str(value)
    return found


def known_for(personne: Personne | None, dossier: Dossier, definition: Definition) -> dict[str, Any]:
    """What fills the fields of a draft: the applicant's identity, and that of the person concerned.

    The applicant's identity is the person concerned's only where nobody else may be represented, or once the
    applicant has said that the request is for themselves.
    """
    mine: dict[str, Any] = {**known_of(dossier.demandeur), **identite_prefill(personne)}
    concerned = dossier.beneficiaire
    if concerned is None and definition.representation:
        return mine
    known = known_of(concerned) if concerned else mine
    parts = (key.removeprefix("identite.") for key in known)
    return mine | {f"beneficiaire.{part}": known[f"identite.{part}"] for part in parts}
