"""SQL of dossiers that follow a publication: what would happen, by groups of like ones, then moving them in batches.

All of it under the platform's role: a publication counts drafts that no agent may read, and shows numbers only.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Evenement
from app.demarches.models_edition import Bascule
from app.socle.db import fetch
from app.socle.ids import uuid7


class Groupe(NamedTuple):
    """Dossiers that the new version treats alike; `exemples` are a few of their numbers."""

    version_id: str
    surcouche_id: str | None
    brouillon: bool
    reponses: dict[str, Any]
    pieces: list[str]
    jour: date | None
    nombre: int
    exemples: list[str]


# Only the answers that tell are read: a thousand dossiers that differ elsewhere are one group.
_ANSWERS = """
(SELECT jsonb_object_agg(e.k, e.v) FROM (
   SELECT k, v FROM jsonb_each(d.reponses) AS j(k, v) WHERE d.reponses IS NOT NULL
   UNION ALL
   SELECT r.champ_id, r.valeur FROM demarches_reponse r WHERE d.reponses IS NULL AND r.valeur IS NOT NULL
     AND r.collectivite_id = d.collectivite_id AND r.dossier_id = d.id) e
 WHERE {which})
"""
_PIECES = """
ARRAY(SELECT DISTINCT p.champ_id FROM demarches_piece p WHERE p.collectivite_id = d.collectivite_id
  AND p.dossier_id = d.id AND p.etat <> 'remplacee' AND {which} ORDER BY 1)
"""
_FOLLOWERS = """
d.slug = $1 AND d.clos_le IS NULL AND NOT d.essai AND d.version_id <> $2
AND ($3::uuid IS NULL OR d.collectivite_id = $3)
"""
_GROUPS = f"""
SELECT d.version_id, d.surcouche_id, d.etat = 'brouillon',
  {_ANSWERS.format(which="e.k = ANY($4::text[])")} AS reponses,
  {_PIECES.format(which="p.champ_id = ANY($4::text[])")} AS pieces,
  CASE WHEN $5 THEN d.depose_le::date END AS jour,
  count(*), (array_agg(d.numero ORDER BY d.depose_le) FILTER (WHERE d.numero IS NOT NULL))[1:5]
FROM demarches_dossier d WHERE {_FOLLOWERS} GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - texts of ours
_VERSIONS = f"SELECT DISTINCT d.version_id, d.surcouche_id FROM demarches_dossier d WHERE {_FOLLOWERS}"  # noqa: S608
_BATCH = f"""
SELECT d.collectivite_id, d.id, d.version_id, d.surcouche_id, d.etat = 'brouillon',
  {_ANSWERS.format(which="true")}, {_PIECES.format(which="true")}, d.depose_le::date, coalesce(d.numero, '')
FROM demarches_dossier d WHERE {_FOLLOWERS} AND ($4::uuid IS NULL OR d.id > $4)
  AND ($6 OR d.etat = 'brouillon') ORDER BY d.id LIMIT $5 FOR UPDATE OF d
"""  # noqa: S608
_COUNT = f"""
SELECT count(*) FROM demarches_dossier d WHERE {_FOLLOWERS} AND ($4 OR d.etat = 'brouillon')
"""  # noqa: S608


async def list_pinned(
    session: AsyncSession, slug: str, version_id: str, proprietaire: UUID | None
) -> list[tuple[str, str | None]]:
    """The versions and overlays that open dossiers pin, other than the new version."""
    rows = await fetch(session, _VERSIONS, slug, version_id, proprietaire)
    return [(row[0], row[1]) for row in rows]


async def list_groups(
    session: AsyncSession,
    slug: str,
    version_id: str,
    proprietaire: UUID | None,
    ids: Sequence[str],
    *,
    par_jour: bool,
) -> list[Groupe]:
    """Open dossiers and drafts of a démarche, by what tells how the new version treats them: one statement."""
    rows = await fetch(session, _GROUPS, slug, version_id, proprietaire, list(ids), par_jour)
    return [
        Groupe(row[0], row[1], row[2], _json(row[3]), list(row[4]), row[5], row[6], list(row[7] or ()))
        for row in rows
    ]


def _json(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else value or {}


class Suiveur(NamedTuple):
    """A dossier that may follow the new version."""

    collectivite_id: UUID
    id: UUID
    version_id: str
    surcouche_id: str | None
    brouillon: bool
    reponses: dict[str, Any]
    pieces: list[str]
    depose_le: date | None
    numero: str


async def count_followers(
    session: AsyncSession, slug: str, version_id: str, proprietaire: UUID | None, *, deposes: bool
) -> int:
    """How many dossiers a move will look at: drafts, and those that were submitted when they are asked for."""
    return int((await fetch(session, _COUNT, slug, version_id, proprietaire, deposes))[0][0])


async def list_batch(session: AsyncSession, bascule: Bascule, size: int) -> list[Suiveur]:
    """The next dossiers to look at, locked."""
    rows = await fetch(
        session,
        _BATCH,
        bascule.slug,
        bascule.version_id,
        bascule.proprietaire_id,
        bascule.curseur,
        size,
        bascule.deposes,
    )
    return [
        Suiveur(row[0], row[1], row[2], row[3], row[4], _json(row[5]), list(row[6]), row[7], row[8])
        for row in rows
    ]


async def add_bascule(session: AsyncSession, **values: Any) -> None:
    """Dossiers will follow a publication."""
    await session.execute(insert(Bascule).values(**values))


async def get_bascule(session: AsyncSession, bascule_id: UUID) -> Bascule | None:
    """How far the job is; locked, so that two workers never take the same batch."""
    query = select(Bascule).where(Bascule.id == bascule_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def list_bascules(session: AsyncSession, proprietaire: UUID | None, slug: str) -> list[Bascule]:
    """The moves of a démarche's dossiers, latest first."""
    owner = (
        Bascule.proprietaire_id.is_(None) if proprietaire is None else Bascule.proprietaire_id == proprietaire
    )
    query = select(Bascule).where(owner, Bascule.slug == slug).order_by(Bascule.cree_le.desc()).limit(5)
    return list((await session.execute(query)).scalars())


async def move(session: AsyncSession, moved: Sequence[Suiveur], version_id: str, now: datetime) -> None:
    """These dossiers pin the new version from now on; those that were submitted keep a line of it in their history."""
    if not moved:
        return
    await session.execute(
        text(
            "UPDATE demarches_dossier SET version_id = :version, revision = revision + 1"
            " WHERE id = ANY (:ids) AND clos_le IS NULL"
        ),
        {"version": version_id, "ids": [one.id for one in moved]},
    )
    lines = [
        {
            "collectivite_id": one.collectivite_id,
            "id": uuid7(),
            "dossier_id": one.id,
            "quand": now,
            "genre": "version",
            "auteur": "systeme",
            "interne": True,
            "donnees": {"avant": one.version_id, "apres": version_id},
        }
        for one in moved
        if not one.brouillon
    ]
    if lines:
        await session.execute(insert(Evenement), lines)


async def save_progress(session: AsyncSession, bascule: Bascule, **values: Any) -> None:
    """How far the job is, in the transaction of the batch."""
    await session.execute(
        update(Bascule)
        .where(Bascule.id == bascule.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
