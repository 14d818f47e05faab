"""SQL of the lists: an agent's desk, a search, a person's own dossiers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier
from app.socle.db import fetch


async def search_dossiers(session: AsyncSession, words: str, limit: int) -> list[UUID]:
    """The ids of the perimeter's dossiers that hold every word (prefixes count)."""
    found = await session.execute(
        text("SELECT chercher_dossiers(:mots, :limite)"), {"mots": words, "limite": limit}
    )
    return list(found.scalars())


class LigneBureau(NamedTuple):
    """A dossier as a row of the desk."""

    collectivite_id: UUID
    id: UUID
    numero: str
    slug: str
    titre: str
    demandeur: dict[str, Any]
    etat: str
    canal: str
    depose_le: datetime
    silence_le: date | None
    agent_id: UUID | None
    agent_nom: str
    bail_jusqu_a: datetime | None


class Compte(NamedTuple):
    """How many open dossiers of one state and démarche, and how many of them are one agent's."""

    etat: str
    slug: str
    titre: str
    nombre: int
    miens: int


class LignePropre(NamedTuple):
    """A dossier or draft as a line of its owner's list."""

    collectivite_id: UUID
    id: UUID
    numero: str | None
    slug: str
    titre: str
    etat: str
    cree_le: datetime
    modifie_le: datetime
    depose_le: datetime | None
    silence_le: date | None


_DESK = f"""
SELECT d.* FROM unnest($1::uuid[]) AS c(id) CROSS JOIN LATERAL (
  SELECT {", ".join(f"d.{name}" for name in LigneBureau._fields)} FROM demarches_dossier d
  WHERE d.collectivite_id = c.id AND d.depose_le IS NOT NULL AND d.clos_le IS NULL
    AND ($2 = '' OR d.etat = $2) AND ($3 = '' OR d.slug = $3)
    AND ($4::uuid IS NULL OR d.agent_id = $4)
  ORDER BY d.silence_le, d.depose_le LIMIT $5
) d ORDER BY d.silence_le, d.depose_le LIMIT $6 OFFSET $7
"""  # noqa: S608 - names of ours
_COUNTS = """
SELECT etat, slug, titre, count(*) AS nombre, count(*) FILTER (WHERE agent_id = $2) AS miens
FROM demarches_dossier
WHERE collectivite_id = ANY($1::uuid[]) AND depose_le IS NOT NULL AND clos_le IS NULL
GROUP BY etat, slug, titre
"""
_OWN = f"""
SELECT {", ".join(LignePropre._fields)} FROM demarches_dossier WHERE usager_id = $1 ORDER BY modifie_le DESC LIMIT $2
"""  # noqa: S608 - names of ours


async def list_desk(
    session: AsyncSession,
    collectivites: list[UUID],
    *,
    etat: str = "",
    slug: str = "",
    agent_id: UUID | None = None,
    limit: int = 50,
    start: int = 0,
) -> list[LigneBureau]:
    """The open dossiers of some collectivités, most urgent first: each index is read `start + limit` rows deep."""
    rows = await fetch(session, _DESK, collectivites, etat, slug, agent_id, start + limit, limit, start)
    return [LigneBureau(*row) for row in rows]


async def count_desk(session: AsyncSession, collectivites: list[UUID], agent_id: UUID) -> list[Compte]:
    """How many open dossiers by state and démarche, and how many of them are this agent's."""
    return [Compte(*row) for row in await fetch(session, _COUNTS, collectivites, agent_id)]


async def list_saisies(session: AsyncSession, collectivites: list[UUID], limit: int) -> Sequence[Any]:
    """The drafts that agents fill for somebody, latest first."""
    query = (
        select(
            Dossier.collectivite_id,
            Dossier.id,
            Dossier.titre,
            Dossier.demandeur,
            Dossier.mandataire,
            Dossier.canal,
            Dossier.cree_le,
        )
        .where(
            Dossier.collectivite_id.in_(collectivites), Dossier.etat == "brouillon", Dossier.canal != "web"
        )
        .order_by(Dossier.modifie_le.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def list_desk_by_ids(session: AsyncSession, ids: list[UUID]) -> Sequence[Any]:
    """The dossiers found by a search, open or closed, as rows of the desk."""
    query = (
        select(
            Dossier.collectivite_id,
            Dossier.id,
            Dossier.numero,
            Dossier.slug,
            Dossier.titre,
            Dossier.demandeur,
            Dossier.etat,
            Dossier.canal,
            Dossier.depose_le,
            Dossier.silence_le,
            Dossier.agent_id,
            Dossier.agent_nom,
            Dossier.bail_jusqu_a,
        )
        .where(Dossier.id.in_(ids))
        .order_by(Dossier.depose_le.desc())
    )
    return (await session.execute(query)).all()


async def list_for_usager(session: AsyncSession, usager_id: UUID, limit: int) -> list[LignePropre]:
    """A person's own dossiers and drafts, in every collectivité, latest first."""
    return [LignePropre(*row) for row in await fetch(session, _OWN, usager_id, limit)]
