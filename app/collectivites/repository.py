"""All SQL of the module; it runs under the platform role."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.models import Agent, Collectivite, Habilitation, Hote

# asyncpg takes 32,767 parameters a statement.
CHUNK = 1500


async def list_slugs(session: AsyncSession) -> set[str]:
    """Every slug taken."""
    return set((await session.execute(select(Collectivite.slug))).scalars())


async def list_known_codes(session: AsyncSession) -> set[str]:
    """The INSEE codes of the communes already taken on."""
    query = select(Collectivite.code_insee).where(Collectivite.code_insee.is_not(None))
    return {code for code in (await session.execute(query)).scalars() if code}


async def add_collectivites(session: AsyncSession, rows: list[dict[str, Any]], base_host: str) -> None:
    """Adds collectivités and their hosts, a few statements in all."""
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        await session.execute(insert(Collectivite).values(part))
        hosts = [
            {"nom": f"{row['slug']}.{base_host}", "collectivite_id": row["id"], "principal": True}
            for row in part
        ]
        await session.execute(insert(Hote).values(hosts))


async def get_by_insee(session: AsyncSession, code_insee: str) -> Collectivite | None:
    """A commune by its INSEE code."""
    query = select(Collectivite).where(Collectivite.code_insee == code_insee)
    return (await session.execute(query)).scalar_one_or_none()


async def get_by_slug(session: AsyncSession, slug: str) -> Collectivite | None:
    """A collectivité by its slug."""
    return (await session.execute(select(Collectivite).where(Collectivite.slug == slug))).scalar_one_or_none()


async def list_by_slugs(session: AsyncSession, slugs: Iterable[str]) -> dict[str, UUID]:
    """The ids of some collectivités."""
    query = select(Collectivite.slug, Collectivite.id).where(Collectivite.slug.in_(list(slugs)))
    return {row.slug: row.id for row in (await session.execute(query)).all()}


async def update_collectivite(session: AsyncSession, collectivite_id: UUID, **values: Any) -> None:
    """Changes what a collectivité shows; every process hears of it."""
    await session.execute(update(Collectivite).where(Collectivite.id == collectivite_id).values(**values))


async def add_agent(session: AsyncSession, values: dict[str, Any]) -> UUID:
    """Adds an agent, or finds the one of that address; returns the id."""
    statement = insert(Agent).values(**values)
    found: UUID = (
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Agent.courriel],
                set_={
                    "prenom": statement.excluded.prenom,
                    "nom": statement.excluded.nom,
                    "opsn": Agent.opsn | statement.excluded.opsn,
                },
            ).returning(Agent.id)
        )
    ).scalar_one()
    return found


async def grant(
    session: AsyncSession,
    collectivite_id: UUID,
    agent_id: UUID,
    *,
    service: str,
    qualite: str,
    role: str,
    now: datetime,
) -> None:
    """Gives an agent a right in a collectivité, or changes it."""
    statement = insert(Habilitation).values(
        collectivite_id=collectivite_id,
        agent_id=agent_id,
        secteur="*",
        service=service,
        qualite=qualite,
        role=role,
        cree_le=now,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Habilitation.collectivite_id, Habilitation.agent_id, Habilitation.secteur],
            set_={"service": service, "qualite": qualite, "role": role},
        )
    )
