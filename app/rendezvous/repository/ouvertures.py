"""SQL of what opens and closes: how the calendar is read in a collectivité, closures, absences, expansion."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous.models_agenda import Absence, Fermeture, ReglageRendezVous
from app.socle.models import Collectivite


async def get_territoire(session: AsyncSession, collectivite_id: UUID) -> tuple[str, str]:
    """Département and time zone of a collectivité."""
    query = select(Collectivite.departement, Collectivite.fuseau).where(Collectivite.id == collectivite_id)
    row = (await session.execute(query)).one()
    return row.departement, row.fuseau


async def get_reglage(session: AsyncSession, collectivite_id: UUID) -> ReglageRendezVous | None:
    """How the calendar is read there; None while nobody has said anything."""
    query = select(ReglageRendezVous).where(ReglageRendezVous.collectivite_id == collectivite_id)
    return (await session.execute(query)).scalar_one_or_none()


async def save_reglage(session: AsyncSession, collectivite_id: UUID, **values: Any) -> None:
    """Changes some of it."""
    statement = insert(ReglageRendezVous).values(collectivite_id=collectivite_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[ReglageRendezVous.collectivite_id], set_=values)
    )


async def list_fermetures(session: AsyncSession, collectivite_id: UUID, depuis: date) -> list[Fermeture]:
    """Closures that are not over, in order."""
    query = (
        select(Fermeture)
        .where(Fermeture.collectivite_id == collectivite_id, Fermeture.au >= depuis)
        .order_by(Fermeture.du, Fermeture.id)
    )
    return list((await session.execute(query)).scalars())


async def delete_fermeture(session: AsyncSession, collectivite_id: UUID, fermeture_id: UUID) -> None:
    """Forgets a closure."""
    await session.execute(
        delete(Fermeture).where(Fermeture.collectivite_id == collectivite_id, Fermeture.id == fermeture_id)
    )


async def list_absences(session: AsyncSession, collectivite_id: UUID, depuis: datetime) -> list[Absence]:
    """Absences that are not over, in order."""
    query = (
        select(Absence)
        .where(Absence.collectivite_id == collectivite_id, Absence.fin > depuis)
        .order_by(Absence.debut, Absence.id)
    )
    return list((await session.execute(query)).scalars())


async def delete_absence(session: AsyncSession, collectivite_id: UUID, absence_id: UUID) -> None:
    """Forgets an absence: its time is free again."""
    await session.execute(
        delete(Absence).where(Absence.collectivite_id == collectivite_id, Absence.id == absence_id)
    )


async def list_collectivites_with_rules(session: AsyncSession) -> list[UUID]:
    """The collectivités that have a rule of opening (platform role)."""
    query = text("SELECT DISTINCT collectivite_id FROM rendezvous_plage")
    return list((await session.execute(query)).scalars())
