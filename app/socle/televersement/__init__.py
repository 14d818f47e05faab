"""Safety of uploads: received without touching a disk, proven by opening, served inert."""

from app.socle.televersement.entetes import inert_headers, safe_download_name
from app.socle.televersement.inspection import (
    CutPieceError,
    DeceptiveExtensionError,
    EmptyPieceError,
    ImageTooLargeError,
    LockedPdfError,
    PieceInspectee,
    PieceRefuseeError,
    PieceTypeError,
    UnreadablePieceError,
    inspect_piece,
)
from app.socle.televersement.lecture import (
    BodyCutError,
    BodyTooHeavyError,
    FilePart,
    FileTooHeavyError,
    FormLimits,
    MalformedBodyError,
    TextPart,
    UploadPlaces,
    read_body,
    read_form,
)
from app.socle.televersement.vignette import make_thumbnail

__all__ = [
    "BodyCutError",
    "BodyTooHeavyError",
    "CutPieceError",
    "DeceptiveExtensionError",
    "EmptyPieceError",
    "FilePart",
    "FileTooHeavyError",
    "FormLimits",
    "ImageTooLargeError",
    "LockedPdfError",
    "MalformedBodyError",
    "PieceInspectee",
    "PieceRefuseeError",
    "PieceTypeError",
    "TextPart",
    "UnreadablePieceError",
    "UploadPlaces",
    "inert_headers",
    "inspect_piece",
    "make_thumbnail",
    "read_body",
    "read_form",
    "safe_download_name",
]
