"""SQL of the documents under examination: what an agent says of one, what is asked again."""

from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier, Piece


async def update_piece(session: AsyncSession, piece: Piece, **values: Any) -> None:
    """What was said of one document of a dossier locked before."""
    await session.execute(
        update(Piece)
        .where(Piece.collectivite_id == piece.collectivite_id, Piece.id == piece.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def mark_pieces(session: AsyncSession, dossier: Dossier, champ_id: str) -> None:
    """The documents of a question are asked again: those refused, or all of them when none was refused."""
    here = (
        Piece.collectivite_id == dossier.collectivite_id,
        Piece.dossier_id == dossier.id,
        Piece.champ_id == champ_id,
    )
    refused = select(func.count()).where(*here, Piece.etat == "refusee").scalar_subquery()
    await session.execute(
        update(Piece)
        .where(*here, Piece.etat.in_(("jointe", "acceptee", "refusee")))
        .where(case((refused > 0, Piece.etat == "refusee"), else_=True))
        .values(etat="redemandee")
        .execution_options(synchronize_session=False)
    )
