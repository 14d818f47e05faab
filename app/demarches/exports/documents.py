"""The documents of a dossier in an export: what each is, its date, and what the agent said of it.

The kind and the date are the person's word until the document is accepted, so its state always stands beside them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.demarches.definitions import Champ
from app.demarches.domain import RAISONS, Decrit, nommer
from app.demarches.types import Cellule, Colonne

TITRE = "Documents"
ETATS = {"jointe": "À examiner", "acceptee": "Accepté", "refusee": "Refusé", "redemandee": "À remplacer"}
COLONNES = (
    Colonne("question", "Question"),
    Colonne("nature", "Nature"),
    Colonne("date", "Date du document", "date"),
    Colonne("etat", "État"),
    Colonne("motif", "Motif"),
    Colonne("fichier", "Fichier"),
)


def cellules(champ: Champ, piece: Mapping[str, Any]) -> tuple[Cellule, ...]:
    """The line of one document, under COLONNES."""
    said = _decrit(piece)
    nature = champ.piece.nature(said.nature) if champ.piece else None
    return (
        champ.libelle,
        nature.libelle if nature else None,
        said.date,
        ETATS[piece["etat"]],
        _motif(piece) or None,
        piece["nom"],
    )


def resume(champ: Champ, pieces: Sequence[Mapping[str, Any]]) -> str | None:
    """All documents of one question in one cell: « Facture d’énergie, du 27 mars 2026 (accepté) » ; and so on."""
    lines = []
    for piece in pieces:
        words = [ETATS[piece["etat"]].lower(), _motif(piece)]
        state = " : ".join(word for word in words if word)
        lines.append(f"{nommer(champ, _decrit(piece)) or piece['nom']} ({state})")
    return " ; ".join(lines) or None


def _decrit(piece: Mapping[str, Any]) -> Decrit:
    return Decrit(piece["nature"], date.fromisoformat(piece["date"]) if piece["date"] else None)


def _motif(piece: Mapping[str, Any]) -> str:
    """Why it was refused: the typed reason, then the agent's own words."""
    return f"{RAISONS.get(piece['raison'], '')} {piece['motif']}".strip()
