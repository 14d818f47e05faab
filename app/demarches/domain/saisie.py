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
    EtatFormulaire,
    Evaluation,
    etat_du_formulaire,
    is_answered,
    reponses_effectives,
)
from app.demarches.domain.lecture import RefusDeSaisie, lire, phrase_manquante
from app.demarches.expressions import Circonstances


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

    def refuser(self, champ: Champ, phrase: str) -> None:
        """Notes what is wrong with a field, unless something is already."""
        self.erreurs.setdefault(champ.id, phrase)
        self.ancres.setdefault(champ.id, next(iter(champ.entrees), champ.id))


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
    circonstances: Circonstances | date,
) -> Saisie:
    """Reads a whole page; which fields are asked is decided by the values just read, in order.

    `reponses` are the answers of the dossier so far; `circonstances` may be given as the day alone. Pieces are not
    read here: they are sent apart. Checks of the page are made once everything is read.
    """
    around = _circonstances(circonstances)
    saisie = Saisie(
        brut={name: tuple(brut[name]) for champ in page.champs for name in champ.entrees if name in brut}
    )
    walk = Evaluation(definition, around)
    for before in definition.pages:
        if before.id == page.id:
            break
        walk.parcourir(before, reponses)
    lecteur = _Lecteur(saisie, brut, walk, around.aujourdhui or date.max)
    walk.parcourir(page, reponses, lecteur.lire)
    rest = {id_: value for id_, value in reponses.items() if id_ not in {champ.id for champ in page.champs}}
    _controler(saisie, page, etat_du_formulaire(definition, rest | walk.reponses, around))
    return saisie


def _circonstances(given: Circonstances | date) -> Circonstances:
    return Circonstances(given, given) if isinstance(given, date) else given


@dataclass
class _Lecteur:
    """Reads the fields of a page one after the other, as they are found to be asked."""

    saisie: Saisie
    brut: Mapping[str, Sequence[str]]
    walk: Evaluation
    aujourd_hui: date

    def lire(self, champ: Champ) -> Any:
        """The answer just typed to a field that is asked, None when there is none or it is wrong."""
        if not champ.repond:
            return None
        self.saisie.valeurs[champ.id] = None
        try:
            value = lire(champ, self.brut, self.walk.reponses, self.aujourd_hui)
        except RefusDeSaisie as refusal:
            self.saisie.erreurs[champ.id] = refusal.phrase
            self.saisie.ancres[champ.id] = refusal.entree or champ.entrees[0]
            return None
        if value is not None:
            self.saisie.valeurs[champ.id] = value
        return value


def _controler(saisie: Saisie, page: Page, etat: EtatFormulaire) -> None:
    """Adds what is missing, and the checks that fail, to a page that was just read."""
    asked = etat.champs(page.id)
    for champ in asked:
        if champ.id in saisie.valeurs and saisie.valeurs[champ.id] is None and champ.id in etat.obligatoires:
            saisie.refuser(champ, phrase_manquante(champ))
    for refus in etat.refus:
        if refus.page_id == page.id:
            champ = next((c for c in asked if c.id == refus.champ_id), asked[0])
            saisie.refuser(champ, refus.phrase)
    # Errors are told in the order of the page.
    told = dict(saisie.erreurs)
    saisie.erreurs.clear()
    saisie.erreurs.update({champ.id: told[champ.id] for champ in page.champs if champ.id in told})


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
    definition: Definition,
    reponses: Mapping[str, Any],
    pieces: Collection[str],
    circonstances: Circonstances | date,
) -> list[tuple[str, str, str]]:
    """What still stands in the way of depositing: (page id, field id, sentence), in form order.

    `pieces` are the ids of the fields that have at least one piece; `circonstances` may be given as the day alone.
    Every stored answer is read again, so that a limit which moved with the calendar is seen. A check of a page as a
    whole is told on its first question; a condition of the démarche that is not met, on the first of the form.
    """
    around = _circonstances(circonstances)
    etat = etat_du_formulaire(definition, reponses, around)
    faults: list[tuple[str, str, str]] = []
    for seen in etat.pages:
        first = seen.champs[0].id
        failed = [refus for refus in etat.refus if refus.page_id == seen.page.id]
        faults += [(seen.page.id, first, refus.phrase) for refus in failed if not refus.champ_id]
        for champ in seen.champs:
            phrase = _fault(champ, etat, pieces, around.aujourdhui or date.max)
            if phrase is None:
                phrase = next((refus.phrase for refus in failed if refus.champ_id == champ.id), None)
            if phrase is not None:
                faults.append((seen.page.id, champ.id, phrase))
    if etat.inadmissible:
        page = etat.pages[0]
        faults = [(page.page.id, page.champs[0].id, phrase) for phrase in etat.inadmissible] + faults
    return faults


def avertissements(
    definition: Definition, reponses: Mapping[str, Any], circonstances: Circonstances | date
) -> dict[str, str]:
    """Remarks that do not block, by field id: a date that comes sooner than the service would need."""
    around = _circonstances(circonstances)
    effective = reponses_effectives(definition, reponses, around)
    found: dict[str, str] = {}
    for champ in definition.champs():
        answer = effective.get(champ.id)
        if champ.avertissement is None or answer is None or around.aujourdhui is None:
            continue
        limit = jour_de_borne(champ.avertissement.avant, around.aujourdhui, effective)
        if limit is not None and date.fromisoformat(answer) < limit:
            found[champ.id] = champ.avertissement.texte
    return found


def _fault(champ: Champ, etat: EtatFormulaire, pieces: Collection[str], aujourd_hui: date) -> str | None:
    if champ.calcul is not None:
        return None
    effective = etat.reponses
    missing = phrase_manquante(champ) if champ.id in etat.obligatoires else None
    if not champ.repond:
        return None if champ.id in pieces else missing
    if champ.id not in effective:
        return missing
    try:
        lire(champ, entrees_de(champ, effective[champ.id]), effective, aujourd_hui)
    except RefusDeSaisie as refusal:
        return refusal.phrase
    return None
