"""Spreadsheets in constant memory: XLSX through XlsxWriter, ODS (ISO/IEC 26300) written line by line in its archive."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, ClassVar
from xml.sax.saxutils import escape, quoteattr

from app.demarches.exports.colonnes import Feuille, Plan
from app.demarches.exports.redacteurs import Dossiers, Tampon
from app.demarches.types import Cellule

# Loaded by the worker that writes a workbook, not by the processes that serve pages.
if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

# What one cell and one sheet of a workbook can hold.
CELLULE_MAX = 32_767
LIGNES_MAX = 1_048_576
_COUPE = " […]"
_BLOC = 1 << 20


def _couper(texte: str) -> str:
    return texte if len(texte) <= CELLULE_MAX else texte[: CELLULE_MAX - len(_COUPE)] + _COUPE


class RedacteurXlsx:
    """Lines go to temporary files of a private folder as they come; past a million, they go on in a second sheet.

    Text is always text, whatever it begins with, and marked so (« quote prefix »), so that it stays text when edited.
    """

    extension: ClassVar[str] = "xlsx"
    mime: ClassVar[str] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, plan: Plan, titre: str) -> None:
        from xlsxwriter import Workbook

        self._plan = plan
        self._dossier = TemporaryDirectory(prefix="kumun-export-")
        self._chemin = Path(self._dossier.name) / "export.xlsx"
        self._classeur = Workbook(
            str(self._chemin),
            {
                "constant_memory": True,
                "tmpdir": self._dossier.name,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "use_zip64": True,
            },
        )
        self._classeur.set_properties({"title": titre})
        style = self._classeur.add_format
        self._gras = style({"bold": True, "quote_prefix": True})
        self._texte = style({"quote_prefix": True})
        self._jour = style({"num_format": "dd/mm/yyyy"})
        self._instant = style({"num_format": "dd/mm/yyyy hh:mm"})
        self._argent = style({"num_format": '#,##0.00 "€"'})
        self._pages: list[Worksheet] = []
        self._lignes: list[int] = []
        self._suites = [1] * len(plan.feuilles)
        for feuille in plan.feuilles:
            self._pages.append(self._page(feuille, feuille.nom))
            self._lignes.append(1)
        self._fini: BinaryIO | None = None

    def _page(self, feuille: Feuille, nom: str) -> "Worksheet":
        page = self._classeur.add_worksheet(nom)
        page.freeze_panes(1, 1)
        page.set_column(0, len(feuille.colonnes) - 1, 22)
        for place, column in enumerate(feuille.colonnes):
            page.write_string(0, place, _couper(column.titre), self._gras)
        return page

    def ecrire(self, dossiers: Dossiers) -> None:
        """Adds the lines of each dossier to its sheets."""
        for dossier in dossiers:
            for number, cells in self._plan.lignes(dossier):
                if self._lignes[number] >= LIGNES_MAX:
                    self._suites[number] += 1
                    feuille = self._plan.feuilles[number]
                    self._pages[number] = self._page(feuille, f"{feuille.nom[:26]} ({self._suites[number]})")
                    self._lignes[number] = 1
                self._line(self._pages[number], self._lignes[number], number, cells)
                self._lignes[number] += 1

    def _line(self, page: "Worksheet", row: int, number: int, cells: Sequence[Cellule]) -> None:
        columns = self._plan.feuilles[number].colonnes
        for place, cell in enumerate(cells):
            if cell is None:
                continue
            if isinstance(cell, str):
                page.write_string(row, place, _couper(cell), self._texte)
            elif isinstance(cell, datetime):
                page.write_datetime(row, place, cell, self._instant)
            elif isinstance(cell, date):
                page.write_datetime(row, place, cell, self._jour)
            else:
                page.write_number(
                    row, place, cell, self._argent if columns[place].genre == "montant" else None
                )

    def fermer(self) -> None:
        """Makes the archive, on disk, in the private folder."""
        for page, lines, feuille in zip(self._pages, self._lignes, self._plan.feuilles, strict=True):
            page.autofilter(0, 0, max(lines - 1, 1), len(feuille.colonnes) - 1)
        self._classeur.close()
        self._fini = self._chemin.open("rb")

    def prendre(self) -> bytes:
        """Nothing before the end; then the file, a megabyte at a time."""
        return self._fini.read(_BLOC) if self._fini else b""

    def abandonner(self) -> None:
        """Removes the private folder."""
        if self._fini:
            self._fini.close()
        self._dossier.cleanup()


_MIME_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NS = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_TETE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content office:version="1.3"'
    + "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _NS.items())
    + "><office:automatic-styles>"
    '<number:date-style style:name="J"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/>'
    "</number:date-style>"
    '<number:date-style style:name="I"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/>'
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:date-style>'
    '<style:style style:name="jour" style:family="table-cell" style:data-style-name="J"/>'
    '<style:style style:name="instant" style:family="table-cell" style:data-style-name="I"/>'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
_PIED = "</office:spreadsheet></office:body></office:document-content>"
_MANIFESTE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIME_ODS}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
# Characters that XML cannot hold at all.
_INTERDITS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))


def _ods_cell(cell: Cellule) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, str):
        lines = cell.translate(_INTERDITS).split("\n")
        paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
        return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'
    if isinstance(cell, datetime):
        value = cell.isoformat(timespec="seconds")
        return f'<table:table-cell table:style-name="instant" office:value-type="date" office:date-value="{value}"/>'
    if isinstance(cell, date):
        value = cell.isoformat()
        return f'<table:table-cell table:style-name="jour" office:value-type="date" office:date-value="{value}"/>'
    return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'


def _ods_row(cells: Sequence[Cellule]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>\n"


class RedacteurOds:
    """The first sheet goes straight into the archive; the others wait in temporary files, since XML has one order."""

    extension: ClassVar[str] = "ods"
    mime: ClassVar[str] = _MIME_ODS

    def __init__(self, plan: Plan, titre: str) -> None:
        del titre
        self._plan = plan
        self._dossier = TemporaryDirectory(prefix="kumun-export-")
        self._tampon = Tampon()
        self._archive = zipfile.ZipFile(self._tampon, "w", zipfile.ZIP_DEFLATED)
        # The first entry says the type of the whole file, uncompressed (part 2, 3.3).
        self._archive.writestr(zipfile.ZipInfo("mimetype"), _MIME_ODS, zipfile.ZIP_STORED)
        self._archive.writestr("META-INF/manifest.xml", _MANIFESTE)
        self._contenu = self._archive.open("content.xml", "w", force_zip64=True)
        self._contenu.write((_TETE + self._opening(0)).encode())
        self._attente = [
            (Path(self._dossier.name) / f"{n}.xml").open("w+b") for n in range(1, len(plan.feuilles))
        ]

    def _opening(self, number: int) -> str:
        feuille = self._plan.feuilles[number]
        titles = _ods_row([column.titre for column in feuille.colonnes])
        return f"<table:table table:name={quoteattr(feuille.nom)}>{titles}"

    def ecrire(self, dossiers: Dossiers) -> None:
        """Adds the lines of each dossier to its sheets."""
        for dossier in dossiers:
            for number, cells in self._plan.lignes(dossier):
                target = self._attente[number - 1] if number else self._contenu
                target.write(_ods_row(cells).encode())

    def fermer(self) -> None:
        """Ends the first sheet, copies the others behind it, ends the archive."""
        self._contenu.write(b"</table:table>")
        for number, waiting in enumerate(self._attente, 1):
            self._contenu.write(self._opening(number).encode())
            waiting.seek(0)
            while block := waiting.read(_BLOC):
                self._contenu.write(block)
            self._contenu.write(b"</table:table>")
        self._contenu.write(_PIED.encode())
        self._contenu.close()
        self._archive.close()

    def prendre(self) -> bytes:
        """What was written since the last time."""
        return self._tampon.prendre()

    def abandonner(self) -> None:
        """Removes the private folder."""
        for waiting in self._attente:
            waiting.close()
        self._dossier.cleanup()
