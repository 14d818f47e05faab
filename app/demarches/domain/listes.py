"""A list of reference as a CSV file: read whole or not at all, each broken row named with its reason.

The first column is the key, the second the label (the key itself when there is one column only). Cells are texts and
stay so: what begins like a formula is a text here, and exports neutralise it like any other answer.
"""

import csv
import io
from dataclasses import dataclass

from app.demarches.types.ecriture import nettoyer

POIDS_MAX = 2_000_000
LIGNES_MAX = 10_000
COLONNES_MAX = 12
CLE_MAX, TITRE_MAX, CELLULE_MAX = 100, 60, 500
FAUTES_DITES = 50


@dataclass(frozen=True, slots=True)
class FauteDeLigne:
    """What is wrong, and at which line of the file (0 for the file as a whole)."""

    ligne: int
    phrase: str


@dataclass(frozen=True, slots=True)
class Liste:
    """A list that was read: titles of its columns, and rows of as many texts, their keys all different."""

    colonnes: tuple[str, ...]
    lignes: tuple[tuple[str, ...], ...]


class ListeRefuseeError(ValueError):
    """Nothing of the file is kept; `fautes` says why, line by line."""

    def __init__(self, fautes: list[FauteDeLigne]) -> None:
        super().__init__(fautes[0].phrase)
        self.fautes = fautes[:FAUTES_DITES]


def lire_liste(data: bytes) -> Liste:
    """The list in a CSV file (UTF-8 or Windows-1252; semicolons, commas or tabs); ListeRefuseeError otherwise."""
    if len(data) > POIDS_MAX:
        raise _whole(f"Ce fichier est trop lourd : {POIDS_MAX // 1_000_000} Mo au plus.")
    if b"\0" in data:
        raise _whole("Ce fichier n’est pas du texte : enregistrez votre tableau au format CSV.")
    rows, faults = _rows(_text(data))
    if not rows:
        raise ListeRefuseeError(faults or [FauteDeLigne(0, "Ce fichier est vide.")])
    _, header = rows[0]
    faults += _header_faults(header)
    faults += _row_faults(rows[1:], len(header))
    if len(rows) == 1 and not faults:
        faults.append(FauteDeLigne(0, "Il n’y a que des titres : ajoutez au moins une ligne."))
    if len(rows) - 1 > LIGNES_MAX:
        faults.insert(0, FauteDeLigne(0, f"Il y a trop de lignes : {LIGNES_MAX} au plus."))
    if faults:
        raise ListeRefuseeError(faults)
    return Liste(tuple(header), tuple(tuple(cells) for _, cells in rows[1:]))


def _whole(phrase: str) -> ListeRefuseeError:
    return ListeRefuseeError([FauteDeLigne(0, phrase)])


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets of French offices write.
        return data.decode("cp1252", "replace")


def _rows(texte: str) -> tuple[list[tuple[int, list[str]]], list[FauteDeLigne]]:
    """The rows with the number of their line, empty ones left out; what the reader stumbles on ends the reading."""
    first = texte.split("\n", 1)[0]
    separator = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(texte, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            clean = [nettoyer(cell) for cell in cells]
            if any(clean):
                rows.append((reader.line_num, clean))
            if len(rows) > LIGNES_MAX + 1:
                break
    except csv.Error:
        return rows, [FauteDeLigne(reader.line_num, "Un guillemet n’est pas refermé, ou est mal placé.")]
    return rows, []


def _header_faults(header: list[str]) -> list[FauteDeLigne]:
    faults = []
    if len(header) > COLONNES_MAX:
        faults.append(FauteDeLigne(1, f"Il y a trop de colonnes : {COLONNES_MAX} au plus."))
    if any(not title or len(title) > TITRE_MAX for title in header):
        faults.append(FauteDeLigne(1, f"Chaque colonne a un titre, de {TITRE_MAX} caractères au plus."))
    if len({title.lower() for title in header}) < len(header):
        faults.append(FauteDeLigne(1, "Deux colonnes ont le même titre."))
    return faults


def _row_faults(rows: list[tuple[int, list[str]]], width: int) -> list[FauteDeLigne]:
    faults: list[FauteDeLigne] = []
    seen: dict[str, int] = {}
    for number, cells in rows:
        key = cells[0]
        if len(cells) != width:
            faults.append(FauteDeLigne(number, f"{len(cells)} cases au lieu de {width}."))
        elif not key or len(key) > CLE_MAX:
            faults.append(
                FauteDeLigne(
                    number, f"La première case est la clé : {CLE_MAX} caractères au plus, jamais vide."
                )
            )
        elif key in seen:
            faults.append(FauteDeLigne(number, f"La clé « {key} » est déjà à la ligne {seen[key]}."))
        elif width > 1 and not cells[1]:
            faults.append(FauteDeLigne(number, "La deuxième case est ce que l’on choisit : elle est vide."))
        elif any(len(cell) > CELLULE_MAX for cell in cells):
            faults.append(FauteDeLigne(number, f"Une case a plus de {CELLULE_MAX} caractères."))
        seen.setdefault(key, number)
    return faults
