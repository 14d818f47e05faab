"""PDF through Typst: PDF/A-2a and PDF/UA-1, the same bytes for the same data and instant (RGAA 13.3).

A template reads nothing but the template folder and its data; what a person typed is data, never markup.
"""

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from app.config import ROOT
from app.socle.errors import BusinessError, InvalidInputError

# Both libraries are loaded by the process that makes a document: 15 MB less in one that only serves pages.
if TYPE_CHECKING:
    import typst

TEMPLATES = ROOT / "templates" / "pdf"
FONTS = ROOT / "static" / "polices-pdf"
# A folder that cannot exist: no package is found there and none can be downloaded into it.
NO_PACKAGES = Path(os.devnull) / "paquets"

# 600 kB of text take Typst 1.1 s and 270 MB: beyond this a document is not a letter any more.
MAX_DATA_CHARS = 300_000
MAX_EMBLEM_CHARS = 200_000
MAX_CONCURRENT = 2

# A glyph that Typst's embedded fonts have, shown where no bundled font knows the character.
MISSING_GLYPH = "□"
MAX_UNBROKEN = 32
ZERO_WIDTH_SPACE = "\u200b"
_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNBROKEN = re.compile(rf"\S{{{MAX_UNBROKEN}}}(?=\S)")
# Format, control, private, surrogate: no glyph of their own, and an error in PDF/A.
_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs"})
_VARIATION_SELECTORS = frozenset({*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))})

_LIMITER: RunVar[CapacityLimiter] = RunVar("pdf_limiter")


class DocumentError(BusinessError):
    """The document could not be made: a fault of a template or of its data, never of the reader."""

    code = "document_impossible"


class DocumentTooLargeError(InvalidInputError):
    """More text or a bigger emblem than one document takes."""

    code = "document_trop_long"


async def render_pdf(
    modele: str,
    donnees: Mapping[str, object],
    *,
    horodatage: datetime,
    titre: str,
    langue: str = "fr",
    embleme: str = "",
) -> bytes:
    """The PDF of `templates/pdf/<modele>.typ`, PDF/A-2a and PDF/UA-1, byte-identical for identical arguments.

    `donnees` is plain JSON data; its strings pass through `printable`, so that no character makes it fail.
    `horodatage` (aware) is the date of the document's metadata; `embleme` an SVG text or nothing.
    Runs in a worker thread, a few at a time. Raises DocumentTooLargeError, or DocumentError on anything that
    Typst refuses or warns about.
    """
    try:
        limiter = _LIMITER.get()
    except LookupError:
        limiter = CapacityLimiter(MAX_CONCURRENT)
        _LIMITER.set(limiter)

    def job() -> bytes:
        return compose_pdf(
            modele, donnees, horodatage=horodatage, titre=titre, langue=langue, embleme=embleme
        )

    return await to_thread.run_sync(job, limiter=limiter)


def compose_pdf(
    modele: str,
    donnees: Mapping[str, object],
    *,
    horodatage: datetime,
    titre: str,
    langue: str = "fr",
    embleme: str = "",
) -> bytes:
    """What `render_pdf` does, on the calling thread: for synchronous jobs and commands."""
    source = TEMPLATES / f"{modele}.typ"
    if not re.fullmatch(r"[a-z_]+", modele) or not source.is_file():
        raise DocumentError(f"Le modèle de document « {modele} » n’existe pas.")
    if horodatage.tzinfo is None:
        raise ValueError("a document needs an aware instant")
    if len(embleme) > MAX_EMBLEM_CHARS:
        raise DocumentTooLargeError("L’emblème est trop lourd pour figurer sur un document.")
    data = json.dumps(
        _clean({**donnees, "titre": titre, "langue": langue}), ensure_ascii=False, sort_keys=True
    )
    if len(data) > MAX_DATA_CHARS:
        raise DocumentTooLargeError(
            "Le texte est trop long pour tenir dans un document. Raccourcissez-le ou joignez-le en pièce."
        )
    return _compile(source, {"data": data, "embleme": embleme}, horodatage)


def _compile(source: Path, inputs: dict[str, str], horodatage: datetime) -> bytes:
    import typst

    # A Compiler is for one call: shared between threads it raises, reused it may keep state.
    compiler = typst.Compiler(
        source,
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        package_path=NO_PACKAGES,
        package_cache_path=NO_PACKAGES,
    )
    try:
        result, warnings = compiler.compile_with_warnings(
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            sys_inputs=inputs,
            timestamp=int(horodatage.timestamp()),
        )
    except typst.TypstError as error:
        raise DocumentError(f"Le document n’a pas pu être produit ({error.message}).") from error
    if warnings:
        raise DocumentError(f"Le document n’a pas pu être produit ({warnings[0].message}).")
    if not isinstance(result, bytes):
        raise DocumentError("Le document n’a pas pu être produit (aucune page).")
    return result


def printable(text: str) -> str:
    """`text` as our fonts can print it: composed (NFC), without invisible characters, `□` for unknown ones.

    Line breaks stay, tabs become spaces, and a run without space gets places where the line may break.
    The page and the database keep the original: only the print is poorer.
    """
    known = _known_characters()
    composed = _LINE_BREAKS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    kept = (
        character if character == "\n" or character in known else MISSING_GLYPH
        for character in composed
        if character == "\n"
        or (unicodedata.category(character) not in _DROPPED and character not in _VARIATION_SELECTORS)
    )
    return _UNBROKEN.sub(lambda run: run.group() + ZERO_WIDTH_SPACE, "".join(kept))


def _clean(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"a document takes plain data, not {type(value).__name__}")


@cache
def _known_characters() -> frozenset[str]:
    """Characters that some bundled family has in all of regular, bold and italic."""
    from fontTools.ttLib import TTFont

    by_family: dict[str, list[set[str]]] = {}
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            by_family.setdefault(path.stem.partition("-")[0], []).append(set(map(chr, font.getBestCmap())))
    if not by_family:
        raise DocumentError("Aucune police n’est installée pour les documents.")
    return frozenset().union(*(set.intersection(*styles) for styles in by_family.values()))


@cache
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
