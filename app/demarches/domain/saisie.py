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
    EtatFormulaire,
    Evaluation,
    etat_du_formulaire,
    is_answered,
)
from app.demarches.domain.pieces import Decrit, faute_pieces
from app.demarches.expressions import Circonstances
from app.demarches.types import ContexteDeSaisie, ReglesDesLignes, SaisieChamp

# Rows of lists of reference, by (list, key).
Lignes = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Saisie:
    """A page as it was sent.

        `valeurs` has every field asked, None when empty or wrong; `erreurs` one sentence per wrong field, and per wrong
    part of a field made of several (`x-part`); `ancres` the HTML name to lead to; `brut` all inputs of the page as
    typed, also of fields that are not asked, whose right answers are in `gardees`: they count for nothing until they
    are asked again. `etat` is the form as it stands with the page.
    """

    valeurs: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)
    ancres: dict[str, str] = field(default_factory=dict)
    brut: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gardees: dict[str, Any] = field(default_factory=dict)
    etat: EtatFormulaire = field(default_factory=EtatFormulaire)

    @property
    def valide(self) -> bool:
        """Whether the page can be left behind."""
        return not self.erreurs

    def refuser(self, champ: Champ, phrase: str) -> None:
        """Notes what is wrong with a field, unless something is already."""
        self.erreurs.setdefault(champ.id, phrase)
        self.ancres.setdefault(champ.id, next(iter(champ.entrees), champ.id))


def parse_page(
    definition: Definition,
    page: Page,
    brut: Mapping[str, Sequence[str]],
    reponses: Mapping[str, Any],
    circonstances: Circonstances | date,
    lignes: Lignes | None = None,
) -> Saisie:
    """Reads a whole page; which fields are asked is decided by the values just read, in order.

    `reponses` are the answers of the dossier so far; `circonstances` may be given as the day alone. Pieces are not
    read here: they are sent apart. `lignes` are the rows of lists that the inputs name.
    Checks of the page are made once everything is read.
    """
    around = _circonstances(circonstances)
    saisie = Saisie()
    here = {champ.id for champ in page.champs}
    for champ in page.champs:
        saisie.brut.update((name, tuple(typed)) for name, typed in champ.genre.prendre(champ, brut).items())
    walk = Evaluation(definition, around)
    for before in definition.pages:
        if before.id == page.id:
            break
        walk.parcourir(before, reponses)
    lecteur = _Lecteur(saisie, brut, walk, reponses, around.aujourdhui or date.max, lignes or {})
    walk.parcourir(page, reponses, lecteur.lire)
    lecteur.garder(page)
    rest = {id_: value for id_, value in reponses.items() if id_ not in here}
    etat = etat_du_formulaire(definition, rest | walk.reponses, around)
    _controler(saisie, page, etat)
    return replace(saisie, etat=etat)


def _circonstances(given: Circonstances | date) -> Circonstances:
    return Circonstances(given, given) if isinstance(given, date) else given


@dataclass
class _Lecteur:
    """Reads the fields of a page one after the other, as they are found to be asked."""

    saisie: Saisie
    brut: Mapping[str, Sequence[str]]
    walk: Evaluation
    acquis: Mapping[str, Any]
    aujourd_hui: date
    lignes: Lignes

    def lire(self, champ: Champ) -> Any:
        """The answer just typed to a field that is asked, None when there is none or it is wrong."""
        if not champ.repond:
            return None
        read = champ.genre.lire(champ, self.brut, self._contexte())
        self.saisie.valeurs[champ.id] = read.valeur
        if read.erreur is not None:
            self.saisie.erreurs[champ.id] = read.erreur
            self.saisie.ancres[champ.id] = read.ancre
            self.saisie.erreurs.update(read.details)
        return read.valeur

    def _contexte(self) -> ContexteDeSaisie:
        walk = self.walk
        return ContexteDeSaisie(
            self.aujourd_hui, walk.reponses, self.acquis, lignes=self.lignes, regles=walk.lignes
        )

    def garder(self, page: Page) -> None:
        """Right answers to fields that are not asked (any more): kept for the day they are again."""
        context = self._contexte()
        for champ in page.champs:
            if champ.repond and champ.calcul is None and champ.id not in self.saisie.valeurs:
                read = champ.genre.lire(champ, self.brut, context)
                if read.valeur is not None:
                    self.saisie.gardees[champ.id] = read.valeur


def _controler(saisie: Saisie, page: Page, etat: EtatFormulaire) -> None:
    """Adds what is missing, and the checks that fail, to a page that was just read."""
    asked = etat.champs(page.id)
    for champ in asked:
        if champ.id in saisie.valeurs and saisie.valeurs[champ.id] is None and champ.id in etat.obligatoires:
            saisie.refuser(champ, champ.genre.manque(champ))
    for refus in etat.refus:
        if refus.page_id == page.id:
            champ = next((c for c in asked if c.id == refus.champ_id), asked[0])
            saisie.refuser(champ, refus.phrase)
    # Errors are told in the order of the page.
    told = dict(saisie.erreurs)
    saisie.erreurs.clear()
    for champ in page.champs:
        saisie.erreurs.update({id_: said for id_, said in told.items() if id_.split("-")[0] == champ.id})


def parse_champ(
    champ: Champ,
    brut: Mapping[str, Sequence[str]],
    reponses: Mapping[str, Any],
    aujourd_hui: date,
    lignes: Lignes | None = None,
    regles: ReglesDesLignes | None = None,
) -> SaisieChamp:
    """Reads one field while it is being filled: unfinished is no error; typed inputs come back.

    `regles` are those of the rows of blocks, as they stand (`EtatFormulaire.lignes`).
    """
    context = ContexteDeSaisie(aujourd_hui, reponses, reponses, lignes=lignes or {}, regles=regles)
    read = champ.genre.lire(champ, brut, context)
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
    definition: Definition,
    reponses: Mapping[str, Any],
    pieces: Collection[str] | Mapping[str, Sequence[Decrit]],
    circonstances: Circonstances | date,
    etat: EtatFormulaire | None = None,
) -> list[tuple[str, str, str]]:
    """What still stands in the way of depositing: (page id, field id, sentence), in form order.

    `pieces` are the ids of the fields that have at least one piece, or what is said of each, which is then checked;
    `circonstances` may be given as the day alone.
    Every stored answer is read again, so that a limit which moved with the calendar is seen. A check of a page as a
    whole is told on its first question; a condition of the démarche that is not met, on the first of the form.
    `etat` is the form as it stands, from who has it already.
    """
    around = _circonstances(circonstances)
    etat = etat or etat_du_formulaire(definition, reponses, around)
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
    definition: Definition,
    reponses: Mapping[str, Any],
    circonstances: Circonstances | date,
    etat: EtatFormulaire | None = None,
) -> dict[str, str]:
    """Remarks that do not block, by field id: a date that comes sooner than the service would need."""
    around = _circonstances(circonstances)
    etat = etat or etat_du_formulaire(definition, reponses, around)
    effective = etat.reponses
    context = ContexteDeSaisie(
        around.aujourdhui or date.max, effective, effective, around.code_insee, regles=etat.lignes
    )
    found: dict[str, str] = {}
    for champ in definition.champs():
        if champ.id in effective and champ.calcul is None:
            read = champ.genre.lire(champ, entrees_de(champ, effective[champ.id]), context)
            if read.remarque:
                found[champ.id] = read.remarque
    return found


def _fault(
    champ: Champ,
    etat: EtatFormulaire,
    pieces: Collection[str] | Mapping[str, Sequence[Decrit]],
    aujourd_hui: date,
) -> str | None:
    if champ.calcul is not None:
        return None
    effective = etat.reponses
    missing = champ.genre.manque(champ) if champ.id in etat.obligatoires else None
    if not champ.repond:
        given = pieces.get(champ.id, ()) if isinstance(pieces, Mapping) else ()
        return faute_pieces(champ, given, aujourd_hui) if champ.id in pieces else missing
    if champ.id not in effective:
        return missing
    context = ContexteDeSaisie(aujourd_hui, effective, effective, regles=etat.lignes)
    return champ.genre.lire(champ, entrees_de(champ, effective[champ.id]), context).erreur
