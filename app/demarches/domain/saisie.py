"""From inputs to answers and back: nothing typed is lost, nothing wrong is kept as an answer.

`parse_page` is the full check when a page is sent, `parse_champ` the lenient one when a field saves itself,
and `a_completer` the last check before the request is deposited.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.demarches.definitions.champs import Champ, jour_de_borne
from app.demarches.definitions.definition import Definition, Page
from app.demarches.domain.conditions import (
    champs_visibles,
    is_answered,
    pages_applicables,
    reponses_effectives,
    visible,
)
from app.demarches.domain.lecture import RefusDeSaisie, lire, phrase_manquante


@dataclass(frozen=True)
class Saisie:
    """A page as it was sent.

    `valeurs` has every field asked, None when empty or wrong; `erreurs` one sentence per wrong field and
    `ancres` the HTML name to lead to; `brut` all inputs of the page as typed, also of fields that are not
    asked.
    """

    valeurs: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)
    ancres: dict[str, str] = field(default_factory=dict)
    brut: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def valide(self) -> bool:
        """Whether the page can be left behind."""
        return not self.erreurs


@dataclass(frozen=True)
class SaisieChamp:
    """One field as typed so far: the answer if it is one, a soft remark if it is wrong, the inputs."""

    valeur: Any
    erreur: str | None
    brut: dict[str, list[str]]


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
    saisie = Saisie(
        brut={name: tuple(brut[name]) for champ in page.champs for name in champ.entrees if name in brut}
    )
    for champ in page.champs:
        known.pop(champ.id, None)
    for champ in page.champs:
        if not champ.repond or not visible(champ, known):
            continue
        saisie.valeurs[champ.id] = None
        try:
            value = lire(champ, brut, known, aujourd_hui)
        except RefusDeSaisie as refusal:
            saisie.erreurs[champ.id] = refusal.phrase
            saisie.ancres[champ.id] = refusal.entree or champ.entrees[0]
            continue
        if value is None and champ.obligatoire:
            saisie.erreurs[champ.id] = phrase_manquante(champ)
            saisie.ancres[champ.id] = champ.entrees[0]
        elif value is not None:
            saisie.valeurs[champ.id] = known[champ.id] = value
    return saisie


def parse_champ(
    champ: Champ, brut: Mapping[str, Sequence[str]], reponses: Mapping[str, Any], aujourd_hui: date
) -> SaisieChamp:
    """Reads one field while it is being filled: unfinished is no error; typed inputs come back."""
    typed = {name: list(brut[name]) for name in champ.entrees if name in brut}
    if not champ.repond:
        return SaisieChamp(None, None, typed)
    try:
        return SaisieChamp(lire(champ, brut, reponses, aujourd_hui), None, typed)
    except RefusDeSaisie as refusal:
        return SaisieChamp(None, None if refusal.incomplet else refusal.phrase, typed)


def entrees_de(champ: Champ, valeur: Any) -> dict[str, list[str]]:
    """The HTML inputs that stand for a stored answer, which `parse_champ` reads back as the same value."""
    if not is_answered(valeur):
        return {}
    if champ.type == "date":
        year, month, day = str(valeur).split("-")
        return dict(zip(champ.entrees, ([str(int(day))], [str(int(month))], [year]), strict=True))
    if champ.type == "adresse":
        return {f"{champ.id}-{part}": [str(text)] for part, text in valeur.items()}
    if champ.type == "choix_multiple":
        return {champ.id: [str(item) for item in valeur]}
    if champ.type == "oui_non":
        return {champ.id: ["oui" if valeur else "non"]}
    if champ.type == "decimal":
        return {champ.id: [str(valeur).replace(".", ",")]}
    return {champ.id: [str(valeur)]}


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
    found: dict[str, str] = {}
    for champ in definition.champs():
        answer = effective.get(champ.id)
        if champ.avertissement is None or answer is None:
            continue
        limit = jour_de_borne(champ.avertissement.avant, aujourd_hui, effective)
        if limit is not None and date.fromisoformat(answer) < limit:
            found[champ.id] = champ.avertissement.texte
    return found


def _fault(
    champ: Champ, effective: Mapping[str, Any], pieces: Collection[str], aujourd_hui: date
) -> str | None:
    missing = phrase_manquante(champ) if champ.obligatoire else None
    if not champ.repond:
        return None if champ.id in pieces else missing
    if champ.id not in effective:
        return missing
    try:
        lire(champ, entrees_de(champ, effective[champ.id]), effective, aujourd_hui)
    except RefusDeSaisie as refusal:
        return refusal.phrase
    return None
