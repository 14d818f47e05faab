"""SQL of a dossier handed over to another collectivité: read on one side, written on the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier, Evenement, Message, Piece, Surcouche, Transmission
from app.socle.models import Collectivite


async def list_collectivites(session: AsyncSession, but: UUID) -> list[tuple[UUID, str]]:
    """The active collectivités of the same département, but one: EPCI first then by name. All of it is public."""
    here = select(Collectivite.departement).where(Collectivite.id == but).scalar_subquery()
    query = (
        select(Collectivite.id, Collectivite.nom)
        .where(Collectivite.etat == "active", Collectivite.departement == here, Collectivite.id != but)
        .order_by(Collectivite.genre == "commune", Collectivite.nom)
    )
    return [(row.id, row.nom) for row in (await session.execute(query)).all()]


async def name_of(session: AsyncSession, collectivite_id: UUID) -> str:
    """The name of a collectivité."""
    query = select(Collectivite.nom).where(Collectivite.id == collectivite_id)
    return str((await session.execute(query)).scalar_one())


async def read_surcouche(
    session: AsyncSession, collectivite_id: UUID, surcouche_id: str | None
) -> dict[str, Any] | None:
    """The overlay under which a dossier was filled: it goes along, so that the dossier reads as it was filled."""
    if surcouche_id is None:
        return None
    query = select(Surcouche.id, Surcouche.slug, Surcouche.contenu).where(
        Surcouche.collectivite_id == collectivite_id, Surcouche.id == surcouche_id
    )
    return dict((await session.execute(query)).mappings().one())


async def copy_surcouche(
    session: AsyncSession, there: UUID, surcouche: dict[str, Any] | None, now: datetime
) -> None:
    """The same overlay at the other collectivité: told by its content, so copied once."""
    if surcouche is not None:
        row = insert(Surcouche).values(collectivite_id=there, cree_le=now, **surcouche)
        await session.execute(row.on_conflict_do_nothing())


async def add_dossier(session: AsyncSession, **values: Any) -> Dossier | None:
    """The dossier as it arrives; None when it is there already."""
    inserted = await session.execute(
        insert(Dossier)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[Dossier.collectivite_id, Dossier.id])
        .returning(Dossier)
    )
    return inserted.scalar_one_or_none()


async def copy_rows(
    session: AsyncSession,
    made: Dossier,
    pieces: Sequence[Piece],
    evenements: Sequence[Evenement],
    messages: Sequence[Message],
    copied: dict[UUID, UUID],
    transmission: Transmission,
    origine: str,
) -> None:
    """Documents, history and messages, under new ids; that it was handed over, and why, ends the history."""
    mine = {"collectivite_id": made.collectivite_id, "dossier_id": made.id}
    # Documents are examined anew there; what agents noted among themselves stays with them.
    fresh: dict[str, Any] = {
        "etat": "jointe",
        "raison": "",
        "motif": "",
        "examinee_par": "",
        "examinee_le": None,
    }
    # Thumbnails stay behind: they are a comfort.
    fresh["vignette"] = False
    public = [row for row in evenements if not row.interne]
    said = [row for row in messages if not row.interne]
    for model, rows, reset in ((Piece, pieces, fresh), (Evenement, public, {}), (Message, said, {})):
        values = [
            _columns(model, row) | mine | reset | {"id": copied.get(row.id) or uuid5(made.id, str(row.id))}
            for row in rows
        ]
        if values:
            await session.execute(insert(model).values(values))
    await session.execute(
        insert(Evenement).values(
            **mine,
            id=uuid5(made.id, "arrivee"),
            quand=made.depose_le,
            genre="arrivee",
            auteur=transmission.par,
            donnees={"libelle": origine, "motif": transmission.motif},
        )
    )


def _columns(model: Any, row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in model.__table__.columns}
