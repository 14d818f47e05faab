"""SQL of the catalogue: versions, overlays, adoptions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Adoption, DemarcheVersion, Surcouche
from app.demarches.repository.direct import columns_of, made
from app.socle.db import fetch


async def list_adoptions(session: AsyncSession, collectivite_id: UUID) -> Sequence[Any]:
    """What a collectivité offers: (slug, version_id, surcouche_id, ouverte)."""
    query = select(Adoption.slug, Adoption.version_id, Adoption.surcouche_id, Adoption.ouverte).where(
        Adoption.collectivite_id == collectivite_id
    )
    return (await session.execute(query)).all()


async def list_adoptions_of(session: AsyncSession, ids: list[UUID]) -> Sequence[Any]:
    """What several collectivités offer: (collectivite_id, slug, version_id, surcouche_id, ouverte)."""
    query = (
        select(
            Adoption.collectivite_id,
            Adoption.slug,
            Adoption.version_id,
            Adoption.surcouche_id,
            Adoption.ouverte,
        )
        .where(Adoption.collectivite_id.in_(ids), Adoption.ouverte)
        .order_by(Adoption.slug)
    )
    return (await session.execute(query)).all()


async def list_adoptions_in(session: AsyncSession, ids: list[UUID]) -> Sequence[Any]:
    """The same, closed ones included."""
    query = select(
        Adoption.collectivite_id, Adoption.slug, Adoption.version_id, Adoption.surcouche_id, Adoption.ouverte
    ).where(Adoption.collectivite_id.in_(ids))
    return (await session.execute(query)).all()


async def list_adopters(session: AsyncSession, slug: str, version_id: str) -> set[UUID]:
    """The collectivités that have this very version (platform role)."""
    query = select(Adoption.collectivite_id).where(Adoption.slug == slug, Adoption.version_id == version_id)
    return set((await session.execute(query)).scalars())


async def get_adoption(session: AsyncSession, collectivite_id: UUID, slug: str) -> Adoption | None:
    """One démarche of a collectivité, or None."""
    found = await fetch(session, _ADOPTION, collectivite_id, slug)
    return made(Adoption, found[0]) if found else None


_ADOPTION = f"""SELECT {columns_of(Adoption, "a")} FROM demarches_adoption a
  WHERE a.collectivite_id = $1 AND a.slug = $2"""  # noqa: S608


async def list_versions(session: AsyncSession, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The contents of some versions, by id."""
    query = select(DemarcheVersion.id, DemarcheVersion.contenu).where(DemarcheVersion.id.in_(list(ids)))
    return {row.id: row.contenu for row in (await session.execute(query)).all()}


async def list_surcouches(session: AsyncSession, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The contents of some overlays of the perimeter, by id."""
    query = select(Surcouche.id, Surcouche.contenu).where(Surcouche.id.in_(list(ids)))
    return {row.id: row.contenu for row in (await session.execute(query)).all()}


async def publish_version(
    session: AsyncSession,
    version_id: str,
    slug: str,
    contenu: dict[str, Any],
    now: datetime,
    proprietaire: UUID | None = None,
) -> None:
    """Adds a version, or finds it there: its address is its content (platform role)."""
    await session.execute(
        insert(DemarcheVersion)
        .values(id=version_id, slug=slug, contenu=contenu, publiee_le=now, proprietaire_id=proprietaire)
        .on_conflict_do_nothing()
    )


async def adopt(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Collectivités offer démarches: (collectivite_id, slug, version_id, surcouche_id, ouverte), in one statement."""
    if not rows:
        return
    statement = insert(Adoption).values(rows)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Adoption.collectivite_id, Adoption.slug],
            set_={
                "version_id": statement.excluded.version_id,
                "surcouche_id": statement.excluded.surcouche_id,
                "ouverte": statement.excluded.ouverte,
            },
        )
    )


async def switch(session: AsyncSession, collectivite_id: UUID, slugs: list[str], *, ouverte: bool) -> None:
    """Opens or closes démarches that a collectivité has adopted."""
    if slugs:
        await session.execute(
            update(Adoption)
            .where(Adoption.collectivite_id == collectivite_id, Adoption.slug.in_(slugs))
            .values(ouverte=ouverte)
        )


async def count_open(session: AsyncSession, collectivite_ids: list[UUID]) -> dict[UUID, int]:
    """How many démarches each of these collectivités has open."""
    query = (
        select(Adoption.collectivite_id, func.count())
        .where(Adoption.collectivite_id.in_(collectivite_ids), Adoption.ouverte)
        .group_by(Adoption.collectivite_id)
    )
    return {row[0]: row[1] for row in (await session.execute(query)).all()}
