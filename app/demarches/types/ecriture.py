"""How people write and read: cleaning of what they type, numbers as French readers see them.

Every letter and emoji is kept; what cannot be read or stored is not.
"""

import re
import unicodedata
from decimal import Decimal

# Marks that reorder the text around them could show an agent something else than what is stored.
_UNREADABLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def nettoyer(texte: str, *, lignes: bool = False) -> str:
    """NFC, without control characters, trimmed; line ends become spaces unless `lignes`."""
    text = texte.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNREADABLE.sub("", text)
    if not lignes:
        text = re.sub(r"[\n\t\u2028\u2029]+", " ", text)
    return unicodedata.normalize("NFC", text).strip()


def plier(texte: str) -> str:
    """Lower case without accents, ligatures or punctuation, words one space apart: how names are compared."""
    lowered = texte.lower().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    bare = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def afficher_decimal(nombre: Decimal) -> str:
    """A number with a comma, and thousands set apart by a no-break space."""
    text = f"{nombre.normalize():,f}" if nombre else "0"
    return text.replace(",", "\u202f").replace(".", ",")


def par_groupes(texte: str, *tailles: int) -> str:
    """A code cut in groups of those sizes by no-break spaces; what is left over makes the last group."""
    groups, start = [], 0
    for size in tailles:
        groups.append(texte[start : start + size])
        start += size
    return "\u00a0".join(group for group in (*groups, texte[start:]) if group)
