"""What a form is, given the answers: the one function that typing time, submission and display share.

An answer to a field that is no longer asked stays in the draft (it comes back if the person changes her mind)
but counts for nothing: `EtatFormulaire.reponses` is what is checked, shown, frozen and exported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, Page, Section
from app.demarches.domain.lignes import Lignes
from app.demarches.expressions import Circonstances

AUCUNE = Circonstances()


@dataclass(frozen=True, slots=True)
class SectionVisible:
    """Fields that are asked under one title; `section` is None for those that stand under none."""

    section: Section | None
    champs: tuple[Champ, ...]


@dataclass(frozen=True, slots=True)
class PageVisible:
    """A page to go through, with what it asks."""

    page: Page
    sections: tuple[SectionVisible, ...]

    @property
    def champs(self) -> tuple[Champ, ...]:
        """Every field that the page asks, in order."""
        return tuple(champ for section in self.sections for champ in section.champs)


@dataclass(frozen=True, slots=True)
class Refus:
    """A check that the answers fail: on a field, or on a page as a whole (`champ_id` empty)."""

    page_id: str
    champ_id: str
    phrase: str


@dataclass(frozen=True, slots=True)
class EtatFormulaire:
    """The form as it stands.

    `reponses` are the answers that count, computed ones included, in form order; `obligatoires` the fields
    asked that need an answer; `inadmissible` the sentences of the conditions of the démarche that are not met;
    `prix` euros, None when there is none or it is not known yet; `lignes` the rules of the rows of its blocks.
    """

    pages: tuple[PageVisible, ...] = ()
    reponses: dict[str, Any] = field(default_factory=dict)
    obligatoires: frozenset[str] = frozenset()
    refus: tuple[Refus, ...] = ()
    inadmissible: tuple[str, ...] = ()
    prix: Decimal | None = None
    lignes: Lignes | None = field(default=None, compare=False, repr=False)

    @property
    def centimes(self) -> int | None:
        """The price in integer cents, half a cent up; None when there is none, it is not known or is below 0."""
        if self.prix is None or self.prix < 0:
            return None
        return int((self.prix * 100).to_integral_value(ROUND_HALF_UP))

    def champs(self, page_id: str) -> tuple[Champ, ...]:
        """The fields that a page asks; none when the page itself is left out."""
        return next((seen.champs for seen in self.pages if seen.page.id == page_id), ())


class Evaluation:
    """One walk through a form, in order: what is known so far decides what is asked next."""

    def __init__(self, definition: Definition, circonstances: Circonstances = AUCUNE) -> None:
        self._plan = definition.plan
        self._valeurs = circonstances.valeurs() | definition.prix_votes
        self.reponses: dict[str, Any] = {}
        self.lignes = Lignes(definition.plan, self._valeurs)

    def montre_page(self, page: Page) -> bool:
        """Whether a page is gone through."""
        rule = self._plan.pages.get(page.id)
        return page.si is None or (rule is not None and rule.evaluer(self._valeurs) is True)

    def montre_section(self, page: Page, section: Section) -> bool:
        """Whether the fields of a section may be asked."""
        rule = self._plan.sections.get((page.id, section.id))
        return section.si is None or (rule is not None and rule.evaluer(self._valeurs) is True)

    def montre(self, champ: Champ) -> bool:
        """Whether a field is asked, its page and its section being so."""
        if champ.si is None:
            return True
        rule = self._plan.champs[champ.id].si
        return rule is not None and rule.evaluer(self._valeurs) is True

    def noter(self, champ: Champ, valeur: Any) -> None:
        """The answer of a field that is asked, without what its rows do not ask; one that is none is left out."""
        if champ.id in self._plan.lignes:
            valeur = self.lignes.effectives(champ, valeur)
        if champ.repond and is_answered(valeur):
            self.reponses[champ.id] = valeur
            if champ.id in self._plan.lus:
                for chemin, nom in self._plan.champs[champ.id].noms:
                    self._valeurs[chemin] = nom.valeur(valeur)

    def calculer(self, champ: Champ) -> None:
        """Computes a field whose answer is a rule."""
        rule = self._plan.champs[champ.id].calcul
        if rule is not None:
            value = rule.evaluer(self._valeurs)
            if value is not None:
                self.noter(champ, en_json(value))

    def parcourir(
        self, page: Page, reponses: Mapping[str, Any], lire: Callable[[Champ], Any] | None = None
    ) -> tuple[SectionVisible, ...]:
        """Takes in the answers of a page; its fields that are asked, by section, none when it is left out.

        With `lire`, answers are asked of it one by one instead of being taken from `reponses`.
        """
        if not self.montre_page(page):
            return ()
        found: list[SectionVisible] = []
        current, shown, asked = "", True, list[Champ]()
        for champ in page.champs:
            if champ.section != current:
                if asked:
                    found.append(SectionVisible(page.section(current), tuple(asked)))
                current, asked = champ.section, []
                section = page.section(current)
                shown = section is None or self.montre_section(page, section)
            if not shown or not self.montre(champ):
                continue
            asked.append(champ)
            if champ.calcul is not None:
                self.calculer(champ)
            else:
                self.noter(champ, lire(champ) if lire is not None else reponses.get(champ.id))
        if asked:
            found.append(SectionVisible(page.section(current), tuple(asked)))
        return tuple(found)

    def conclure(self, pages: tuple[PageVisible, ...], definition: Definition) -> EtatFormulaire:
        """What is required, refused and due, once every answer is known."""
        plan, values = self._plan, self._valeurs
        required: set[str] = set()
        refusals: list[Refus] = []
        for seen in pages:
            for champ in seen.champs:
                rules = plan.champs[champ.id]
                due = rules.obligatoire_si if champ.obligatoire_si is not None else None
                if champ.obligatoire or (due is not None and due.evaluer(values) is True):
                    required.add(champ.id)
                refusals += [
                    Refus(seen.page.id, champ.id, phrase)
                    for rule, phrase in rules.controles
                    if rule.evaluer(values) is False
                ]
            refusals += [
                Refus(seen.page.id, "", phrase)
                for rule, phrase in plan.controles.get(seen.page.id, ())
                if rule.evaluer(values) is False
            ]
        return EtatFormulaire(
            pages,
            self.reponses,
            frozenset(required),
            tuple(refusals),
            tuple(phrase for rule, phrase in plan.eligibilite if rule.evaluer(values) is False),
            plan.prix.evaluer(values) if plan.prix is not None else None,
            self.lignes,
        )

    def groupe(self) -> str | None:
        """The group of agents of the first routing rule that holds."""
        return next(
            (groupe for rule, groupe in self._plan.routage if rule.evaluer(self._valeurs) is True), None
        )


def etat_du_formulaire(
    definition: Definition, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> EtatFormulaire:
    """The form as it stands with these answers (typed values by field id), in these circumstances."""
    walk = Evaluation(definition, circonstances)
    pages = tuple(
        PageVisible(page, sections)
        for page in definition.pages
        if (sections := walk.parcourir(page, reponses))
    )
    return walk.conclure(pages, definition)


def router(
    definition: Definition, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> str | None:
    """The group of agents that a dossier goes to; None when no rule of routing holds."""
    walk = Evaluation(definition, circonstances)
    for page in definition.pages:
        walk.parcourir(page, reponses)
    return walk.groupe()


def champs_visibles(
    definition: Definition, page: Page, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> tuple[Champ, ...]:
    """The fields of a page that are asked, in order."""
    return etat_du_formulaire(definition, reponses, circonstances).champs(page.id)


def pages_applicables(
    definition: Definition, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> tuple[Page, ...]:
    """The pages to go through, in order: those whose condition holds and that ask or explain something."""
    return tuple(seen.page for seen in etat_du_formulaire(definition, reponses, circonstances).pages)


def reponses_effectives(
    definition: Definition, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> dict[str, Any]:
    """The answers that count, in form order: fields that exist and are asked, empty ones left out."""
    return etat_du_formulaire(definition, reponses, circonstances).reponses


def parties_repondues(
    definition: Definition, reponses: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Champ, ...]]]:
    """What a frozen dossier answers, by titled part: a title and its fields that have an answer.

    Frozen answers say by themselves what was asked: no rule is evaluated again, on another day.
    """
    for page in definition.pages:
        title, group = page.titre, list[Champ]()
        for champ in page.champs:
            section = page.section(champ.section)
            wanted = f"{page.titre} – {section.titre}" if section else page.titre
            if wanted != title:
                if group:
                    yield title, tuple(group)
                title, group = wanted, []
            if champ.id in reponses:
                group.append(champ)
        if group:
            yield title, tuple(group)


def is_answered(valeur: Any) -> bool:
    """Whether a typed value is an answer: 0 and "non" (False) are, an empty text or list is not."""
    return valeur is not None and valeur != "" and valeur != [] and valeur != {}


def holds(
    definition: Definition, regle: str, reponses: Mapping[str, Any], circonstances: Circonstances = AUCUNE
) -> bool:
    """Whether a rule of the instruction (legal part, parcours) holds for the answers of a dossier.

    False where an answer that it needs is not there. KeyError for a rule that the definition does not have.
    """
    values = circonstances.valeurs() | definition.prix_votes
    for champ in definition.champs():
        if champ.repond and is_answered(reponses.get(champ.id)):
            for chemin, nom in definition.plan.champs[champ.id].noms:
                values[chemin] = nom.valeur(reponses[champ.id])
    return definition.plan.instruction[regle].evaluer(values) is True


def en_json(valeur: Any) -> Any:
    """A computed value as answers are stored: a decimal as text with a point, days and hours as ISO text."""
    if isinstance(valeur, Decimal):
        return format(valeur.normalize(), "f") if valeur else "0"
    if isinstance(valeur, date):
        return valeur.isoformat()
    if isinstance(valeur, time):
        return valeur.strftime("%H:%M")
    return list(valeur) if isinstance(valeur, tuple) else valeur


def facultatif(definition: Definition, prerempli: str) -> Definition:
    """The same form where the fields that ask this identity datum may stay empty."""
    pages = tuple(
        page.model_copy(
            update={
                "champs": tuple(champ.model_copy(update=_libre(champ, prerempli)) for champ in page.champs)
            }
        )
        for page in definition.pages
    )
    return definition.model_copy(update={"pages": pages})


def _libre(champ: Champ, prerempli: str) -> dict[str, Any]:
    """What changes of a field for that datum to be free: itself, or the part of a whole identity."""
    if champ.prerempli == prerempli:
        return {"obligatoire": False, "obligatoire_si": None}
    part = prerempli.removeprefix("identite.")
    if champ.prerempli != "identite" or part not in {sub.id for sub in champ.sous_champs}:
        return {}
    return {"facultatives": (*champ.facultatives, part)}
