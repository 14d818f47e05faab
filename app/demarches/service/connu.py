"""What is known of a person before they answer: their sign-in, what an agent was given, whom they represent."""

from collections.abc import Mapping
from typing import Any

from app.demarches.definitions import Champ, Definition
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


def identite_prefill(personne: Personne | None) -> dict[str, Any]:
    """What the sign-in gives to fill fields with: definition key to text; empty for who is not signed in."""
    return known_of(personne.donnees) if personne is not None else {}


def known_of(donnees: Mapping[str, Any]) -> dict[str, Any]:
    """What an identity gives to fill fields with: definition key to text, and `identite` to all of it by part."""
    found: dict[str, Any] = {}
    whole: dict[str, str] = {}
    for key, name in _IDENTITE.items():
        value = donnees.get(name)
        if isinstance(value, list):
            value = " ".join(value)
        if value and not (name == "naissance" and "-00" in value):
            found[key] = str(value)
            whole[name] = str(value)
    return found | ({"identite": whole} if whole else {})


def given_to(champ: Champ, known: Mapping[str, Any]) -> Any:
    """What of a known person a field is filled with; None when it asks for nothing that is known."""
    value = known.get(champ.prerempli or "")
    if not isinstance(value, Mapping):
        return value
    # A child has one name.
    parts = {**value, "nom": value.get("nom_naissance")}
    return {part.id: parts[part.id] for part in champ.sous_champs if parts.get(part.id)} or None


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
    return mine | {f"beneficiaire{key.removeprefix('identite')}": value for key, value in known.items()}
