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
    Champ,
    Fichier,
    FileTooHeavyError,
    FormLimits,
    MalformedBodyError,
    UploadSlots,
    read_body,
    read_form,
)

__all__ = [
    "BodyCutError",
    "BodyTooHeavyError",
    "Champ",
    "CutPieceError",
    "DeceptiveExtensionError",
    "EmptyPieceError",
    "Fichier",
    "FileTooHeavyError",
    "FormLimits",
    "ImageTooLargeError",
    "LockedPdfError",
    "MalformedBodyError",
    "PieceInspectee",
    "PieceRefuseeError",
    "PieceTypeError",
    "UnreadablePieceError",
    "UploadSlots",
    "inert_headers",
    "inspect_piece",
    "read_body",
    "read_form",
    "safe_download_name",
]
