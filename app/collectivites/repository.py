"""All SQL of the module; it runs under the platform role, but for the logo, read in the perimeter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    any_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.collectivites.models import Blason, ImportEnAttente
from app.socle.models import Agent, Collectivite, Habilitation, Hote

# asyncpg takes 32,767 parameters a statement.
CHUNK = 1500


async def lock_imports(session: AsyncSession) -> None:
    """Holds other imports off until the end of this transaction."""
    await session.execute(text("SELECT pg_advisory_xact_lock(71937195)"))


async def list_slugs(session: AsyncSession, among: list[str]) -> set[str]:
    """Which of these slugs are taken."""
    query = select(Collectivite.slug).where(Collectivite.slug == any_(literal(among, ARRAY(Text))))
    return set((await session.execute(query)).scalars())


async def list_known_codes(session: AsyncSession, among: list[str]) -> set[str]:
    """Which of these INSEE codes are communes already taken on."""
    query = select(Collectivite.code_insee).where(
        Collectivite.code_insee == any_(literal(among, ARRAY(Text)))
    )
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


async def list_agents_by_courriel(session: AsyncSession, courriels: Iterable[str]) -> dict[str, UUID]:
    """The ids of some agents."""
    query = select(Agent.courriel, Agent.id).where(Agent.courriel.in_(list(courriels)))
    return {row.courriel: row.id for row in (await session.execute(query)).all()}


async def update_collectivite(session: AsyncSession, collectivite_id: UUID, **values: Any) -> None:
    """Changes what a collectivité shows; every process hears of it."""
    await session.execute(update(Collectivite).where(Collectivite.id == collectivite_id).values(**values))


async def list_slugs_of(session: AsyncSession, ids: Iterable[UUID]) -> list[tuple[str, str]]:
    """Slug and name of some collectivités, by name."""
    query = (
        select(Collectivite.slug, Collectivite.nom)
        .where(Collectivite.id.in_(list(ids)))
        .order_by(func.sans_accents(Collectivite.nom), Collectivite.id)
    )
    return [(row.slug, row.nom) for row in (await session.execute(query)).all()]


async def add_agent(session: AsyncSession, values: dict[str, Any], *, renommer: bool = True) -> UUID:
    """Adds an agent, or finds the one of that address; returns the id. `renommer` gives a known one this name."""
    statement = insert(Agent).values(**values)
    named = statement.excluded if renommer else Agent
    found: UUID = (
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Agent.courriel],
                set_={
                    "prenom": named.prenom,
                    "nom": named.nom,
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


@dataclass(frozen=True, slots=True)
class Resume:
    """A collectivité in the console's list."""

    id: UUID
    nom: str
    slug: str
    genre: str
    departement: str
    code_insee: str | None
    population: int | None
    etat: str
    hote: str
    agents: int


_AGENTS = (
    select(func.count(func.distinct(Habilitation.agent_id)))
    .where(Habilitation.collectivite_id == Collectivite.id)
    .correlate(Collectivite)
    .scalar_subquery()
)
_HOTE = (
    select(Hote.nom)
    .where(Hote.collectivite_id == Collectivite.id, Hote.principal)
    .correlate(Collectivite)
    .scalar_subquery()
)


def _matching(q: str, etat: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if etat:
        conditions.append(Collectivite.etat == etat)
    if q:
        escaped = re.sub(r"([\\%_])", r"\\\1", q)
        words = func.sans_accents(f"%{escaped}%", type_=Text)
        host = exists().where(
            Hote.collectivite_id == Collectivite.id, Hote.nom.startswith(q.lower(), autoescape=True)
        )
        conditions.append(
            or_(
                func.sans_accents(Collectivite.nom, type_=Text).like(words, escape="\\"),
                Collectivite.code_insee == q.upper(),
                Collectivite.siren == q,
                host,
            )
        )
    return conditions


async def count_collectivites(session: AsyncSession, q: str, etat: str) -> int:
    """How many collectivités match."""
    query = select(func.count()).select_from(Collectivite).where(*_matching(q, etat))
    return (await session.execute(query)).scalar_one()


async def list_collectivites(
    session: AsyncSession, q: str, etat: str, *, start: int, size: int
) -> list[Resume]:
    """One page of them by name, accents apart, whose name, INSEE code, SIREN or host matches."""
    query = (
        select(
            Collectivite.id,
            Collectivite.nom,
            Collectivite.slug,
            Collectivite.genre,
            Collectivite.departement,
            Collectivite.code_insee,
            Collectivite.population,
            Collectivite.etat,
            func.coalesce(_HOTE, "").label("hote"),
            _AGENTS.label("agents"),
        )
        .where(*_matching(q, etat))
        .order_by(func.sans_accents(Collectivite.nom), Collectivite.id)
        .offset(start)
        .limit(size)
    )
    return [Resume(*row) for row in (await session.execute(query)).all()]


async def get_main_host(session: AsyncSession, collectivite_id: UUID) -> str:
    """The host name that links to a collectivité use."""
    query = select(Hote.nom).where(Hote.collectivite_id == collectivite_id, Hote.principal)
    return (await session.execute(query)).scalar_one_or_none() or ""


async def list_known(session: AsyncSession, codes: list[str]) -> dict[str, str]:
    """Slug by INSEE code, for those of these communes that are taken on."""
    query = select(Collectivite.code_insee, Collectivite.slug).where(
        Collectivite.code_insee == any_(literal(codes, ARRAY(Text)))
    )
    return {code: slug for code, slug in (await session.execute(query)).all() if code}


async def list_known_sirens(session: AsyncSession, sirens: list[str]) -> dict[str, str]:
    """Slug by SIREN, for those of these collectivités that are taken on."""
    query = select(Collectivite.siren, Collectivite.slug).where(
        Collectivite.siren == any_(literal(sirens, ARRAY(Text)))
    )
    return {siren: slug for siren, slug in (await session.execute(query)).all() if siren}


async def list_agents(session: AsyncSession, collectivite_id: UUID) -> list[Any]:
    """Who has a right in a collectivité, by name: agent_id, courriel, prenom, nom, qualite, service, role, vu_le."""
    query = (
        select(
            Habilitation.agent_id,
            Habilitation.qualite,
            Habilitation.service,
            Habilitation.role,
            Agent.courriel,
            Agent.prenom,
            Agent.nom,
            Agent.vu_le,
        )
        .join(Agent, Agent.id == Habilitation.agent_id)
        .where(Habilitation.collectivite_id == collectivite_id)
        .order_by(Agent.nom, Agent.prenom)
    )
    return list((await session.execute(query)).all())


async def get_agent_right(session: AsyncSession, collectivite_id: UUID, agent_id: UUID) -> Any:
    """An agent's address and role in a collectivité (courriel, actif, role), or None when they have no right there."""
    query = (
        select(Agent.courriel, Agent.actif, Habilitation.role)
        .join(Habilitation, Habilitation.agent_id == Agent.id)
        .where(Habilitation.collectivite_id == collectivite_id, Agent.id == agent_id)
        .limit(1)
    )
    return (await session.execute(query)).one_or_none()


async def get_agent_name(session: AsyncSession, agent_id: UUID) -> str:
    """An agent's first name and name."""
    query = select(Agent.prenom, Agent.nom).where(Agent.id == agent_id)
    row = (await session.execute(query)).one_or_none()
    return f"{row.prenom} {row.nom}".strip() if row else ""


async def revoke(session: AsyncSession, collectivite_id: UUID, agent_id: UUID) -> bool:
    """Takes an agent's rights in a collectivité away; whether there was any."""
    statement = (
        delete(Habilitation)
        .where(Habilitation.collectivite_id == collectivite_id, Habilitation.agent_id == agent_id)
        .returning(Habilitation.agent_id)
    )
    return (await session.execute(statement)).first() is not None


async def save_blason(session: AsyncSession, values: dict[str, Any]) -> None:
    """Keeps a collectivité's logo in place of the former one."""
    statement = insert(Blason).values(**values)
    changed = {name: statement.excluded[name] for name in values if name != "collectivite_id"}
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Blason.collectivite_id], set_=changed)
    )


async def get_blason(session: AsyncSession, collectivite_id: UUID) -> Blason | None:
    """A collectivité's logo."""
    return (
        await session.execute(select(Blason).where(Blason.collectivite_id == collectivite_id))
    ).scalar_one_or_none()


async def remove_blason(session: AsyncSession, collectivite_id: UUID) -> None:
    """Forgets a collectivité's logo."""
    await session.execute(delete(Blason).where(Blason.collectivite_id == collectivite_id))


async def add_import(session: AsyncSession, values: dict[str, Any]) -> None:
    """Keeps a file until it is confirmed."""
    await session.execute(insert(ImportEnAttente).values(**values))


async def get_import(session: AsyncSession, import_id: UUID) -> ImportEnAttente | None:
    """A file that waits for its confirmation."""
    return await session.get(ImportEnAttente, import_id)


async def purge_imports(session: AsyncSession, before: datetime) -> None:
    """Forgets the files that nobody confirmed."""
    await session.execute(delete(ImportEnAttente).where(ImportEnAttente.cree_le < before))
