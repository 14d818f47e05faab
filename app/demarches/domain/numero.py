"""Numbers of dossiers: eleven random digits and a check digit (ISO 7064 MOD 11,10), spelt 4827-1935-6041.

The check digit catches every single wrong digit and nearly every swap of neighbours, so that a number
misheard on the phone never opens somebody else's dossier.
"""

import re
from collections.abc import Callable

from stdnum.iso7064 import mod_11_10

from app.socle.errors import InvalidInputError


class NumeroIncorrectError(InvalidInputError):
    """What was typed is no number of dossier."""

    code = "numero_incorrect"


def nouveau_numero(alea: Callable[[int], int], *, essai: bool = False) -> str:
    """Twelve digits, the first not 0 (spreadsheets drop it); `alea(n)` gives an integer from 0 to n - 1.

    The numbers of test mode begin with 0: no real dossier has one of them.
    """
    digits = f"0{10**9 + alea(9 * 10**9)}" if essai else str(10**10 + alea(9 * 10**10))
    return f"{digits}{mod_11_10.calc_check_digit(digits)}"


def afficher_numero(numero: str) -> str:
    """The number in three groups of four, as it is printed and spelt."""
    return f"{numero[:4]}-{numero[4:8]}-{numero[8:]}"


def lire_numero(texte: str) -> str:
    """The twelve digits meant, whatever the spaces, dashes or dots, and O typed for 0, I or l for 1.

    NumeroIncorrectError when there are not twelve of them or when the check digit does not fit.
    """
    text = re.sub(r"^\s*n\s*[°ºo]?\s*(?=[0-9OIl])", "", texte, flags=re.IGNORECASE)
    text = text.translate(str.maketrans("OoIl", "0011"))
    text = re.sub(r"[\s.\-‐‑–—_/]", "", text)
    if not re.fullmatch(r"[0-9]{12}", text):
        raise NumeroIncorrectError(
            "Un numéro de dossier a 12 chiffres, par exemple 4827-1935-6041 : vérifiez le vôtre."
        )
    if not mod_11_10.is_valid(text):
        raise NumeroIncorrectError(
            "Ce numéro de dossier contient une erreur : vérifiez chaque chiffre, "
            "il est écrit sur votre accusé de réception."
        )
    return text


def numeros_proches(texte: str) -> list[str]:
    """Every valid number one slip away from what was typed: a digit wrong, missing, too many, or two swapped.

    Empty when what was typed does not look like a number (11 to 13 digits). A valid number is only itself.
    """
    text = re.sub(r"^\s*n\s*[°ºo]?\s*(?=[0-9OIl])", "", texte, flags=re.IGNORECASE)
    text = re.sub(r"[\s.\-‐‑–—_/]", "", text.translate(str.maketrans("OoIl", "0011")))
    if not re.fullmatch(r"[0-9]{11,13}", text):
        return []
    if len(text) == 12 and mod_11_10.is_valid(text):
        return [text]
    places, digits = range(len(text)), "0123456789"
    if len(text) == 11:
        tried = {text[:i] + d + text[i:] for i in range(12) for d in digits}
    elif len(text) == 13:
        tried = {text[:i] + text[i + 1 :] for i in places}
    else:
        tried = {text[:i] + d + text[i + 1 :] for i in places for d in digits}
        tried |= {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(11)}
    return sorted(one for one in tried if mod_11_10.is_valid(one))
