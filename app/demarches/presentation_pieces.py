"""The documents of a dossier as pages draw them: what may be attached, what was, what its owner says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import EtatFormulaire, ecrire_decrit, nommer, vieux
from app.demarches.models import Piece
from app.demarches.service.pieces import prefixe_de
from app.socle import vues

MEGA = 1_000_000
_FORMATS = {"pdf": "PDF", "jpg": "JPEG", "png": "PNG", "heic": "HEIC"}


def fichiers_of(
    champ: Champ, pieces: Iterable[Piece], base: str = "/pieces", *, agent: bool = False
) -> list[vues.Fichier]:
    """Documents attached to a question, with the address where each is read, and what the person said of it.

    An agent is told which ones no antivirus has seen.
    """
    return [
        vues.Fichier(
            str(piece.id),
            piece.nom,
            piece.taille,
            _etat_fichier(piece, agent=agent),
            "",
            f"{base}/{piece.id}",
            vignette=f"{base}/{piece.id}/vignette" if piece.vignette else "",
            precision=nommer(champ, piece.decrit),
        )
        for piece in pieces
    ]


def _etat_fichier(piece: Piece, *, agent: bool) -> str:
    if piece.etat == "redemandee":
        return "a_remplacer"
    if agent and piece.etat in ("acceptee", "refusee"):
        return "valide" if piece.etat == "acceptee" else "refuse"
    return "non_analyse" if agent and piece.antivirus == "non_analyse" else "accepte"


def piece_vue(
    champ: Champ,
    pieces: Sequence[Piece],
    aujourd_hui: date,
    donnees: Mapping[str, Any] | None = None,
    *,
    decrire: bool = True,
) -> dict[str, Any]:
    """What the widget of a document shows beside its question: files, limits, what may be said of each file."""
    rules = champ.piece
    if rules is None:
        return {}
    files = [
        replace(
            seen,
            saisie=_saisie_piece(champ, piece) if decrire else None,
            message=vieux(champ, piece.decrit, aujourd_hui) or "",
        )
        for seen, piece in zip(fichiers_of(champ, pieces), pieces, strict=True)
    ]
    options = [vues.Option(nature.valeur, nature.libelle, nature.aide) for nature in rules.natures]
    return {
        "fichiers": files,
        "taille_max": rules.poids_max_mo * MEGA,
        "formats": formats_of(champ),
        "donnees": {
            **(donnees or {}),
            "natures": options,
            "suffisantes": [nature.libelle for nature in rules.suffisantes],
            "datee": rules.datee,
            "mois": rules.moins_de_mois or 0,
            "minimum": rules.nombre_min,
            "maximum": rules.nombre_max,
            "modele": rules.modele,
            "photo": bool({"jpg", "heic"} & set(rules.formats)),
        },
    }


def _saisie_piece(champ: Champ, piece: Piece) -> dict[str, Any]:
    """The inputs about one attached file, as they stand; `complete` when nothing more is asked of it."""
    said, prefix = piece.decrit, prefixe_de(piece)
    day = ecrire_decrit(prefix, said)
    rules = champ.piece
    asked = rules is not None and (bool(rules.natures) or rules.datee)
    wanted = rules.mois(said.nature) if rules else None
    return {
        "prefixe": prefix,
        "demandee": asked,
        "nature": said.nature,
        "jour": {part: (day.get(f"{prefix}-{part}") or [""])[0] for part in ("jour", "mois", "annee")},
        "complete": not (rules and rules.natures and not said.nature) and not (wanted and not said.date),
    }


def formats_of(champ: Champ) -> str:
    """« PDF, JPEG, PNG ou HEIC »."""
    names = [_FORMATS[name] for name in (champ.piece.formats if champ.piece else ()) if name in _FORMATS]
    return f"{', '.join(names[:-1])} ou {names[-1]}" if len(names) > 1 else "".join(names)


def pieces_of(
    definition: Definition,
    pieces: Sequence[Piece],
    *,
    etat: EtatFormulaire | None = None,
    modifier: str = "",
    agent: bool = False,
) -> list[dict[str, Any]]:
    """The documents by question: those of a frozen dossier, or with `etat` every one that a draft asks for."""
    asked = (
        [(seen.page.id, champ) for seen in etat.pages for champ in seen.champs]
        if etat is not None
        else [(page.id, champ) for page in definition.pages for champ in page.champs]
    )
    found = []
    for page_id, champ in asked:
        mine = [piece for piece in pieces if piece.champ_id == champ.id]
        if champ.type == "piece" and (mine or modifier):
            url = f"{modifier.replace('{page}', page_id)}#{champ.id}" if modifier else ""
            found.append(
                {
                    "libelle": champ.libelle,
                    "fichiers": fichiers_of(champ, mine, agent=agent),
                    "modifier_url": url,
                }
            )
    return found
