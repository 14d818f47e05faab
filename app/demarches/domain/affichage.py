"""Answers as a French reader sees them, on screen, in the recapitulation and in documents."""

from collections.abc import Mapping
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, mots_de
from app.demarches.domain.conditions import is_answered
from app.demarches.types import NON_RENSEIGNE


def afficher(champ: Champ, valeur: Any) -> str:
    """The answer in plain French; "Non renseigné" when there is none. Lines of a long text are kept."""
    return champ.genre.afficher(champ, valeur) if is_answered(valeur) else NON_RENSEIGNE


def remplir_modele(
    definition: Definition, texte: str, reponses: Mapping[str, Any], mots: Mapping[str, str]
) -> str:
    """A text of the model of decision with its `{words}` replaced by displayed answers or by `mots`.

    KeyError on a word that neither the dossier nor the form has.
    """
    for word in mots_de(texte):
        shown = mots[word] if word in mots else afficher(definition.champ(word), reponses.get(word))
        texte = texte.replace(f"{{{word}}}", shown)
    return texte
