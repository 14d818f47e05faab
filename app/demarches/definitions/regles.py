"""The rules of a definition made ready: each compiled once, with what it may see; or what is wrong with each.

A field or a page is shown, and a value computed, from what comes before it: there is no cycle to break. A
requirement or a check sees its whole page; eligibility, price and routing see the whole form.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from app.demarches.definitions.base import Controle
from app.demarches.definitions.champs import Champ
from app.demarches.definitions.environnement import noms_de
from app.demarches.expressions import (
    BOOLEEN,
    NOMBRE,
    RESERVES,
    Environnement,
    Expression,
    ExpressionRefuseeError,
    Nom,
    Type,
    compiler,
    noms_cites,
)

if TYPE_CHECKING:
    from app.demarches.definitions.definition import Definition, Page

# Words that no field may be called by, beside those of the language.
_PRIS = RESERVES | {"aujourdhui", "depot", "canal", "representation", "collectivite", "tarif"}
_QUELCONQUE = Type("inconnu")
_CALCULABLES = ("nombre", "texte", "choix", "date", "heure", "booleen")


@dataclass(frozen=True, slots=True)
class Remarque:
    """Something said of a rule: where (`pages[demande].champs[debut].si`), what is wrong, what to do.

    A `bloquant` one keeps the definition from being used; `debut` and `fin` are its place in the rule.
    """

    lieu: str
    phrase: str
    gravite: Literal["bloquant", "avertissement"] = "bloquant"
    code: str = "regle"
    debut: int = 0
    fin: int = 0


@dataclass(frozen=True, slots=True)
class ReglesChamp:
    """The compiled rules of a field, and how its answer is read by name."""

    noms: tuple[tuple[str, Nom], ...]
    si: Expression | None = None
    calcul: Expression | None = None
    obligatoire_si: Expression | None = None
    controles: tuple[tuple[Expression, str], ...] = ()


@dataclass(slots=True)
class Plan:
    """Every rule of a definition, compiled, by the id of what it belongs to; and what is wrong, if anything.

    `lignes` are those of the questions of the rows of a block, where one has some. `lus` are the ids of the fields that
    some rule reads, and of the blocks whose rows have rules.

    Two plans are equal: they follow from their definitions, which are compared by content.
    """

    champs: dict[str, ReglesChamp] = field(default_factory=dict)
    lignes: dict[str, dict[str, ReglesChamp]] = field(default_factory=dict)
    pages: dict[str, Expression] = field(default_factory=dict)
    sections: dict[tuple[str, str], Expression] = field(default_factory=dict)
    controles: dict[str, tuple[tuple[Expression, str], ...]] = field(default_factory=dict)
    eligibilite: tuple[tuple[Expression, str], ...] = ()
    prix: Expression | None = None
    routage: tuple[tuple[Expression, str], ...] = ()
    instruction: dict[str, Expression] = field(default_factory=dict)
    remarques: list[Remarque] = field(default_factory=list)
    lus: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan)

    __hash__ = None  # type: ignore[assignment]

    def expressions(self) -> Iterator[Expression]:
        """Every compiled rule, those inside rows left out."""
        for regles in self.champs.values():
            single = (regles.si, regles.calcul, regles.obligatoire_si)
            yield from (rule for rule in single if rule is not None)
            yield from (rule for rule, _ in regles.controles)
        yield from self.pages.values()
        yield from self.sections.values()
        for pairs in (*self.controles.values(), self.eligibilite, self.routage):
            yield from (rule for rule, _ in pairs)
        yield from self.instruction.values()
        if self.prix is not None:
            yield self.prix


def preparer(definition: "Definition") -> Plan:
    """The rules of a definition, compiled; those that are wrong are left out and told in `remarques`."""
    return _Preparation(definition).faire()


class _Preparation:
    def __init__(self, definition: "Definition") -> None:
        self._definition = definition
        self._plan = Plan()
        self._noms: dict[str, Nom] = {
            f"tarif.{tarif.id}": Nom(NOMBRE, "", libelle=tarif.libelle, minimum=Decimal(0), toujours=True)
            for tarif in definition.tarifs
        }
        self._absents = _absents(definition)
        self._env = Environnement(self._noms, self._absents)
        self._suites = _suites(definition)
        self._lus: set[str] = set()

    def faire(self) -> Plan:
        for page in self._definition.pages:
            self._page(page)
        d, plan = self._definition, self._plan
        plan.eligibilite = tuple(self._controles("eligibilite", d.eligibilite))
        if d.prix is not None:
            plan.prix = self._compiler("prix", d.prix, NOMBRE)
        plan.routage = tuple(
            (rule, item.groupe)
            for index, item in enumerate(d.routage, 1)
            if (rule := self._compiler(f"routage[{index}].si", item.si, BOOLEEN)) is not None
        )
        # The rules of the legal part, of the parcours and of retention, by their own text.
        for part in (d.legal, d.parcours, d.conservation):
            for lieu, texte in part.conditions if part else ():
                if (rule := self._compiler(lieu, texte, BOOLEEN)) is not None:
                    plan.instruction[texte] = rule
        plan.lus = frozenset(self._lus).union(*(rule.champs for rule in plan.expressions()))
        return plan

    def _compiler(
        self, lieu: str, texte: str, attendu: Type, env: Environnement | None = None, qui: str = ""
    ) -> Expression | None:
        try:
            return compiler(texte, env or self._env, attendu)
        except ExpressionRefuseeError as refusal:
            self._plan.remarques += [
                Remarque(lieu, f"{qui}{faute.phrase}", debut=faute.debut, fin=faute.fin)
                for faute in refusal.fautes
            ]
            return None

    def _controles(self, lieu: str, controles: Iterable[Controle]) -> Iterator[tuple[Expression, str]]:
        for index, controle in enumerate(controles, 1):
            rule = self._compiler(f"{lieu}[{index}].regle", controle.regle, BOOLEEN)
            if rule is not None:
                yield rule, controle.phrase

    def _page(self, page: "Page") -> None:
        place = f"pages[{page.id}]"
        if (rule := self._condition(place, page.si)) is not None:
            self._plan.pages[page.id] = rule
        shown: dict[str, tuple[Expression | None, Expression | None]] = {}
        seen: set[str] = set()
        for champ in page.champs:
            section = page.section(champ.section)
            if section is not None and section.id not in seen:
                seen.add(section.id)
                rule = self._condition(f"{place}.sections[{section.id}]", section.si)
                if rule is not None:
                    self._plan.sections[page.id, section.id] = rule
            shown[champ.id] = self._montre(f"{place}.champs[{champ.id}]", champ)
        for champ in page.champs:
            self._apres(f"{place}.champs[{champ.id}]", champ, *shown[champ.id])
        self._plan.controles[page.id] = tuple(self._controles(f"{place}.controles", page.controles))

    def _condition(self, lieu: str, si: str | None) -> Expression | None:
        return self._compiler(f"{lieu}.si", si, BOOLEEN) if si is not None else None

    def _montre(self, lieu: str, champ: Champ) -> tuple[Expression | None, Expression | None]:
        """Whether it is shown and what it is worth: from what comes before; then it may be named."""
        if champ.id in _PRIS:
            phrase = f"Changez l’identifiant « {champ.id} » : ce mot a un sens dans les règles."
            self._plan.remarques.append(Remarque(lieu, phrase))
        told = {name: self._absents[name] for name in self._en_rond(champ.id)}
        self._absents.update(dict.fromkeys(told, _boucle(champ.id)))
        si = self._condition(lieu, champ.si)
        calcul = self._calcul(lieu, champ)
        self._absents.update(told)
        self._lignes(lieu, champ)
        if champ.calcul is None or calcul is not None:
            self._noms.update(noms_de(champ, calcul.type if calcul else None))
        return si, calcul

    def _lignes(self, lieu: str, bloc: Champ) -> None:
        """The rules inside a row: they see what precedes the block, then their row, whose names hide the others.

        A question is shown from those before it in the row; a requirement sees the whole row.
        """
        parts = bloc.champs
        if all(part.si is None and part.obligatoire_si is None for part in parts):
            return
        ids = {part.id for part in parts}
        known = {chemin: nom for chemin, nom in self._noms.items() if chemin.partition(".")[0] not in ids}
        absents = {**self._absents, bloc.id: _bloc_entier(bloc.id), **_absents_de_ligne(parts)}
        suites = {part.id: champs_cites(part.si) & ids for part in parts}
        shown: dict[str, Expression | None] = {}
        for part in parts:
            loops = dict.fromkeys(_en_rond(suites, part.id), _boucle(part.id))
            env = Environnement(dict(known), absents | loops)
            shown[part.id] = self._regle_de_ligne(lieu, part, "si", env)
            known.update(noms_de(part))
        whole = Environnement(known, absents)
        self._plan.lignes[bloc.id] = {
            part.id: ReglesChamp(
                tuple(noms_de(part).items()),
                shown[part.id],
                obligatoire_si=self._regle_de_ligne(lieu, part, "obligatoire_si", whole),
            )
            for part in parts
        }
        found = self._plan.lignes[bloc.id].values()
        cited = (rule.champs for rules in found for rule in (rules.si, rules.obligatoire_si) if rule)
        self._lus |= set().union(*cited) - ids | {bloc.id}

    def _regle_de_ligne(
        self, lieu: str, part: Champ, sorte: Literal["si", "obligatoire_si"], env: Environnement
    ) -> Expression | None:
        texte: str | None = getattr(part, sorte)
        if texte is None:
            return None
        qui = f"Question «\u00a0{part.id}\u00a0» de la ligne, «\u00a0{sorte}\u00a0»\u00a0: "
        return self._compiler(f"{lieu}.champs[{part.id}].{sorte}", texte, BOOLEEN, env, qui)

    def _en_rond(self, champ_id: str) -> set[str]:
        """The fields that a field rests on and that rest on it, itself if it does."""
        return _en_rond(self._suites, champ_id)

    def _calcul(self, lieu: str, champ: Champ) -> Expression | None:
        if champ.calcul is None:
            return None
        found = self._compiler(f"{lieu}.calcul", champ.calcul, _QUELCONQUE)
        if found is not None and found.type.genre not in _CALCULABLES:
            phrase = (
                "Écrivez ici une règle qui donne un nombre, un texte, une date, une heure, un oui ou un non."
            )
            self._plan.remarques.append(Remarque(f"{lieu}.calcul", phrase))
            return None
        return found

    def _apres(self, lieu: str, champ: Champ, si: Expression | None, calcul: Expression | None) -> None:
        """What may look at the whole page."""
        own = noms_de(champ, calcul.type if calcul else None)
        required = (
            self._compiler(f"{lieu}.obligatoire_si", champ.obligatoire_si, BOOLEEN)
            if champ.obligatoire_si is not None
            else None
        )
        checks = tuple(self._controles(f"{lieu}.controles", champ.controles))
        self._plan.champs[champ.id] = ReglesChamp(tuple(own.items()), si, calcul, required, checks)


def _en_rond(suites: Mapping[str, frozenset[str]], champ_id: str) -> set[str]:
    return {name for name in suites.get(champ_id, ()) if champ_id in _atteints(suites, name)}


def _atteints(suites: Mapping[str, frozenset[str]], champ_id: str) -> set[str]:
    seen, rest = set[str](), [champ_id]
    while rest:
        name = rest.pop()
        if name not in seen:
            seen.add(name)
            rest.extend(suites.get(name, ()))
    return seen


def _absents_de_ligne(parts: Iterable[Champ]) -> dict[str, str]:
    """Why a question of a row cannot be named yet, or never can."""
    return {
        part.id: f"«\u00a0{part.id}\u00a0» vient plus loin dans la ligne\u00a0: une règle ne regarde que ce qui la "
        "précède. Déplacez la question ou la règle."
        if part.repond
        else f"«\u00a0{part.id}\u00a0» n’a pas de réponse\u00a0: une règle regarde une autre question."
        for part in parts
    }


def _bloc_entier(bloc_id: str) -> str:
    return (
        f"Ici, une règle regarde sa propre ligne, non toutes celles de «\u00a0{bloc_id}\u00a0»\u00a0: nommez une "
        "question de la ligne, ou une question qui précède le bloc."
    )


def _absents(definition: "Definition") -> dict[str, str]:
    """Why a field cannot be named, for those that cannot yet or never can."""
    why: dict[str, str] = {}
    for champ in definition.champs():
        if not champ.repond:
            why[champ.id] = f"« {champ.id} » n’a pas de réponse : une règle regarde une autre question."
        else:
            why[champ.id] = (
                f"« {champ.id} » vient plus loin dans le formulaire : une règle ne regarde que ce qui la "
                "précède. Déplacez la question ou la règle."
            )
    return why


def _suites(definition: "Definition") -> dict[str, frozenset[str]]:
    """What each field that can be named rests on, to be shown or computed."""
    found: dict[str, frozenset[str]] = {}
    for page in definition.pages:
        for champ in page.champs:
            section = page.section(champ.section)
            cited = champs_cites(page.si, section.si if section else None, champ.si, champ.calcul)
            if champ.repond:
                found[champ.id] = cited
    return found


def _boucle(champ_id: str) -> str:
    return (
        f"Coupez cette boucle : « {champ_id} » dépend d’une question qui dépend d’elle. "
        "Une règle ne regarde que ce qui la précède."
    )


def champs_cites(*textes: str | None) -> frozenset[str]:
    """Ids of the fields that some rules name."""
    return frozenset(name for texte in textes if texte for name in noms_cites(texte))
