"""What is wrong in the text of an expression: one French sentence per fault, with its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.socle.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Faute:
    """One fault: what is wrong and what to do, between the characters `debut` and `fin` of the text."""

    phrase: str
    debut: int = 0
    fin: int = 0


class ExpressionRefuseeError(InvalidInputError):
    """The text is no expression that can be evaluated; `fautes` says why, in the order of the text."""

    code = "expression_refusee"

    def __init__(self, fautes: Sequence[Faute]) -> None:
        self.fautes = tuple(sorted(fautes, key=lambda faute: (faute.debut, faute.fin)))
        super().__init__(" ".join(faute.phrase for faute in self.fautes))
