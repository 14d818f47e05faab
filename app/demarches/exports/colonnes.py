"""The sheets and columns of an export: one line per dossier, one sheet more for each repeated block and for documents.

A démarche changes while its dossiers stay: the columns are those of every version met, the latest first, each field
under its id, so that an answer never lands under another question.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import LIBELLES_ETAT, Etat, afficher_numero
from app.demarches.domain.representation import nom_represente
from app.demarches.exports import documents
from app.demarches.types import Cellule, Colonne

Brut = Mapping[str, Any]

CANAUX = {
    "web": "En ligne",
    "guichet": "Au guichet",
    "telephone": "Par téléphone",
    "courrier": "Par courrier",
    "aidant": "Avec un aidant",
}


@dataclass(frozen=True, slots=True)
class Feuille:
    """A sheet: its name and its columns, in order."""

    nom: str
    colonnes: tuple[Colonne, ...]


def _instant(texte: Any, zone: ZoneInfo) -> datetime | None:
    # Spreadsheets know no time zone: the hour written is that of the collectivité.
    return datetime.fromisoformat(texte).astimezone(zone).replace(tzinfo=None) if texte else None


def _jour(texte: Any) -> date | None:
    return date.fromisoformat(texte[:10]) if texte else None


def _nom(demandeur: Brut) -> str:
    names = demandeur.get("nom_usage") or demandeur.get("nom_naissance") or ""
    first = demandeur.get("prenoms") or []
    first = first if isinstance(first, str) else " ".join(first)
    return f"{first} {names}".strip()


_DOSSIER: tuple[tuple[Colonne, Callable[[Brut, ZoneInfo], Cellule]], ...] = (
    (Colonne("numero", "Numéro"), lambda d, _: afficher_numero(d["numero"])),
    (Colonne("depose_le", "Déposé le", "instant"), lambda d, z: _instant(d["depose_le"], z)),
    (Colonne("etat", "État"), lambda d, _: LIBELLES_ETAT[Etat(d["etat"])]),
    (Colonne("canal", "Canal"), lambda d, _: CANAUX.get(d["canal"], d["canal"])),
    (Colonne("demandeur", "Demandeur"), lambda d, _: _nom(d["demandeur"])),
    (Colonne("represente", "Pour le compte de"), lambda d, _: nom_represente(d["beneficiaire"]) or None),
    (Colonne("courriel", "Adresse électronique"), lambda d, _: d["demandeur"].get("courriel") or None),
    (Colonne("telephone", "Téléphone"), lambda d, _: d["demandeur"].get("telephone") or None),
    (Colonne("agent", "Suivi par"), lambda d, _: d["agent_nom"] or None),
    (Colonne("silence_le", "Échéance", "date"), lambda d, _: _jour(d["silence_le"])),
    (Colonne("clos_le", "Clos le", "instant"), lambda d, z: _instant(d["clos_le"], z)),
    (Colonne("decision", "Décision motivée"), lambda d, _: d["motif"] or None),
)


_INTERDITS = re.compile(r"[\[\]:*?/\\]")
_RANG = Colonne("_rang", "Ligne", "nombre")
# A field's id, the place of each of its columns, and its reader.
_Colonnes = list[tuple[str, tuple[int, ...], Callable[[Any], tuple[Cellule, ...]]]]
# A repeated block: its id, its sheet, the place of each column there, and its reader.
_Blocs = list[tuple[str, int, tuple[int, ...], Callable[[Any], tuple[tuple[Cellule, ...], ...]]]]


@dataclass(slots=True)
class _Lecteur:
    """How one version's answers go to the main sheet and to those of its blocks."""

    champs: _Colonnes = field(default_factory=list)
    blocs: _Blocs = field(default_factory=list)
    pieces: list[tuple[Champ, int]] = field(default_factory=list)


class _Places:
    """The columns of a sheet as versions bring them, each under its key once."""

    def __init__(self, colonnes: Iterable[Colonne]) -> None:
        self.colonnes = list(colonnes)
        self._de = {column.cle: place for place, column in enumerate(self.colonnes)}

    def prendre(self, colonnes: Iterable[Colonne]) -> tuple[int, ...]:
        """Where these columns are, added behind the others when they are new."""
        for column in colonnes:
            if column.cle not in self._de:
                self._de[column.cle] = len(self.colonnes)
                self.colonnes.append(column)
        return tuple(self._de[column.cle] for column in colonnes)


def _noms(titres: Sequence[str]) -> list[str]:
    """Names that spreadsheets take: short, without brackets, slashes, colons or question marks, none twice."""
    taken: dict[str, str] = {}
    for title in titres:
        plain = " ".join(_INTERDITS.sub(" ", title).split())[:31].strip("' ")
        name, number = plain, 1
        while not name or name.casefold() in taken:
            number += 1
            name = f"{plain[:26]} ({number})"
        taken[name.casefold()] = name
    return list(taken.values())


class Plan:
    """The sheets of an export, and how a dossier of any of its versions becomes their lines."""

    def __init__(self, definitions: Mapping[tuple[str, str], Definition], zone: ZoneInfo) -> None:
        """`definitions`: by (version, overlay), the latest first; the first one's titles are kept."""
        self._zone = zone
        self.definitions = definitions
        principale = _Places(column for column, _ in _DOSSIER)
        blocs: dict[str, tuple[int, str, _Places]] = {}
        self._lecteurs: dict[tuple[str, str], _Lecteur] = {}
        for key, definition in definitions.items():
            reader = self._lecteurs[key] = _Lecteur()
            for champ in definition.champs():
                if champ.type == "piece":
                    (place,) = principale.prendre((Colonne(champ.id, champ.libelle),))
                    reader.pieces.append((champ, place))
                if not champ.repond:
                    continue
                places = principale.prendre(champ.genre.colonnes(champ))
                reader.champs.append((champ.id, places, partial(champ.genre.cellules, champ)))
                if rows := champ.genre.colonnes_lignes(champ):
                    sheet = blocs.setdefault(
                        champ.id, (len(blocs) + 1, champ.libelle, _Places((_DOSSIER[0][0], _RANG)))
                    )
                    reader.blocs.append(
                        (
                            champ.id,
                            sheet[0],
                            sheet[2].prendre(rows),
                            partial(champ.genre.cellules_lignes, champ),
                        )
                    )
        sheets = [("Dossiers", principale.colonnes)]
        sheets += [(title, places.colonnes) for _, title, places in blocs.values()]
        self._documents = len(sheets)
        if any(reader.pieces for reader in self._lecteurs.values()):
            sheets.append((documents.TITRE, [_DOSSIER[0][0], *documents.COLONNES]))
        names = _noms([title for title, _ in sheets])
        self.feuilles = tuple(
            Feuille(name, tuple(columns)) for name, (_, columns) in zip(names, sheets, strict=True)
        )

    def lignes(self, dossier: Brut) -> Iterable[tuple[int, Sequence[Cellule]]]:
        """The lines of one dossier: (sheet, cells), each line as long as its sheet has columns."""
        cells: list[Cellule] = [None] * len(self.feuilles[0].colonnes)
        for place, (_, read) in enumerate(_DOSSIER):
            cells[place] = read(dossier, self._zone)
        answers = dossier["reponses"] or {}
        reader = self._lecteurs[dossier["version"], dossier["surcouche"] or ""]
        for id_, places, lire in reader.champs:
            if id_ in answers:
                _poser(cells, places, lire(answers[id_]))
        attached = [
            (champ, place, [piece for piece in dossier.get("pieces") or () if piece["champ"] == champ.id])
            for champ, place in reader.pieces
        ]
        for champ, place, pieces in attached:
            cells[place] = documents.resume(champ, pieces)
        yield 0, cells
        for id_, sheet, places, lire_lignes in reader.blocs:
            for rank, row in enumerate(lire_lignes(answers.get(id_)), 1):
                line: list[Cellule] = [None] * len(self.feuilles[sheet].colonnes)
                line[:2] = [cells[0], rank]
                _poser(line, places, row)
                yield sheet, line
        for champ, _, pieces in attached:
            for piece in pieces:
                yield self._documents, [cells[0], *documents.cellules(champ, piece)]


def _poser(cells: list[Cellule], places: Sequence[int], found: Sequence[Cellule]) -> None:
    for place, cell in zip(places, found, strict=True):
        cells[place] = cell
