"""The sheets and columns of an export: one line per dossier, and one sheet more for each repeated block.

A démarche changes while its dossiers stay: the columns are those of every version met, the latest first, each field
under its id, so that an answer never lands under another question.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from app.demarches.definitions import Definition
from app.demarches.domain import LIBELLES_ETAT, Etat, afficher_numero
from app.demarches.types.base import Cellule, Colonne

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
    (Colonne("courriel", "Adresse électronique"), lambda d, _: d["demandeur"].get("courriel") or None),
    (Colonne("telephone", "Téléphone"), lambda d, _: d["demandeur"].get("telephone") or None),
    (Colonne("agent", "Suivi par"), lambda d, _: d["agent_nom"] or None),
    (Colonne("silence_le", "Échéance", "date"), lambda d, _: _jour(d["silence_le"])),
    (Colonne("clos_le", "Clos le", "instant"), lambda d, z: _instant(d["clos_le"], z)),
    (Colonne("decision", "Décision motivée"), lambda d, _: d["motif"] or None),
)


@dataclass(slots=True)
class _Lecteur:
    """How one version's answers go to the main sheet: for each field, its places and its reader."""

    champs: list[tuple[str, tuple[int, ...], Callable[[Any], tuple[Cellule, ...]]]] = field(
        default_factory=list
    )


class Plan:
    """The sheets of an export, and how a dossier of any of its versions becomes their lines."""

    def __init__(self, definitions: Mapping[tuple[str, str], Definition], zone: ZoneInfo) -> None:
        """`definitions`: by (version, overlay), the latest first; the first one's titles are kept."""
        self._zone = zone
        self.definitions = definitions
        places: dict[str, int] = {}
        columns: list[Colonne] = [column for column, _ in _DOSSIER]
        for definition in definitions.values():
            for champ in definition.champs():
                if not champ.repond:
                    continue
                for column in champ.genre.colonnes(champ):
                    if column.cle not in places:
                        places[column.cle] = len(columns)
                        columns.append(column)
        self.feuilles: tuple[Feuille, ...] = (Feuille("Dossiers", tuple(columns)),)
        self._lecteurs = {key: self._reader(definition, places) for key, definition in definitions.items()}

    @staticmethod
    def _reader(definition: Definition, places: Mapping[str, int]) -> _Lecteur:
        reader = _Lecteur()
        for champ in definition.champs():
            if champ.repond:
                under = tuple(places[column.cle] for column in champ.genre.colonnes(champ))
                reader.champs.append((champ.id, under, partial(champ.genre.cellules, champ)))
        return reader

    def lignes(self, dossier: Brut) -> Iterable[tuple[int, Sequence[Cellule]]]:
        """The lines of one dossier: (sheet, cells), each line as long as its sheet has columns."""
        cells: list[Cellule] = [None] * len(self.feuilles[0].colonnes)
        for place, (_, read) in enumerate(_DOSSIER):
            cells[place] = read(dossier, self._zone)
        answers = dossier["reponses"] or {}
        for id_, under, lire in self._lecteurs[dossier["version"], dossier["surcouche"] or ""].champs:
            if id_ in answers:
                for place, cell in zip(under, lire(answers[id_]), strict=True):
                    cells[place] = cell
        yield 0, cells
