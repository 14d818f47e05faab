"""SQL of the lists: an agent's desk, a search, a person's own dossiers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier


async def search_dossiers(session: AsyncSession, words: str, limit: int) -> list[UUID]:
    """The ids of the perimeter's dossiers that hold every word (prefixes count)."""
    found = await session.execute(
        text("SELECT chercher_dossiers(:mots, :limite)"), {"mots": words, "limite": limit}
    )
    return list(found.scalars())


_COLUMNS = """
  d.collectivite_id, d.id, d.numero, d.slug, d.titre, d.demandeur, d.etat, d.canal, d.depose_le, d.silence_le,
  d.agent_id, d.agent_nom, d.bail_jusqu_a
"""
_DESK = text(
    f"""
    SELECT d.* FROM unnest(cast(:collectivites AS uuid[])) AS c(id) CROSS JOIN LATERAL (
      SELECT {_COLUMNS} FROM demarches_dossier d
      WHERE d.collectivite_id = c.id AND d.depose_le IS NOT NULL AND d.clos_le IS NULL
        AND (:etat = '' OR d.etat = :etat) AND (:slug = '' OR d.slug = :slug)
        AND (cast(:agent AS uuid) IS NULL OR d.agent_id = :agent)
      ORDER BY d.silence_le, d.depose_le LIMIT :profondeur
    ) d ORDER BY d.silence_le, d.depose_le LIMIT :limite OFFSET :debut
    """  # noqa: S608 - the columns are a constant
)
_COUNTS = text(
    """
    SELECT etat, slug, titre, count(*) AS nombre, count(*) FILTER (WHERE agent_id = :agent) AS miens
    FROM demarches_dossier
    WHERE collectivite_id = ANY(cast(:collectivites AS uuid[])) AND depose_le IS NOT NULL AND clos_le IS NULL
    GROUP BY etat, slug, titre
    """
)


async def list_desk(
    session: AsyncSession,
    collectivites: list[UUID],
    *,
    etat: str = "",
    slug: str = "",
    agent_id: UUID | None = None,
    limit: int = 50,
    start: int = 0,
) -> Sequence[Any]:
    """The open dossiers of some collectivités, most urgent first: each index is read `start + limit` rows deep."""
    found = await session.execute(
        _DESK,
        {
            "collectivites": collectivites,
            "etat": etat,
            "slug": slug,
            "agent": agent_id,
            "profondeur": start + limit,
            "limite": limit,
            "debut": start,
        },
    )
    return list(found.all())


async def count_desk(session: AsyncSession, collectivites: list[UUID], agent_id: UUID) -> Sequence[Any]:
    """How many open dossiers by state and démarche, and how many of them are this agent's."""
    return list((await session.execute(_COUNTS, {"collectivites": collectivites, "agent": agent_id})).all())


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


_OWN = text(
    """
    SELECT d.collectivite_id, d.id, d.numero, d.slug, d.titre, d.etat, d.cree_le, d.modifie_le, d.depose_le,
           d.silence_le, (v.contenu #>> '{conservation,brouillon_jours}')::int AS brouillon_jours
    FROM demarches_dossier d JOIN demarches_version v ON v.id = d.version_id
    WHERE d.usager_id = :usager ORDER BY d.modifie_le DESC LIMIT :limite
    """
)


async def list_for_usager(session: AsyncSession, usager_id: UUID, limit: int) -> Sequence[Any]:
    """A person's own dossiers and drafts, in every collectivité, latest first."""
    return (await session.execute(_OWN, {"usager": usager_id, "limite": limit})).all()
