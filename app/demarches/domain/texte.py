"""Cleaning of what people type: every letter and emoji is kept, what cannot be read or stored is not."""

import re
import unicodedata

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
