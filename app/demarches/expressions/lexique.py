"""Cuts the text of an expression into words, numbers, dates, texts and signs, each with its place."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any, Literal

from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute

LIMITE_TEXTE = 4_000

# Words that mean something by themselves: no field may be called so.
RESERVES = frozenset({"et", "ou", "non", "si", "alors", "sinon", "parmi", "contient", "oui", "vrai", "faux"})
_SIGNES = {"≠": "!=", "<>": "!=", "≤": "<=", "≥": ">=", "==": "=", "×": "*", ";": ","}

_MOTIF = re.compile(
    r"""
    (?P<blanc>\s+)
  | (?P<date>\d{4}-\d{2}-\d{2}(?!\d))
  | (?P<heure>\d{1,2}[:hH]\d{2}(?!\d))
  | (?P<nombre>\d+(?:[.,]\d+)?)
  | (?P<texte>"(?:[^"\\]|\\.)*"|«[^»]*»|“[^”]*”)
  | (?P<mot>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
  | (?P<signe><=|>=|!=|<>|==|[=<>+\-*/(),;≠≤≥×])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Jeton:
    """One element of the text: its kind, its value, its first character and the one after its last."""

    genre: Literal["mot", "reserve", "litteral", "signe", "fin"]
    valeur: Any
    debut: int
    fin: int


def decouper(texte: str) -> list[Jeton]:
    """The elements of a text, ended by one of kind `fin`; ExpressionRefuseeError for what is none."""
    if len(texte) > LIMITE_TEXTE:
        raise ExpressionRefuseeError(
            [Faute(f"Raccourcissez cette règle : {LIMITE_TEXTE} caractères au plus, coupez-la en plusieurs.")]
        )
    jetons: list[Jeton] = []
    place = 0
    while place < len(texte):
        found = _MOTIF.match(texte, place)
        if found is None:
            raise ExpressionRefuseeError([_signe_inconnu(texte, place)])
        if found.lastgroup != "blanc":
            jetons.append(_jeton(found.lastgroup or "", found[0], place, found.end()))
        place = found.end()
    jetons.append(Jeton("fin", "", place, place))
    return jetons


def _signe_inconnu(texte: str, place: int) -> Faute:
    if texte[place] in '"«“':
        return Faute("Fermez le texte qui commence ici par un guillemet.", place, len(texte))
    if texte[place] in "'’‘":
        return Faute('Écrivez les textes entre guillemets droits, par exemple "benne".', place, place + 1)
    return Faute(f"Retirez le signe « {texte[place]} », qui ne veut rien dire ici.", place, place + 1)


def _jeton(groupe: str, brut: str, debut: int, fin: int) -> Jeton:
    if groupe == "signe":
        return Jeton("signe", _SIGNES.get(brut, brut), debut, fin)
    if groupe == "mot":
        word = _sans_accents(brut)
        return Jeton("reserve" if word in RESERVES else "mot", word, debut, fin)
    return Jeton("litteral", _litteral(groupe, brut, debut, fin), debut, fin)


def _litteral(groupe: str, brut: str, debut: int, fin: int) -> Any:
    if groupe == "texte":
        if brut[0] == '"':
            return re.sub(r"\\(.)", r"\1", brut[1:-1], flags=re.DOTALL)
        return brut[1:-1].strip()
    try:
        if groupe == "date":
            return date.fromisoformat(brut)
        if groupe == "heure":
            hours, minutes = re.split("[:hH]", brut)
            return time(int(hours), int(minutes))
    except ValueError:
        words = "du calendrier" if groupe == "date" else "d’une horloge"
        raise ExpressionRefuseeError(
            [Faute(f"Corrigez « {brut} », qui n’est pas {words}.", debut, fin)]
        ) from None
    whole, _, cents = brut.replace(",", ".").partition(".")
    if len(whole.lstrip("0")) > 15 or len(cents) > 6:
        raise ExpressionRefuseeError(
            [Faute("Raccourcissez ce nombre : 15 chiffres au plus, et 6 après la virgule.", debut, fin)]
        )
    return Decimal(brut.replace(",", "."))


def _sans_accents(mot: str) -> str:
    plain = unicodedata.normalize("NFKD", mot.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))
