"""Proofs on rules: that one can never be true, or never false, whatever the answers that the form accepts.

A search for a counter-example over abstract answers: sets of options, differences of numbers and dates,
what is known and what is not. It is sound, not complete: « jamais » is said only when every case is refuted;
what is too long or too fine to decide counts as possible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.demarches.expressions.coeur import Coeur
from app.demarches.expressions.valeurs import BOOLEEN, Duree, plier
from app.demarches.expressions.zones import ZERO, Ecart, possibles

# Cases looked at before a question is left undecided, and fields whose own conditions are followed.
LIMITE_CAS = 400
LIMITE_CHAMPS = 12

But = tuple[Coeur, bool]
_COMPARES = {"=", "!=", "<", "<=", ">", ">="}
_CHIFFRES = ("nombre", "date", "heure")
# What is not known when one of its parts is not: the others look at what is not known in their own way.
_LACHES = {"et", "ou", "si", "valeur_ou", "renseigne", "nombre"}
_POSITIFS = {"age", "nombre", "longueur", "abs"}


@dataclass(frozen=True, slots=True)
class Borne:
    """A limit of an answer: at least, or at most, another term plus a number of days or units."""

    autre: str
    ecart: Decimal
    maximum: bool


@dataclass(frozen=True, slots=True)
class Monde:
    """What is true of every form filled: when each field is asked, limits of answers, rules of computed ones."""

    montre: Mapping[str, tuple[Coeur, ...]] = field(default_factory=dict)
    bornes: Mapping[str, tuple[Borne, ...]] = field(default_factory=dict)
    calculs: Mapping[str, Coeur] = field(default_factory=dict)

    def possible(self, *buts: But, connus: Iterable[str] = ()) -> bool:
        """False is a proof that no answers make all of these so, with these names known."""
        search = _Recherche(self)
        state = _Etat()
        goals = list(buts)
        for name in connus:
            goals += search.connaitre(state, name, name)
        return search.possible(goals, state)


@dataclass(slots=True)
class _Etat:
    """What a case supposes."""

    vrais: dict[str, bool] = field(default_factory=dict)
    permis: dict[str, frozenset[Any] | None] = field(default_factory=dict)
    exclus: dict[str, frozenset[Any]] = field(default_factory=dict)
    ecarts: tuple[Ecart, ...] = ()
    connus: dict[str, bool] = field(default_factory=dict)
    vus: frozenset[str] = frozenset()

    def copie(self) -> "_Etat":
        return replace(
            self,
            vrais=dict(self.vrais),
            permis=dict(self.permis),
            exclus=dict(self.exclus),
            connus=dict(self.connus),
        )


class _Recherche:
    def __init__(self, monde: Monde) -> None:
        self._monde = monde
        self._reste = LIMITE_CAS

    def possible(self, buts: Sequence[But], etat: _Etat) -> bool:
        """Whether a case may be: each goal is taken in turn, the alternatives one by one."""
        self._reste -= 1
        if self._reste < 0:
            return True
        goals = list(buts)
        while goals:
            coeur, voulu = goals.pop()
            coeur = self._deplier(coeur, etat, goals)
            ways = _voies(coeur, voulu)
            if ways is None:
                if not self._supposer(coeur, voulu, etat, goals):
                    return False
            elif len(ways) == 1:
                goals.extend(ways[0])
            else:
                return any(self.possible([*goals, *way], etat.copie()) for way in ways)
        return self._coherent(etat)

    def _deplier(self, coeur: Coeur, etat: _Etat, goals: list[But]) -> Coeur:
        """A computed yes or no, by its rule; the field must be asked for it to be worth anything."""
        while coeur.op == "nom" and coeur.valeur[0] in self._monde.calculs:
            chemin, nom = coeur.valeur
            goals.extend(self.connaitre(etat, chemin, nom.champ))
            coeur = self._monde.calculs[chemin]
        return coeur

    def connaitre(self, etat: _Etat, chemin: str, champ: str) -> list[But]:
        """Supposes that a name is known: then its field is asked."""
        if etat.connus.get(chemin, True) is False:
            return [(Coeur("lit", BOOLEEN, (), False), True)]
        etat.connus[chemin] = True
        if "." in chemin:
            # A part of an answer is known only with the answer.
            return self.connaitre(etat, chemin.partition(".")[0], champ)
        if not champ or champ in etat.vus or len(etat.vus) >= LIMITE_CHAMPS:
            return []
        etat.vus |= {champ}
        return [(rule, True) for rule in self._monde.montre.get(champ, ())]

    def _supposer(self, coeur: Coeur, voulu: bool, etat: _Etat, goals: list[But]) -> bool:
        """Takes in a fact that has no parts; False when it cannot be with what is supposed."""
        if coeur.op == "lit":
            return bool(coeur.valeur) is voulu
        if coeur.op == "renseigne" and coeur.args[0].op == "nom":
            return self._renseigne(coeur.args[0], voulu, etat, goals)
        for chemin, champ in _stricts(coeur):
            goals.extend(self.connaitre(etat, chemin, champ))
        if coeur.op in _COMPARES and coeur.args[0].type.genre in _CHIFFRES:
            return self._ordre(coeur, voulu, etat)
        choice = _choix(coeur)
        if choice is not None:
            return _permettre(etat, *choice, voulu is (coeur.op != "!="))
        key = cle(coeur)
        return etat.vrais.setdefault(key, voulu) is voulu

    def _renseigne(self, nom: Coeur, voulu: bool, etat: _Etat, goals: list[But]) -> bool:
        chemin, known = nom.valeur
        if known.toujours:
            return True
        if voulu:
            goals.extend(self.connaitre(etat, chemin, known.champ))
            return True
        return etat.connus.setdefault(chemin, False) is False

    def _ordre(self, coeur: Coeur, voulu: bool, etat: _Etat) -> bool:
        left, right = (_lineaire(arg) for arg in coeur.args)
        whole = coeur.args[0].type.genre != "nombre"
        op = coeur.op if voulu else {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[coeur.op]
        if op in (">", ">="):
            left, right, op = right, left, {">": "<", ">=": "<="}[op]
        # left + a <= right + b, that is left - right <= b - a; days and minutes are whole.
        bound = right[1] - left[1]
        strict = op == "<"
        if strict and whole:
            bound, strict = bound - 1, False
        known = {name for fact in etat.ecarts for name in (fact.gauche, fact.droite)}
        etat.ecarts += (Ecart(left[0], right[0], bound, strict), *left[2], *right[2])
        # A variable that no other fact names is free: it contradicts nothing yet.
        alone = not left[2] and not right[2] and left[0] != right[0] and not {left[0], right[0]} <= known
        return alone or possibles(etat.ecarts)

    def _coherent(self, etat: _Etat) -> bool:
        """The limits of the answers that are known, at last: those that rest on another need it known too."""
        facts = list(etat.ecarts)
        for chemin, known in etat.connus.items():
            for limit in self._monde.bornes.get(chemin, ()) if known else ():
                if limit.autre not in (ZERO, "aujourdhui") and not etat.connus.get(limit.autre):
                    continue
                other = limit.autre
                fact = (
                    Ecart(chemin, other, limit.ecart) if limit.maximum else Ecart(other, chemin, -limit.ecart)
                )
                facts.append(fact)
        return possibles(facts)


def _voies(coeur: Coeur, voulu: bool) -> list[list[But]] | None:
    """The ways for a rule to be so: each a list of goals; None for a fact without parts."""
    args = coeur.args
    if coeur.op == "non":
        return [[(args[0], not voulu)]]
    if coeur.op in ("et", "ou"):
        each = [(arg, voulu) for arg in args]
        return [each] if voulu is (coeur.op == "et") else [[goal] for goal in each]
    if coeur.op == "si":
        test, then, other = args
        return [[(test, True), (then, voulu)], [(test, False), (other, voulu)]]
    if coeur.op in ("=", "!="):
        return _voies_egalite(coeur, voulu)
    if coeur.op == "parmi" and args[0].type.genre in _CHIFFRES:
        equal = [Coeur("=", coeur.type, (args[0], Coeur("lit", args[0].type, (), v))) for v in coeur.valeur]
        return [[(goal, True)] for goal in equal] if voulu else [[(goal, False) for goal in equal]]
    return None


def _voies_egalite(coeur: Coeur, voulu: bool) -> list[list[But]] | None:
    left, right = coeur.args
    same = voulu is (coeur.op == "=")
    if left.type.genre in _CHIFFRES:
        below, above = Coeur("<=", coeur.type, (left, right)), Coeur(">=", coeur.type, (left, right))
        return [[(below, True), (above, True)]] if same else [[(below, False)], [(above, False)]]
    if left.type.genre == "booleen":
        if same:
            return [[(left, True), (right, True)], [(left, False), (right, False)]]
        return [[(left, True), (right, False)], [(left, False), (right, True)]]
    return None


def _choix(coeur: Coeur) -> tuple[str, frozenset[Any] | None, frozenset[Any]] | None:
    """A fact on the answer of a list or on a text: (term, what it may be at all, the values named)."""
    if coeur.op in ("=", "!="):
        left, right = coeur.args
        term, literal = (left, right) if right.op == "lit" else (right, left)
        if literal.op != "lit" or term.op == "lit":
            return None
        values: tuple[Any, ...] = (literal.valeur,)
    elif coeur.op == "parmi":
        term, values = coeur.args[0], coeur.valeur
    else:
        return None
    options = term.type.options
    if options is None:
        return cle(term), None, frozenset(plier(value) for value in values)
    return cle(term), frozenset(options), frozenset(values)


def _permettre(
    etat: _Etat, terme: str, tout: frozenset[Any] | None, valeurs: frozenset[Any], dedans: bool
) -> bool:
    allowed = etat.permis.get(terme, tout)
    excluded = etat.exclus.get(terme, frozenset())
    if dedans:
        allowed = valeurs if allowed is None else allowed & valeurs
    else:
        excluded |= valeurs
    etat.permis[terme], etat.exclus[terme] = allowed, excluded
    return allowed is None or bool(allowed - excluded)


def _stricts(coeur: Coeur) -> list[tuple[str, str]]:
    """The names that must be known for a fact to be true or false: (name, field)."""
    if coeur.op == "nom":
        return [(coeur.valeur[0], coeur.valeur[1].champ)]
    if coeur.op in _LACHES or coeur.op.startswith("agg:"):
        return []
    return [name for arg in coeur.args for name in _stricts(arg)]


def _lineaire(coeur: Coeur) -> tuple[str, Decimal, tuple[Ecart, ...]]:
    """A number or a date as one variable plus a constant, with what is known of the variable."""
    if coeur.op == "lit":
        return ZERO, _chiffre(coeur.valeur), ()
    if coeur.op == "nom":
        return coeur.valeur[0], Decimal(0), ()
    if coeur.op in ("+", "-") and coeur.args[1].op == "lit":
        name, constant, facts = _lineaire(coeur.args[0])
        shift = coeur.args[1].valeur
        return name, constant + (shift if coeur.op == "+" else -shift), facts
    if coeur.op == "+" and coeur.args[0].op == "lit":
        name, constant, facts = _lineaire(coeur.args[1])
        return name, constant + coeur.args[0].valeur, facts
    if coeur.op in ("+duree", "-duree") and coeur.args[1].op == "lit":
        return _date_deplacee(coeur)
    key = cle(coeur)
    facts = (Ecart(ZERO, key, Decimal(0)),) if coeur.op in _POSITIFS else ()
    return key, Decimal(0), facts


def _date_deplacee(coeur: Coeur) -> tuple[str, Decimal, tuple[Ecart, ...]]:
    name, constant, facts = _lineaire(coeur.args[0])
    duree: Duree = coeur.args[1].valeur
    sign = 1 if coeur.op == "+duree" else -1
    if not duree.mois and not duree.ouvres:
        return name, constant + sign * duree.jours, facts
    # A month is 28 to 31 days; a working day, one day at least.
    key = cle(coeur)
    low = Decimal(28 * duree.mois + duree.jours + duree.ouvres)
    high = Decimal(31 * duree.mois + duree.jours)
    near = Ecart(name, key, -low - constant) if sign > 0 else Ecart(key, name, constant - low)
    far = Ecart(key, name, high + constant) if sign > 0 else Ecart(name, key, high - constant)
    return key, Decimal(0), (*facts, near) if duree.ouvres else (*facts, near, far)


def _chiffre(valeur: Any) -> Decimal:
    if isinstance(valeur, date):
        return Decimal(valeur.toordinal())
    if isinstance(valeur, time):
        return Decimal(valeur.hour * 60 + valeur.minute)
    return Decimal(valeur)


def cle(coeur: Coeur) -> str:
    """One text for each term: the same text is the same value, whatever the answers."""
    if coeur.op == "nom":
        return str(coeur.valeur[0])
    constant = coeur.valeur[:2] if coeur.op == "ligne" else coeur.valeur
    return f"{coeur.op}[{constant!r}]({', '.join(cle(arg) for arg in coeur.args)})"
