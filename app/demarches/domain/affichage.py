"""Answers as a French reader sees them, on screen, in the recapitulation and in documents."""

import re
from collections.abc import Mapping
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import MOT, Definition
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

    def shown(found: re.Match[str]) -> str:
        word, part = found[1], found[2]
        if word in mots:
            return mots[word]
        champ, answer = definition.champ(word), reponses.get(word)
        if part is None:
            return afficher(champ, answer)
        asked = next(sub for sub in champ.sous_champs if sub.id == part)
        return afficher(asked, answer.get(part) if isinstance(answer, Mapping) else None)

    # One pass: braces inside an answer stay what they are.
    return MOT.sub(shown, texte)
