"""Two answers to one question, put side by side in words: the one that is stored, and the one just typed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.demarches.definitions import Champ, Page
from app.demarches.domain import afficher, parse_champ
from app.demarches.service.brouillons import Brouillon
from app.socle.langues import N_


@dataclass(frozen=True)
class Conflit:
    """What to choose between; `qui` says whether it was oneself, on another device."""

    id: str
    phrase: str
    qui: str
    quand: datetime
    enregistree: str
    tapee: str


PHRASE = N_("Choisissez la réponse à garder : elle a aussi été changée ailleurs.")
MOI = N_("vous, depuis une autre page ou un autre appareil")
AUTRE = N_("une autre personne qui remplit ce dossier")
VIDE = N_("(aucune réponse)")


def conflits_of(
    draft: Brouillon, page: Page, typed: Mapping[str, Mapping[str, Sequence[str]]], acteur: str
) -> dict[str, Conflit]:
    """The questions of a page that two sides answered, in order."""
    found: dict[str, Conflit] = {}
    for champ in page.champs:
        stored = draft.contenu.reponses.get(champ.id)
        if champ.id in typed and stored is not None:
            who = MOI if stored.auteur == acteur else AUTRE
            mine = _read(draft, champ, typed[champ.id])
            theirs = _words(champ, stored.valeur, stored.brut)
            found[champ.id] = Conflit(champ.id, PHRASE, who, stored.modifie_le, theirs, mine)
    return found


def _read(draft: Brouillon, champ: Champ, typed: Mapping[str, Sequence[str]]) -> str:
    regles = draft.etat().lignes
    value = parse_champ(champ, typed, draft.reponses, draft.enregistre_le.date(), regles=regles).valeur
    return _words(champ, value, typed)


def _words(champ: Champ, value: object, typed: Mapping[str, Sequence[str]]) -> str:
    """The answer as it reads; what was typed, when it is no answer yet."""
    if value is not None:
        return afficher(champ, value)
    return " ".join(text for texts in typed.values() for text in texts if text.strip()) or VIDE
