"""Writers of an export: fed with dossiers, they give bytes away as they come and never hold the whole file.

A cell that a spreadsheet would take for a formula (it begins with = + - @ or a control character) is written as text: a
resident must not be able to run anything on an agent's computer (OWASP, « CSV injection »).
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from app.demarches.exports.colonnes import Plan
from app.demarches.types import Cellule

Dossiers = Iterable[Mapping[str, Any]]
_FORMULE = ("=", "+", "-", "@", "\t", "\r", "\n")


class Redacteur(Protocol):
    """Writes one file: `ecrire` as often as wanted, `fermer` once; `prendre` gives the bytes that are ready."""

    extension: ClassVar[str]
    mime: ClassVar[str]

    def __init__(self, plan: Plan, titre: str) -> None:
        """A file of that plan, of the démarche of that title."""
        ...

    def ecrire(self, dossiers: Dossiers) -> None:
        """Adds dossiers, in order."""
        ...

    def fermer(self) -> None:
        """Ends the file."""
        ...

    def prendre(self) -> bytes:
        """What is ready and was not taken yet; once closed, empty only at the end of the file."""
        ...

    def abandonner(self) -> None:
        """Gives back what it holds, whether or not the file was ended."""
        ...


class Tampon(io.RawIOBase):
    """Where a writer writes; what was written is taken away, and the place counts on. Not seekable."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """How many bytes were written since the beginning."""
        return self._place

    def write(self, data: Any) -> int:
        """Keeps the bytes until they are taken."""
        part = bytes(data)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def prendre(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def inoffensive(texte: str) -> str:
    """The text, behind an apostrophe when a spreadsheet would run it."""
    return f"'{texte}" if texte.startswith(_FORMULE) else texte


def _plain(cellule: Cellule) -> str:
    """A cell as French text: decimal comma, days as 27/03/2026."""
    if cellule is None:
        return ""
    if isinstance(cellule, str):
        return inoffensive(cellule)
    if isinstance(cellule, datetime):
        return cellule.strftime("%d/%m/%Y %H:%M")
    if isinstance(cellule, date):
        return cellule.strftime("%d/%m/%Y")
    return str(cellule).replace(".", ",") if isinstance(cellule, Decimal) else str(cellule)


class RedacteurCsv:
    """Semicolons, UTF-8 with its mark: what a French spreadsheet opens without asking. Dossiers only, no block."""

    extension: ClassVar[str] = "csv"
    mime: ClassVar[str] = "text/csv"

    def __init__(self, plan: Plan, titre: str) -> None:
        del titre
        self._plan = plan
        self._sortie = io.StringIO()
        self._ecrivain = csv.writer(self._sortie, delimiter=";", lineterminator="\r\n")
        self._sortie.write("\ufeff")
        self._ecrivain.writerow(inoffensive(c.titre) for c in plan.feuilles[0].colonnes)

    def ecrire(self, dossiers: Dossiers) -> None:
        """One line per dossier."""
        for dossier in dossiers:
            for feuille, cells in self._plan.lignes(dossier):
                if feuille == 0:
                    self._ecrivain.writerow(map(_plain, cells))

    def fermer(self) -> None:
        """Nothing ends a CSV."""

    def prendre(self) -> bytes:
        """The lines written since the last time."""
        text = self._sortie.getvalue()
        self._sortie.seek(0)
        self._sortie.truncate()
        return text.encode()

    def abandonner(self) -> None:
        """Nothing is held."""


class RedacteurJson:
    """For programs: the questions of every version, then each dossier with answers and documents as they are stored."""

    extension: ClassVar[str] = "json"
    mime: ClassVar[str] = "application/json"

    def __init__(self, plan: Plan, titre: str) -> None:
        self._tampon = Tampon()
        self._premier = True
        champs: dict[str, dict[str, Any]] = {}
        for definition in plan.definitions.values():
            for champ in definition.champs():
                if champ.repond or champ.type == "piece":
                    told = champs.setdefault(champ.id, {"libelle": champ.libelle, "type": champ.type})
                    if champ.piece and champ.piece.natures:
                        # The kinds of every version: a document of an older one is told too.
                        kinds = {nature.valeur: nature.libelle for nature in champ.piece.natures}
                        told["natures"] = kinds | told.get("natures", {})
        head = json.dumps({"demarche": titre, "champs": champs}, ensure_ascii=False)
        self._tampon.write(f'{head[:-1]}, "dossiers": ['.encode())

    def ecrire(self, dossiers: Dossiers) -> None:
        """One object per dossier."""
        for dossier in dossiers:
            mark = "\n" if self._premier else ",\n"
            self._premier = False
            self._tampon.write((mark + json.dumps(dossier, ensure_ascii=False)).encode())

    def fermer(self) -> None:
        """Closes the list and the object."""
        self._tampon.write(b"\n]}\n")

    def prendre(self) -> bytes:
        """What was written since the last time."""
        return self._tampon.prendre()

    def abandonner(self) -> None:
        """Nothing is held."""
