"""The typed form of an expression, on which everything else works: evaluation, proofs, sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.demarches.expressions.valeurs import BOOLEEN, INCONNU, Type


@dataclass(frozen=True, slots=True)
class Coeur:
    """One operation; `valeur` is its constant: a literal, a name, the values of a membership.

    Operations: `lit`, `nom`, `ligne` (a name inside a row), `non`, `et`, `ou`, `=`, `!=`, `<`, `<=`, `>`, `>=`,
    `+`, `-`, `*`, `/`, `oppose`, `+duree`, `-duree`, `parmi`, `contient`, `si`, the functions by name, and
    `agg:<function>` over the rows of its first part.
    """

    op: str
    type: Type
    args: tuple["Coeur", ...] = ()
    valeur: Any = None


RIEN = Coeur("lit", INCONNU)
VRAI = Coeur("lit", BOOLEEN, (), True)


def parties(coeur: Coeur) -> Iterator[Coeur]:
    """Every operation of an expression, itself first."""
    rest = [coeur]
    while rest:
        part = rest.pop()
        yield part
        rest.extend(reversed(part.args))
