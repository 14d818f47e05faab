"""Says what an uploaded piece really is, by its first bytes then by opening it, or refuses it.

A type guessed from content is no safety by itself (a file can be two things at once): pieces are also
scanned (`app.socle.antivirus`) and only ever served inert (`inert_headers`).
"""

import io
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import anyio
import anyio.to_thread
import pikepdf
import pikepdf.settings
import pillow_heif
from PIL import Image

from app.socle.errors import InvalidInputError
from app.socle.langues import N_, Phrase, phrase
from app.socle.televersement.entetes import safe_download_name

MAX_PIXELS = 50_000_000
# Bytes that one stream of a PDF may unfold to: an A4 page scanned at 600 dpi in colours is 104 MB.
MAX_UNFOLDED = 160_000_000
THREADS = 2
# PDF readers look for the end mark in the last kilobyte (ISO 32000-1, annex H, note 18).
_PDF_TAIL = 1024
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_EXTENSIONS = {"pdf": "pdf", "jpg": "jpeg", "jpeg": "jpeg", "png": "png", "heic": "heic", "heif": "heic"}
_KINDS = {
    "pdf": phrase(N_("un PDF")),
    "jpeg": phrase(N_("une photo JPEG")),
    "png": phrase(N_("une image PNG")),
    "heic": phrase(N_("une photo HEIC")),
}
_MIME = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png", "heic": "image/heic"}
_IMAGES = frozenset({"jpeg", "png", "heic"})
# « Scan du 12.03.2026 » has no extension; « facture.exe » has one.
_LIKE_EXTENSION = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,5}")
_MARK = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png", "heic": ".heic"}


class PieceRefuseeError(InvalidInputError):
    """A piece that cannot be accepted; its sentence goes beside the field and says what to do."""

    code = "piece_refusee"


class EmptyPieceError(PieceRefuseeError):
    """A file without any byte."""

    code = "piece_vide"


class PieceTypeError(PieceRefuseeError):
    """A type that this field does not take, or none that we know."""

    code = "piece_type"


class DeceptiveExtensionError(PieceRefuseeError):
    """The name says one type, the content is another."""

    code = "piece_extension"


class CutPieceError(PieceRefuseeError):
    """The file stops before its end."""

    code = "piece_coupee"


class UnreadablePieceError(PieceRefuseeError):
    """The file begins as its type does but does not open."""

    code = "piece_illisible"


class LockedPdfError(PieceRefuseeError):
    """A PDF that asks for a password to be read."""

    code = "piece_protegee"


class ImageTooLargeError(PieceRefuseeError):
    """An image of more pixels than we open."""

    code = "piece_trop_grande"


@dataclass(frozen=True)
class PieceInspectee:
    """A proven piece: `type` is pdf, jpeg, png or heic; `nom` is safe and ends as its type does."""

    type: str
    mime: str
    nom: str
    pages: int = 1
    largeur: int = 0
    hauteur: int = 0


limiter = anyio.CapacityLimiter(THREADS)
# A PDF of 10 MB can unfold to 10 GB before its pages are counted. These limits hold for the whole process.
pikepdf.settings.set_qpdf_limits(
    max_stream_filters=4,
    flate_max_memory=MAX_UNFOLDED,
    run_length_max_memory=MAX_UNFOLDED,
    png_max_memory=MAX_UNFOLDED,
    tiff_max_memory=MAX_UNFOLDED,
    dct_max_memory=MAX_UNFOLDED,
)


async def inspect_piece(data: bytes, filename: str, accepted: Collection[str]) -> PieceInspectee:
    """What the piece is, proven by opening it in a thread; a PieceRefuseeError otherwise.

    `accepted` holds types among pdf, jpeg, png, heic. An image whose name has another image's extension is
    taken, its name set right (phones do that); any other disagreement of name and content is refused. A PDF
    that opens without password is taken even when its author restricted printing or copying, as many bills
    are.
    """
    unknown = set(accepted) - _KINDS.keys()
    if unknown or not accepted:
        raise ValueError(f"unknown types: {sorted(unknown)}")
    return await anyio.to_thread.run_sync(_inspect, data, filename, accepted, limiter=limiter)


def _inspect(data: bytes, filename: str, accepted: Collection[str]) -> PieceInspectee:
    if not data:
        raise EmptyPieceError(
            "Ce fichier est vide. Ouvrez-le sur votre appareil pour vérifier son contenu, "
            "puis joignez-le à nouveau."
        )
    kind = _signature(data)
    name = safe_download_name(filename)
    stem, dot, extension = name.rpartition(".")
    if not (dot and _LIKE_EXTENSION.fullmatch(extension)):
        stem, dot, extension = name, "", ""
    claimed = _EXTENSIONS.get(extension.lower(), "") if dot else kind
    both_images = kind in _IMAGES and claimed in _IMAGES
    if not kind or not (kind == claimed or both_images):
        raise _disagreement(kind, claimed, extension, accepted)
    if kind not in accepted:
        raise PieceTypeError(
            phrase(
                N_("Ce fichier est %(type)s. Joignez %(types)s."), type=_KINDS[kind], types=_wanted(accepted)
            )
        )
    if kind != claimed or not dot:
        name = f"{stem}{_MARK[kind]}"
    if kind == "pdf":
        return PieceInspectee(kind, _MIME[kind], name, pages=_open_pdf(data))
    width, height = _open_heic(data) if kind == "heic" else _open_image(data, kind)
    return PieceInspectee(kind, _MIME[kind], name, largeur=width, hauteur=height)


def _signature(data: bytes) -> str:
    """Type told by the first bytes, empty if none of ours."""
    if data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ").startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "heic"
    return ""


def _disagreement(kind: str, claimed: str, extension: str, accepted: Collection[str]) -> PieceRefuseeError:
    if not extension:
        return PieceTypeError(
            phrase(N_("Ce fichier n’est pas d’un type accepté. Joignez %(types)s."), types=_wanted(accepted))
        )
    if not claimed:
        return PieceTypeError(
            phrase(
                N_("Les fichiers « .%(extension)s » ne sont pas acceptés. Joignez %(types)s."),
                extension=extension,
                types=_wanted(accepted),
            )
        )
    what = (
        N_("Ce fichier est %(type)s, bien que son nom finisse par .%(extension)s. %(remede)s")
        if kind
        else N_("Ce fichier n’est pas %(type)s, bien que son nom finisse par .%(extension)s. %(remede)s")
    )
    remedy = (
        N_("Enregistrez-le à nouveau en PDF ou prenez-le en photo.")
        if claimed == "pdf"
        else N_("Reprenez la photo, ou enregistrez-la à nouveau depuis votre appareil.")
    )
    return DeceptiveExtensionError(
        phrase(what, type=_KINDS[kind or claimed], extension=extension, remede=phrase(remedy))
    )


def _wanted(accepted: Collection[str]) -> Phrase:
    """The types that are taken, as words: « un PDF, une photo JPEG ou une image PNG »."""
    first, *others = [_KINDS[kind] for kind in _KINDS if kind in accepted]
    listed = first
    for other in others[:-1]:
        listed = phrase(N_("%(premiers)s, %(suivant)s"), premiers=listed, suivant=other)
    return (
        phrase(N_("%(premiers)s ou %(dernier)s"), premiers=listed, dernier=others[-1]) if others else listed
    )


def _open_pdf(data: bytes) -> int:
    """Number of pages of a PDF that is whole and opens without password."""
    if b"%%EOF" not in data.rstrip(b"\0\r\n\t ")[-_PDF_TAIL:]:
        raise _cut()
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages = len(pdf.pages)
    except pikepdf.PasswordError:
        raise LockedPdfError(
            "Ce PDF est protégé par un mot de passe et l’agent ne pourrait pas le lire. Ouvrez-le, "
            "imprimez-le « au format PDF », puis joignez le nouveau fichier."
        ) from None
    except (pikepdf.PdfError, ValueError, TypeError, RecursionError):
        raise _unreadable("pdf") from None
    if pages < 1:
        raise _unreadable("pdf")
    return pages


def _open_image(data: bytes, kind: str) -> tuple[int, int]:
    """Size in pixels of an image that decodes to its last line."""
    if kind == "png" and not _png_is_whole(data):
        raise _cut()

    def decode() -> tuple[int, int]:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as image:
            _check_pixels(image.size)
            image.load()
            return image.size

    return _decoded(kind, decode)


def _open_heic(data: bytes) -> tuple[int, int]:
    """Size in pixels of a HEIC photo that decodes whole."""

    def decode() -> tuple[int, int]:
        image = pillow_heif.open_heif(io.BytesIO(data))
        width, height = image.size
        _check_pixels((width, height))
        image.to_pillow()
        return width, height

    return _decoded("heic", decode)


def _decoded(kind: str, decode: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    try:
        return decode()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except (OSError, EOFError) as error:
        raise (_cut() if "truncated" in str(error).lower() else _unreadable(kind)) from None
    except (ValueError, SyntaxError, TypeError, KeyError, RuntimeError, MemoryError) as error:
        cut = "end of file" in str(error).lower() or "cannot read full" in str(error).lower()
        raise (_cut() if cut else _unreadable(kind)) from None


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large()


def _png_is_whole(data: bytes) -> bool:
    """Whether the chunks of the file lead to its end mark; the decoder would do without."""
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position += 12 + length
    return False


def _cut() -> CutPieceError:
    return CutPieceError(
        N_(
            "Ce fichier est incomplet : son enregistrement ou son envoi s’est arrêté avant la fin. "
            "Ouvrez-le sur votre appareil pour le vérifier, puis joignez-le à nouveau."
        )
    )


def _unreadable(kind: str) -> UnreadablePieceError:
    return UnreadablePieceError(
        phrase(
            N_(
                "Ce fichier a l’apparence d’%(type)s mais il ne s’ouvre pas. Enregistrez-le à nouveau ou prenez le "
                "document en photo."
            ),
            type=_KINDS[kind],
        )
    )


def _too_large() -> ImageTooLargeError:
    return ImageTooLargeError(
        phrase(
            N_(
                "Cette image est trop grande (%(millions)s millions de pixels au plus). Reprenez la photo avec une "
                "qualité moindre."
            ),
            millions=MAX_PIXELS // 1_000_000,
        )
    )
