"""The tree of an expression as it was written; two trees are equal whatever the spaces and the places."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Literal

from app.demarches.expressions.valeurs import Duree

Unite = Literal["", "euros", "jours", "semaines", "mois", "ans", "jours_ouvres"]
Comparaison = Literal["=", "!=", "<", "<=", ">", ">=", "contient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a part stands in the text; it counts for nothing in a comparison."""

    debut: int = field(default=0, compare=False)
    fin: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Litteral(Place):
    """A value written out; `unite` is how it was said (`15 jours` is a length of time)."""

    valeur: Decimal | str | bool | date | time | Duree
    unite: Unite = ""


@dataclass(frozen=True, slots=True)
class Nom(Place):
    """The name of an answer, of a part of it (`adresse.commune`) or of a word of context."""

    chemin: str


@dataclass(frozen=True, slots=True)
class Unaire(Place):
    """`non a` or `-a`."""

    signe: Literal["non", "-"]
    operande: "Arbre"


@dataclass(frozen=True, slots=True)
class Groupe(Place):
    """`a et b et c`, `a ou b ou c`: at least two parts, none of them a group of the same kind."""

    lien: Literal["et", "ou"]
    parties: tuple["Arbre", ...]


@dataclass(frozen=True, slots=True)
class Compare(Place):
    """`a = b` and the like."""

    signe: Comparaison
    gauche: "Arbre"
    droite: "Arbre"


@dataclass(frozen=True, slots=True)
class Calcul(Place):
    """`a + b` and the like."""

    signe: Literal["+", "-", "*", "/"]
    gauche: "Arbre"
    droite: "Arbre"


@dataclass(frozen=True, slots=True)
class Parmi(Place):
    """`a parmi (b, c)`."""

    gauche: "Arbre"
    valeurs: tuple["Arbre", ...]


@dataclass(frozen=True, slots=True)
class Appel(Place):
    """`f(a, b)`."""

    fonction: str
    arguments: tuple["Arbre", ...]


@dataclass(frozen=True, slots=True)
class Si(Place):
    """`si a alors b sinon c`."""

    condition: "Arbre"
    alors: "Arbre"
    sinon: "Arbre"


Arbre = Litteral | Nom | Unaire | Groupe | Compare | Calcul | Parmi | Appel | Si


def enfants(arbre: Arbre) -> tuple[Arbre, ...]:
    """The parts of a tree, in the order of the text."""
    match arbre:
        case Litteral() | Nom():
            return ()
        case Unaire():
            return (arbre.operande,)
        case Groupe():
            return arbre.parties
        case Compare() | Calcul():
            return (arbre.gauche, arbre.droite)
        case Parmi():
            return (arbre.gauche, *arbre.valeurs)
        case Appel():
            return arbre.arguments
        case Si():
            return (arbre.condition, arbre.alors, arbre.sinon)


def parcourir(arbre: Arbre) -> Iterator[Arbre]:
    """Every part of a tree, itself first."""
    rest = [arbre]
    while rest:
        part = rest.pop()
        yield part
        rest.extend(reversed(enfants(part)))


def hauteur(arbre: Arbre) -> int:
    """How many levels a tree has, counted without recursion."""
    deepest, rest = 0, [(arbre, 1)]
    while rest:
        part, level = rest.pop()
        deepest = max(deepest, level)
        rest.extend((child, level + 1) for child in enfants(part))
    return deepest
