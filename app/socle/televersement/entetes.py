"""How files given by people are served: downloaded, never displayed, under a safe name."""

import unicodedata
from urllib.parse import quote

MAX_NAME_BYTES = 180
# Forbidden by one system or another in a file name, or read as a path.
_FORBIDDEN = frozenset('\\/:*?"<>|')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


def inert_headers(filename: str) -> dict[str, str]:
    """Headers under which a file of any content can neither run, be guessed as HTML nor be cached.

    `filename` is the name that a person gave; it is made safe here (RFC 6266, RFC 8187).
    """
    name = safe_download_name(filename)
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in _unaccented(name))
    encoded = quote(name, safe="")
    return {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def safe_download_name(filename: str) -> str:
    """The person's own name for the file, without path, control or direction characters; never empty.

    Letters of any script and emoji stay. At most 180 bytes of UTF-8, the extension kept.
    """
    name = unicodedata.normalize("NFC", filename.encode("utf-8", "replace").decode())
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join("_" if char in _FORBIDDEN else char for char in name if _is_kept(char))
    name = " ".join(name.split()).rstrip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        stem, dot, extension = name, "", ""
    stem = stem.strip(". ")
    if not stem or stem.lower() in _RESERVED:
        stem = f"document{'_' + stem if stem else ''}"
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ")
    return f"{stem}{dot}{extension}"


def _is_kept(char: str) -> bool:
    """All but control, private and direction characters; U+200D joins emoji and stays.

    Characters that this Python does not know yet stay too: they are the newest emoji.
    """
    if ord(char) & 0xFFFE == 0xFFFE:
        return False
    return char in "\u200d\t" or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
