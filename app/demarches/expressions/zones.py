"""Differences between numbers, dates and hours: whether `a - b <= c` may all hold together.

The domain of difference bounds: a set of such facts is impossible exactly when a cycle of them adds up to less
than nothing. Numbers are exact; a strict bound is told apart from a large one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

# The variable that is worth 0: a fact on one variable is a difference with it.
ZERO = ""


@dataclass(frozen=True, slots=True)
class Ecart:
    """`gauche - droite <= borne`, or `<` when strict."""

    gauche: str
    droite: str
    borne: Decimal
    strict: bool = False


def possibles(ecarts: Iterable[Ecart]) -> bool:
    """Whether some values respect all of these at once (False is a proof that none does)."""
    facts = list(ecarts)
    # Distance of each variable from a source linked to all of them: (bound, how many strict facts, negated).
    names = {name for fact in facts for name in (fact.gauche, fact.droite)}
    reach: dict[str, tuple[Decimal, int]] = dict.fromkeys(names, (Decimal(0), 0))
    for _ in range(len(names) + 1):
        changed = False
        for fact in facts:
            bound, strict = reach[fact.droite]
            through = (bound + fact.borne, strict - fact.strict)
            if through < reach[fact.gauche]:
                reach[fact.gauche] = through
                changed = True
        if not changed:
            return True
    return False
