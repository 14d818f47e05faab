"""SQL of the agents of a collectivité, as jobs need them: who to warn, who signs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.models import Agent, Habilitation


async def get_author(session: AsyncSession, agent_id: UUID) -> Row[str, str, str, str] | None:
    """First name, name, quality and service of an agent of the perimeter; None when they left."""
    query = (
        select(Agent.prenom, Agent.nom, Habilitation.qualite, Habilitation.service)
        .join(Habilitation, Habilitation.agent_id == Agent.id)
        .where(Agent.id == agent_id)
        .limit(1)
    )
    return (await session.execute(query)).one_or_none()


async def list_active(session: AsyncSession) -> list[UUID]:
    """The agents who may sign in and have a right in the perimeter."""
    query = (
        select(Agent.id)
        .join(Habilitation, Habilitation.agent_id == Agent.id)
        .where(Agent.actif)
        .distinct()
        .order_by(Agent.id)
    )
    return list((await session.execute(query)).scalars())


async def get_address(session: AsyncSession, agent_id: UUID) -> str | None:
    """Where to write to an agent of the perimeter who is still there."""
    query = (
        select(Agent.courriel)
        .join(Habilitation, Habilitation.agent_id == Agent.id)
        .where(Agent.id == agent_id, Agent.actif)
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def list_alerts_of(session: AsyncSession, agent_id: UUID, since: Any) -> Sequence[Row[Any]]:
    """The alerts given since an instant on an agent's dossiers and on nobody's: (numero, titre, genre, echeance)."""
    query = text(
        "SELECT d.numero, d.titre, a.genre, a.echeance FROM demarches_alerte a JOIN demarches_dossier d"
        " ON d.collectivite_id = a.collectivite_id AND d.id = a.dossier_id"
        " WHERE a.creee_le >= :since AND d.clos_le IS NULL AND NOT d.essai"
        " AND (d.agent_id = :agent OR d.agent_id IS NULL)"
        " ORDER BY a.echeance, d.numero LIMIT 100"
    )
    return (await session.execute(query, {"since": since, "agent": agent_id})).all()


async def list_collectivites_open(session: AsyncSession) -> list[UUID]:
    """The collectivités that have an open dossier (platform role)."""
    query = text(
        "SELECT id FROM socle_collectivite c WHERE EXISTS (SELECT FROM demarches_dossier d"
        " WHERE d.collectivite_id = c.id AND d.depose_le IS NOT NULL AND d.clos_le IS NULL)"
    )
    return list((await session.execute(query)).scalars())
