"""From inputs to answers and back: nothing typed is lost, nothing wrong is kept as an answer.

`parse_page` is the full check when a page is sent, `parse_champ` the lenient one when a field saves itself,
and `a_completer` the last check before the request is deposited.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, Page
from app.demarches.domain.conditions import (
    champs_visibles,
    is_answered,
    pages_applicables,
    reponses_effectives,
    visible,
)
from app.demarches.types import ContexteDeSaisie, SaisieChamp


@dataclass(frozen=True)
class Saisie:
    """A page as it was sent.

    `valeurs` has every field asked, None when empty or wrong; `erreurs` one sentence per wrong field, and per wrong
    part of a field made of several (`x-part`); `ancres` the HTML name to lead to; `brut` all inputs of the page as
    typed, also of fields that are not asked.
    """

    valeurs: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)
    ancres: dict[str, str] = field(default_factory=dict)
    brut: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def valide(self) -> bool:
        """Whether the page can be left behind."""
        return not self.erreurs


def parse_page(
    definition: Definition,
    page: Page,
    brut: Mapping[str, Sequence[str]],
    reponses: Mapping[str, Any],
    aujourd_hui: date,
) -> Saisie:
    """Reads a whole page; which fields are asked is decided by the values just read, in order.

    `reponses` are the answers of the dossier so far. Pieces are not read here: they are sent apart.
    """
    known = reponses_effectives(definition, reponses)
    saisie = Saisie()
    for champ in page.champs:
        known.pop(champ.id, None)
        saisie.brut.update((name, tuple(typed)) for name, typed in champ.genre.prendre(champ, brut).items())
    for champ in page.champs:
        if not champ.repond or not visible(champ, known):
            continue
        read = champ.genre.lire(champ, brut, ContexteDeSaisie(aujourd_hui, known, reponses))
        saisie.valeurs[champ.id] = read.valeur
        if read.valeur is not None:
            known[champ.id] = read.valeur
        if read.erreur is not None:
            saisie.erreurs[champ.id] = read.erreur
            saisie.ancres[champ.id] = read.ancre
            saisie.erreurs.update(read.details)
        elif read.valeur is None and champ.obligatoire:
            saisie.erreurs[champ.id] = champ.genre.manque(champ)
            saisie.ancres[champ.id] = champ.entrees[0]
    return saisie


def parse_champ(
    champ: Champ, brut: Mapping[str, Sequence[str]], reponses: Mapping[str, Any], aujourd_hui: date
) -> SaisieChamp:
    """Reads one field while it is being filled: unfinished is no error; typed inputs come back."""
    read = champ.genre.lire(champ, brut, ContexteDeSaisie(aujourd_hui, reponses, reponses))
    return replace(read, erreur=None) if read.incomplet else read


def agir(page: Page, brut: Mapping[str, Sequence[str]], geste: str) -> Mapping[str, Sequence[str]]:
    """The inputs of a page after a button inside one of its questions was pressed (« ajouter x »)."""
    for champ in page.champs if geste else ():
        after = champ.genre.agir(champ, brut, geste)
        if after is not None:
            return after
    return brut


def entrees_de(champ: Champ, valeur: Any) -> dict[str, list[str]]:
    """The HTML inputs that stand for a stored answer, which `parse_champ` reads back as the same value."""
    return champ.genre.ecrire(champ, valeur) if is_answered(valeur) else {}


def a_completer(
    definition: Definition, reponses: Mapping[str, Any], pieces: Collection[str], aujourd_hui: date
) -> list[tuple[str, str, str]]:
    """What still stands in the way of depositing: (page id, field id, sentence), in form order.

    `pieces` are the ids of the fields that have at least one piece. Every stored answer is read again, so
    that a limit which moved with the calendar is seen.
    """
    effective = reponses_effectives(definition, reponses)
    faults: list[tuple[str, str, str]] = []
    for page in pages_applicables(definition, effective):
        for champ in champs_visibles(page, effective):
            phrase = _fault(champ, effective, pieces, aujourd_hui)
            if phrase is not None:
                faults.append((page.id, champ.id, phrase))
    return faults


def avertissements(definition: Definition, reponses: Mapping[str, Any], aujourd_hui: date) -> dict[str, str]:
    """Remarks that do not block, by field id: a date that comes sooner than the service would need."""
    effective = reponses_effectives(definition, reponses)
    context = ContexteDeSaisie(aujourd_hui, effective, effective)
    found: dict[str, str] = {}
    for champ in definition.champs():
        if champ.id in effective:
            read = champ.genre.lire(champ, entrees_de(champ, effective[champ.id]), context)
            if read.remarque:
                found[champ.id] = read.remarque
    return found


def _fault(
    champ: Champ, effective: Mapping[str, Any], pieces: Collection[str], aujourd_hui: date
) -> str | None:
    missing = champ.genre.manque(champ) if champ.obligatoire else None
    if not champ.repond:
        return None if champ.id in pieces else missing
    if champ.id not in effective:
        return missing
    context = ContexteDeSaisie(aujourd_hui, effective, effective)
    return champ.genre.lire(champ, entrees_de(champ, effective[champ.id]), context).erreur
