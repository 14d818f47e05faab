"""SQL of calls to outside addresses: the collectivité's list of addresses, calls owed and what became of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier
from app.demarches.models_exterieur import Appel, Point


async def list_points(session: AsyncSession, collectivite_id: UUID) -> Sequence[Point]:
    """The addresses of a collectivité, by name."""
    query = select(Point).where(Point.collectivite_id == collectivite_id).order_by(Point.cle)
    return (await session.execute(query)).scalars().all()


async def get_point(session: AsyncSession, collectivite_id: UUID, cle: str) -> Point | None:
    """The address of that name."""
    query = select(Point).where(Point.collectivite_id == collectivite_id, Point.cle == cle)
    return (await session.execute(query)).scalar_one_or_none()


async def save_point(session: AsyncSession, collectivite_id: UUID, cle: str, **values: Any) -> None:
    """Adds an address, or changes what is given of it."""
    statement = insert(Point).values(collectivite_id=collectivite_id, cle=cle, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Point.collectivite_id, Point.cle], set_=values)
    )


async def delete_point(session: AsyncSession, collectivite_id: UUID, cle: str) -> bool:
    """Takes an address off the list; False when it is not there."""
    result = await session.execute(
        delete(Point)
        .where(Point.collectivite_id == collectivite_id, Point.cle == cle)
        .returning(Point.cle)
        .execution_options(synchronize_session=False)
    )
    return result.first() is not None


async def get_appel(session: AsyncSession, appel_id: UUID) -> Appel | None:
    """A call that the transaction may see."""
    query = select(Appel).where(Appel.id == appel_id).execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def update_appel(session: AsyncSession, appel: Appel, *etats: str, **values: Any) -> bool:
    """Changes a call that is in one of these states and as often tried as when it was read; False when it is not."""
    result = await session.execute(
        update(Appel)
        .where(
            Appel.collectivite_id == appel.collectivite_id,
            Appel.id == appel.id,
            Appel.etat.in_(etats),
            Appel.essais == appel.essais,
        )
        .values(**values)
        .returning(Appel.id)
        .execution_options(synchronize_session=False)
    )
    return result.first() is not None


async def list_recent(
    session: AsyncSession, collectivite_id: UUID, since: datetime, limit: int
) -> Sequence[Any]:
    """The latest calls of a collectivité since an instant, with the number of each dossier: the log of deliveries."""
    query = (
        select(Appel, Dossier.numero)
        .join(Dossier, (Dossier.collectivite_id == Appel.collectivite_id) & (Dossier.id == Appel.dossier_id))
        .where(Appel.collectivite_id == collectivite_id, Appel.cree_le >= since)
        .order_by(Appel.cree_le.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()
