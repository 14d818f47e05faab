"""Codes that open one dossier: nine random signs and a check sign, easy to read aloud: « 7KQM-2XPA-9F ».

Digits and capitals without 0, O, 1, I and L. Thirty-one signs are a prime number: the weighted sum catches any wrong
sign and any swap of two neighbours, so that a slip is told as one, and is never counted as an attempt.
"""

import re
from collections.abc import Callable

from app.socle.errors import InvalidInputError
from app.socle.langues import N_

SIGNES = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_ALEA = 9


class CodeIncorrectError(InvalidInputError):
    """What was typed is no code of ours."""

    code = "code_incorrect"


def nouveau_code(alea: Callable[[int], int]) -> str:
    """Ten signs, as they are kept and compared; `alea(n)` gives an integer from 0 to n - 1 (44 random bits)."""
    drawn = "".join(SIGNES[alea(len(SIGNES))] for _ in range(_ALEA))
    return drawn + _check(drawn)


def afficher_code(code: str) -> str:
    """The code as it is written down and spelt."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def lire_code(texte: str) -> str:
    """The ten signs meant, whatever the case, spaces and dashes.

    CodeIncorrectError when there are not ten of them, when one is not ours, or when the check sign does not fit.
    """
    text = re.sub(r"[\s.\-‐‑–—_/]", "", texte).upper()
    if len(text) != _ALEA + 1:
        raise CodeIncorrectError(N_("Un code a 10 signes, par exemple 7KQM-2XPA-9F : vérifiez le vôtre."))
    if any(sign not in SIGNES for sign in text) or _check(text[:-1]) != text[-1]:
        raise CodeIncorrectError(
            N_(
                "Ce code contient une erreur : vérifiez chaque signe. Il n’a jamais de 0, de 1, de I, de L ni de O."
            )
        )
    return text


def _check(drawn: str) -> str:
    total = sum((place + 1) * SIGNES.index(sign) for place, sign in enumerate(drawn))
    return SIGNES[-total % len(SIGNES)]
