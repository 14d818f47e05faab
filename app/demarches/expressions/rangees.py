"""Rules as rows of menus (a question, an operator, a value; all of them or one of them), and back.

A rule that rows cannot say (a computation, a function over rows) stays text: `vers_rangees` answers None.
"""

import re
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal

from app.demarches.expressions.analyse import analyser
from app.demarches.expressions.arbre import Arbre, Groupe, Litteral, Nom, Parmi, Place
from app.demarches.expressions.compilation import compiler
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import Environnement
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.valeurs import BOOLEEN, Duree, Type

Attente = Literal["rien", "option", "options", "texte", "nombre", "date", "heure", "duree"]
LIMITE_NIVEAUX = 6


@dataclass(frozen=True, slots=True)
class Operateur:
    """What may be said of an answer: its code, its words, what value it takes, the rule it stands for."""

    code: str
    libelle: str
    attend: Attente
    modele: str


@dataclass(frozen=True, slots=True)
class Rangee:
    """One row: `valeur` is one text (an option, a number, `15 jours`, the id of a question), `valeurs` several."""

    champ: str
    operateur: str
    valeur: str = ""
    valeurs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rangees:
    """Rows and groups of rows that must all hold (`tous`), or one at least (`un`)."""

    lien: Literal["tous", "un"] = "tous"
    parties: tuple["Rangee | Rangees", ...] = field(default_factory=tuple)


_REPONDU = (
    Operateur("renseigne", "a une réponse", "rien", "renseigne(x)"),
    Operateur("vide", "n’a pas de réponse", "rien", "non renseigne(x)"),
)
_TEXTUELS = (
    Operateur("contient", "contient", "texte", "x contient v"),
    Operateur("ne_contient_pas", "ne contient pas", "texte", "non x contient v"),
    Operateur("commence_par", "commence par", "texte", "commence_par(x, v)"),
)


def _egalites(attend: Attente) -> tuple[Operateur, ...]:
    return (
        Operateur("egal", "est", attend, "x = v"),
        Operateur("different", "n’est pas", attend, "x != v"),
    )


def _ordres(attend: Attente, mots: tuple[str, str, str, str]) -> tuple[Operateur, ...]:
    codes = (("moins", "<"), ("au_plus", "<="), ("plus", ">"), ("au_moins", ">="))
    return tuple(
        Operateur(code, words, attend, f"x {sign} v") for (code, sign), words in zip(codes, mots, strict=True)
    )


_OPERATEURS: dict[str, tuple[Operateur, ...]] = {
    "booleen": (
        Operateur("oui", "est oui", "rien", "x"),
        Operateur("non", "est non", "rien", "non x"),
    ),
    "choix": (
        *_egalites("option"),
        Operateur("parmi", "est l’un de", "options", "x parmi (v)"),
        Operateur("hors", "n’est aucun de", "options", "non x parmi (v)"),
    ),
    "liste": (
        Operateur("contient", "contient", "option", "x contient v"),
        Operateur("ne_contient_pas", "ne contient pas", "option", "non x contient v"),
    ),
    "texte": (*_egalites("texte"), *_TEXTUELS),
    "nombre": (
        *_egalites("nombre"),
        *_ordres("nombre", ("est moins de", "est au plus", "est plus de", "est au moins")),
    ),
    "date": (
        *_egalites("date"),
        *_ordres("date", ("est avant le", "est au plus tard le", "est après le", "est à partir du")),
        Operateur("dans_plus_de", "est dans plus de", "duree", "x > aujourdhui + v"),
        Operateur("dans_au_moins", "est dans au moins", "duree", "x >= aujourdhui + v"),
        Operateur("dans_moins_de", "est dans moins de", "duree", "x < aujourdhui + v"),
        Operateur("il_y_a_plus_de", "date de plus de", "duree", "x < aujourdhui - v"),
        Operateur("il_y_a_moins_de", "date de moins de", "duree", "x > aujourdhui - v"),
        Operateur("age_au_moins", "donne un âge d’au moins (ans)", "nombre", "age(x) >= v"),
        Operateur("age_moins", "donne un âge de moins de (ans)", "nombre", "age(x) < v"),
    ),
    "heure": (
        *_egalites("heure"),
        *_ordres("heure", ("est avant", "est au plus tard à", "est après", "est à partir de")),
    ),
    "lignes": (
        Operateur("lignes_au_moins", "a au moins (lignes)", "nombre", "nombre(x) >= v"),
        Operateur("lignes_au_plus", "a au plus (lignes)", "nombre", "nombre(x) <= v"),
        Operateur("lignes_egal", "a exactement (lignes)", "nombre", "nombre(x) = v"),
    ),
}


def operateurs(kind: Type) -> tuple[Operateur, ...]:
    """What may be said of an answer of that type, in the order of the menu."""
    if kind.genre in ("duree", "inconnu"):
        return ()
    genre = "texte" if kind.genre == "choix" and kind.options is None else kind.genre
    return (*_OPERATEURS.get(genre, ()), *_REPONDU)


def vers_rangees(texte: str, env: Environnement) -> Rangees | None:
    """A rule as rows, None when rows cannot say it; ExpressionRefuseeError when it is no rule."""
    arbre = analyser(texte)
    found = _partie(arbre, env)
    return Rangees("tous", (found,)) if isinstance(found, Rangee) else found


def _partie(arbre: Arbre, env: Environnement) -> Rangee | Rangees | None:
    if not isinstance(arbre, Groupe):
        return rangee_de(arbre, env)
    parts = [_partie(part, env) for part in arbre.parties]
    known = tuple(part for part in parts if part is not None)
    return Rangees("tous" if arbre.lien == "et" else "un", known) if len(known) == len(parts) else None


def rangee_de(arbre: Arbre, env: Environnement) -> Rangee | None:
    """One comparison as a row, None when no operator says it."""
    for texte, modele in _MODELES:
        liens: dict[str, Any] = {}
        if not _unifier(modele, arbre, liens):
            continue
        nom = env[liens["x"].chemin]
        known = operateurs(nom.type) if nom else ()
        operateur = next((op for op in known if op.modele == texte), None)
        if operateur is None or not _convient(operateur.attend, liens.get("v")):
            continue
        values = liens.get("v")
        if values is None:
            return Rangee(liens["x"].chemin, operateur.code)
        if isinstance(values, tuple):
            return Rangee(liens["x"].chemin, operateur.code, "", tuple(_dire(value) for value in values))
        return Rangee(liens["x"].chemin, operateur.code, _dire(values))
    return None


def _unifier(modele: Any, arbre: Any, liens: dict[str, Any]) -> bool:
    """Whether a tree has the shape of a model; `liens` gets what stands for its x and v."""
    if isinstance(modele, Nom) and modele.chemin == "x":
        liens["x"] = arbre
        return isinstance(arbre, Nom)
    if isinstance(modele, Nom) and modele.chemin == "v":
        liens["v"] = arbre
        return isinstance(arbre, Litteral | Nom)
    if type(modele) is not type(arbre):
        return False
    if isinstance(modele, Parmi):
        liens["v"] = arbre.valeurs
        return _unifier(modele.gauche, arbre.gauche, liens)
    if isinstance(modele, tuple):
        return len(modele) == len(arbre) and all(
            _unifier(m, a, liens) for m, a in zip(modele, arbre, strict=True)
        )
    if isinstance(modele, Place):
        return all(
            _unifier(getattr(modele, f.name), getattr(arbre, f.name), liens)
            for f in fields(modele)
            if f.compare
        )
    return bool(modele == arbre)


def _convient(attend: Attente, valeur: Any) -> bool:
    """Whether a value can be shown in the menu of an operator."""
    if attend == "rien":
        return valeur is None
    if attend == "options":
        return isinstance(valeur, tuple)
    if isinstance(valeur, Nom):
        return attend in ("nombre", "date", "heure")
    if not isinstance(valeur, Litteral):
        return False
    texts = {"option": str, "texte": str, "nombre": Decimal, "duree": Duree}
    wanted = texts.get(attend)
    return (
        isinstance(valeur.valeur, wanted)
        if wanted
        else not isinstance(valeur.valeur, str | bool | Decimal | Duree)
    )


def _dire(valeur: Arbre) -> str:
    return (
        valeur.valeur if isinstance(valeur, Litteral) and isinstance(valeur.valeur, str) else ecrire(valeur)
    )


def depuis_rangees(rangees: Rangees, env: Environnement) -> str:
    """The text of the rule that rows say, checked; ExpressionRefuseeError says what a row lacks."""
    texte = _texte(rangees, env, 1)
    return compiler(texte, env, BOOLEEN).texte


def _texte(rangees: Rangees, env: Environnement, niveau: int) -> str:
    if not rangees.parties:
        raise ExpressionRefuseeError([Faute("Ajoutez au moins une ligne à cette règle.")])
    if niveau > LIMITE_NIVEAUX:
        raise ExpressionRefuseeError(
            [Faute("Simplifiez cette règle\u00a0: elle a trop de groupes les uns dans les autres.")]
        )
    parts = [
        f"({_texte(part, env, niveau + 1)})" if isinstance(part, Rangees) else f"({_texte_rangee(part, env)})"
        for part in rangees.parties
    ]
    return (" et " if rangees.lien == "tous" else " ou ").join(parts)


def _texte_rangee(rangee: Rangee, env: Environnement) -> str:
    nom = env[rangee.champ]
    if nom is None:
        raise ExpressionRefuseeError([Faute("Choisissez une question de ce formulaire dans chaque ligne.")])
    operateur = next((op for op in operateurs(nom.type) if op.code == rangee.operateur), None)
    if operateur is None:
        raise ExpressionRefuseeError(
            [Faute(f"Choisissez ce que vous dites de «\u00a0{nom.libelle or rangee.champ}\u00a0».")]
        )
    given = rangee.valeurs if operateur.attend == "options" else (rangee.valeur.strip(),)
    if (operateur.attend != "rien" and not all(given)) or not given:
        raise ExpressionRefuseeError(
            [Faute(f"Donnez une valeur à comparer à «\u00a0{nom.libelle or rangee.champ}\u00a0».")]
        )
    literal = operateur.attend in ("option", "options", "texte")
    values = [ecrire(Litteral(value)) if literal else ecrire(analyser(value)) for value in given if value]
    return _remplacer(operateur.modele, rangee.champ, ", ".join(values))


def _remplacer(modele: str, champ: str, valeur: str) -> str:
    """The text of a model with its x and v; values are put last, so that what they hold is never replaced."""
    head, sign, tail = _couper(modele)
    return re.sub(r"\bx\b", champ, head) + (valeur + tail if sign else "")


def _couper(modele: str) -> tuple[str, bool, str]:
    for end in ("v)", "v"):
        if modele.endswith(end):
            return modele[: -len(end)], True, end[1:]
    return modele, False, ""


_MODELES: tuple[tuple[str, Arbre], ...] = tuple(
    (modele, analyser(modele))
    for modele in dict.fromkeys(op.modele for ops in (*_OPERATEURS.values(), _REPONDU) for op in ops)
)
