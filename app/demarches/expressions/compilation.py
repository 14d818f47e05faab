"""Turns the text of an expression into a fast function of the answers.

Three values: an unanswered question is not known (None), and so is whatever rests on it, unless the rest
settles it (`faux et ?` is false). What is not known shows, requires and refuses nothing; nothing raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from app.demarches.expressions.analyse import analyser
from app.demarches.expressions.coeur import Coeur, parties
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import CONTEXTE, Environnement
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.fonctions import AGREGATS, FONCTIONS
from app.demarches.expressions.typage import Typeur, compatible
from app.demarches.expressions.valeurs import CALCUL, LIBELLES, Type, borner, deplacer, plier

# The values of the names; a function over rows puts the row it looks at under its own key.
Contexte = dict[str, Any]
Fonction = Callable[[Contexte], Any]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be evaluated.

    `texte` is canonical; `champs` are the fields read, `contexte` the words of context; `evaluer` takes the
    values of names (see `Nom.valeur`) and answers a value of `type`, or None when it is not known.
    """

    texte: str
    type: Type
    champs: frozenset[str]
    contexte: frozenset[str]
    coeur: Coeur
    evaluer: Fonction


def compiler(texte: str, env: Environnement, attendu: Type) -> Expression:
    """The expression of a text; ExpressionRefuseeError when it is not one, or not of the type awaited."""
    arbre = analyser(texte)
    typeur = Typeur(env)
    coeur = typeur.typer(arbre)
    if not typeur.fautes and not compatible(coeur.type, attendu):
        wanted, found = LIBELLES[attendu.genre], LIBELLES[coeur.type.genre]
        phrase = f"Écrivez ici une règle qui donne {wanted} : celle-ci donne {found}."
        raise ExpressionRefuseeError([Faute(phrase, arbre.debut, arbre.fin)])
    if typeur.fautes:
        raise ExpressionRefuseeError(typeur.fautes)
    names = [part.valeur for part in parties(coeur) if part.op == "nom"]
    return Expression(
        ecrire(arbre),
        coeur.type,
        frozenset(known.champ for _, known in names if known.champ),
        frozenset(chemin for chemin, _ in names if chemin in CONTEXTE),
        coeur,
        fermer(coeur),
    )


def valeurs_de(env: Environnement, reponses: Mapping[str, Any]) -> Contexte:
    """The values of every name, from stored answers."""
    return {chemin: nom.valeur(reponses.get(nom.champ)) for chemin, nom in env.noms.items()}


def fermer(coeur: Coeur) -> Fonction:
    """The closure that computes a typed expression."""
    special = _FABRIQUES.get(coeur.op)
    if special is not None:
        return special(coeur)
    if coeur.op.startswith("agg:"):
        return _agregat(coeur)
    return _appliquer(FONCTIONS[coeur.op].calcul, coeur)


def _appliquer(calcul: Callable[..., Any], coeur: Coeur) -> Fonction:
    """A function of values that must all be known."""
    parts = tuple(fermer(arg) for arg in coeur.args)
    if len(parts) == 1:
        only = parts[0]

        def one(ctx: Contexte) -> Any:
            value = only(ctx)
            return None if value is None else calcul(value)

        return one
    if len(parts) == 2:
        left, right = parts

        def two(ctx: Contexte) -> Any:
            a = left(ctx)
            if a is None:
                return None
            b = right(ctx)
            return None if b is None else calcul(a, b)

        return two

    def many(ctx: Contexte) -> Any:
        values = [part(ctx) for part in parts]
        return None if any(value is None for value in values) else calcul(*values)

    return many


def _litteral(coeur: Coeur) -> Fonction:
    value = coeur.valeur
    return lambda ctx: value


def _nom(coeur: Coeur) -> Fonction:
    chemin = coeur.valeur[0]
    return lambda ctx: ctx.get(chemin)


def _ligne(coeur: Coeur) -> Fonction:
    cle, chemin, _ = coeur.valeur
    return lambda ctx: ctx[cle].get(chemin)


def _non(coeur: Coeur) -> Fonction:
    inner = fermer(coeur.args[0])

    def negate(ctx: Contexte) -> bool | None:
        value = inner(ctx)
        return None if value is None else not value

    return negate


def _lier(coeur: Coeur) -> Fonction:
    """`et` stops at the first false, `ou` at the first true; else one that is not known makes all not known."""
    parts = tuple(fermer(arg) for arg in coeur.args)
    decisive = coeur.op == "ou"

    def join(ctx: Contexte) -> Any:
        result: bool | None = not decisive
        for part in parts:
            value = part(ctx)
            if value is decisive:
                return decisive
            if value is None:
                result = None
        return result

    return join


def _egal(coeur: Coeur) -> Fonction:
    left, right = coeur.args
    different = coeur.op == "!="
    if "texte" in (left.type.genre, right.type.genre) and not _clos(left, right):
        same = _appliquer(lambda a, b: (plier(a) == plier(b)) is not different, coeur)
    elif right.op == "lit" and left.op == "nom":
        same = _nom_egal(left.valeur[0], right.valeur, different)
    else:
        same = _appliquer(lambda a, b: (a == b) is not different, coeur)
    return same


def _clos(left: Coeur, right: Coeur) -> bool:
    """Whether a closed list is compared with one of its own answers written out: then letters count exactly."""
    return any(a.type.options is not None and b.op == "lit" for a, b in ((left, right), (right, left)))


def _nom_egal(chemin: str, voulu: Any, different: bool) -> Fonction:
    def test(ctx: Contexte) -> bool | None:
        value = ctx.get(chemin)
        return None if value is None else (value == voulu) is not different

    return test


_ORDRES: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _diviser(a: Decimal, b: Decimal) -> Decimal | None:
    return None if not b else borner(CALCUL.divide(a, b))


_CALCULS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: borner(CALCUL.add(a, b)),
    "-": lambda a, b: borner(CALCUL.subtract(a, b)),
    "*": lambda a, b: borner(CALCUL.multiply(a, b)),
    "/": _diviser,
    "+duree": lambda jour, duree: deplacer(jour, duree, 1),
    "-duree": lambda jour, duree: deplacer(jour, duree, -1),
}


def _contient(coeur: Coeur) -> Fonction:
    if coeur.args[0].type.genre == "liste":
        return _appliquer(lambda valeurs, voulu: voulu in valeurs, coeur)
    return _appliquer(lambda texte, voulu: plier(voulu) in plier(texte), coeur)


def _parmi(coeur: Coeur) -> Fonction:
    of = coeur.args[0]
    if of.type.textuel and of.type.options is None:
        folded = frozenset(plier(value) for value in coeur.valeur)
        return _appliquer(lambda value: plier(value) in folded, coeur)
    values = frozenset(coeur.valeur)
    return _appliquer(lambda value: value in values, coeur)


def _si(coeur: Coeur) -> Fonction:
    test, then, other = (fermer(arg) for arg in coeur.args)

    def choose(ctx: Contexte) -> Any:
        value = test(ctx)
        if value is None:
            return None
        return then(ctx) if value else other(ctx)

    return choose


def _renseigne(coeur: Coeur) -> Fonction:
    inner = fermer(coeur.args[0])
    return lambda ctx: inner(ctx) is not None


def _valeur_ou(coeur: Coeur) -> Fonction:
    inner, other = (fermer(arg) for arg in coeur.args)

    def either(ctx: Contexte) -> Any:
        value = inner(ctx)
        return other(ctx) if value is None else value

    return either


def _nombre(coeur: Coeur) -> Fonction:
    inner = fermer(coeur.args[0])
    return lambda ctx: Decimal(len(inner(ctx) or ()))


def _extreme(coeur: Coeur) -> Fonction:
    return _appliquer(min if coeur.op == "min" else max, coeur)


def _agregat(coeur: Coeur) -> Fonction:
    """Evaluates the body in each row, with the row under the key of the block."""
    rows, body = (fermer(arg) for arg in coeur.args)
    gather, key = AGREGATS[coeur.op.removeprefix("agg:")], coeur.valeur

    def aggregate(ctx: Contexte) -> Any:
        values = []
        for row in rows(ctx) or ():
            ctx[key] = row
            values.append(body(ctx))
        return gather(values)

    return aggregate


_FABRIQUES: dict[str, Callable[[Coeur], Fonction]] = {
    "lit": _litteral,
    "nom": _nom,
    "ligne": _ligne,
    "non": _non,
    "et": _lier,
    "ou": _lier,
    "=": _egal,
    "!=": _egal,
    "contient": _contient,
    "parmi": _parmi,
    "si": _si,
    "renseigne": _renseigne,
    "valeur_ou": _valeur_ou,
    "nombre": _nombre,
    "min": _extreme,
    "max": _extreme,
    "oppose": lambda coeur: _appliquer(lambda value: -value, coeur),
    **{op: partial(_appliquer, calcul) for op, calcul in (_ORDRES | _CALCULS).items()},
}
