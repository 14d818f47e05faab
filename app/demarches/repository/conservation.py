"""SQL of retention: what reaches the end of its terms, and destroying it in pieces that can be cut anywhere."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch


class Echeance(NamedTuple):
    """A démarche of a collectivité: closed dossiers beyond the active base, near or at the end of their term."""

    collectivite_id: UUID
    slug: str
    titre: str
    base_active_mois: int
    dua_annees: int
    dua_max: int
    sort_final: str
    clos: int
    hors_base: int
    bientot: int
    echus: int


class Elimination(NamedTuple):
    """A list validated by an agent, and how far its destruction is."""

    id: UUID
    collectivite_id: UUID
    slug: str
    titre: str
    avant_le: datetime
    prevus: int
    dossiers: int
    pieces: int
    valide_par: str
    valide_le: datetime
    fini_le: datetime | None


# The terms of a dossier are those of the version that it was filed under, but where its answers gave it another.
_TERMES = """
SELECT d.collectivite_id, d.slug, min(v.titre) AS titre, max(t.base) AS base,
  min(coalesce(d.dua_annees, t.dua)) AS dua, max(coalesce(d.dua_annees, t.dua)) AS dua_max, t.sort,
  count(*) AS clos,
  count(*) FILTER (WHERE d.clos_le + make_interval(months => t.base) <= $2) AS hors_base,
  count(*) FILTER (WHERE d.clos_le + make_interval(years => coalesce(d.dua_annees, t.dua)) > $2
    AND d.clos_le + make_interval(years => coalesce(d.dua_annees, t.dua)) <= $2::timestamptz + interval '3 months')
    AS bientot,
  count(*) FILTER (WHERE d.clos_le + make_interval(years => coalesce(d.dua_annees, t.dua)) <= $2
    AND (t.sort <> 'destruction' OR d.suppression_le <= $2::timestamptz::date)) AS echus
FROM demarches_dossier d JOIN demarches_version v ON v.id = d.version_id JOIN (
  SELECT x.id, (x.contenu #>> '{conservation,base_active_mois}')::int AS base,
    (x.contenu #>> '{conservation,dua_annees}')::int AS dua, x.contenu #>> '{conservation,sort_final}' AS sort
  FROM demarches_version x) t ON t.id = v.id
WHERE d.collectivite_id = ANY($1::uuid[]) AND d.clos_le IS NOT NULL AND t.sort IS NOT NULL
GROUP BY d.collectivite_id, d.slug, t.sort ORDER BY 3
"""


async def list_echeances(
    session: AsyncSession, collectivites: Sequence[UUID], now: datetime
) -> list[Echeance]:
    """What is closed, by démarche and final fate, with how much of it is at the end of each term."""
    return [Echeance(*row) for row in await fetch(session, _TERMES, list(collectivites), now)]


async def list_eliminations(session: AsyncSession, collectivites: Sequence[UUID]) -> list[Elimination]:
    """The lists that were validated, the latest first."""
    sql = (
        f"SELECT {', '.join(Elimination._fields)} FROM demarches_elimination"  # noqa: S608 - names of ours
        " WHERE collectivite_id = ANY($1::uuid[]) ORDER BY valide_le DESC LIMIT 100"
    )
    return [Elimination(*row) for row in await fetch(session, sql, list(collectivites))]


async def get_elimination(
    session: AsyncSession, collectivite_id: UUID, elimination_id: UUID
) -> Elimination | None:
    """One list, locked: only one worker goes on with it at a time."""
    found = await session.execute(
        text(
            f"SELECT {', '.join(Elimination._fields)} FROM demarches_elimination"  # noqa: S608 - names of ours
            " WHERE collectivite_id = :c AND id = :id FOR UPDATE"
        ),
        {"c": collectivite_id, "id": elimination_id},
    )
    row = found.one_or_none()
    return None if row is None else Elimination(*row)


async def add_elimination(session: AsyncSession, **values: Any) -> None:
    """A list validated by an agent."""
    await session.execute(
        text(
            "INSERT INTO demarches_elimination"
            " (collectivite_id, id, slug, titre, avant_le, prevus, valide_par, valide_le)"
            " VALUES (:collectivite_id, :id, :slug, :titre, :avant_le, :prevus, :valide_par, :avant_le)"
        ),
        values,
    )


_ECHUS = """
SELECT d.id FROM demarches_dossier d JOIN demarches_version v ON v.id = d.version_id
WHERE d.collectivite_id = :c AND d.slug = :slug AND d.clos_le IS NOT NULL AND NOT d.essai
  AND v.contenu #>> '{conservation,sort_final}' = 'destruction'
  AND d.clos_le + make_interval(years => coalesce(d.dua_annees, (v.contenu #>> '{conservation,dua_annees}')::int))
    <= cast(:avant AS timestamptz) AND d.suppression_le <= cast(:avant AS timestamptz)::date
ORDER BY d.clos_le LIMIT :n
"""


async def list_echus(
    session: AsyncSession, collectivite_id: UUID, slug: str, before: datetime, limit: int
) -> list[UUID]:
    """Closed dossiers whose term ended before that instant, whose fate is destruction, and whose day was announced."""
    values = {"c": collectivite_id, "slug": slug, "avant": before, "n": limit}
    return list((await session.execute(text(_ECHUS), values)).scalars())


async def destroy_dossiers(
    session: AsyncSession, collectivite_id: UUID, ids: Sequence[UUID]
) -> tuple[list[UUID], int]:
    """Deletes dossiers with everything under them; (their objects, how many pieces). Objects are destroyed by jobs."""
    values = {"c": collectivite_id, "ids": list(ids)}
    pieces = list(
        (
            await session.execute(
                text("SELECT id FROM demarches_piece WHERE collectivite_id = :c AND dossier_id = ANY(:ids)"),
                values,
            )
        ).scalars()
    )
    papers = list(
        (
            await session.execute(
                text(
                    "SELECT id FROM demarches_document WHERE collectivite_id = :c AND dossier_id = ANY(:ids)"
                ),
                values,
            )
        ).scalars()
    )
    await session.execute(
        text("DELETE FROM demarches_decision WHERE collectivite_id = :c AND dossier_id = ANY(:ids)"), values
    )
    await session.execute(
        text("DELETE FROM demarches_dossier WHERE collectivite_id = :c AND id = ANY(:ids)"), values
    )
    return [*pieces, *papers], len(pieces)


async def count_destroyed(
    session: AsyncSession, elimination: Elimination, dossiers: int, pieces: int, fini_le: datetime | None
) -> None:
    """The trace: how many went, in the transaction in which they went."""
    await session.execute(
        text(
            "UPDATE demarches_elimination SET dossiers = dossiers + :d, pieces = pieces + :p, fini_le = :fini"
            " WHERE collectivite_id = :c AND id = :id"
        ),
        {"d": dossiers, "p": pieces, "fini": fini_le, "c": elimination.collectivite_id, "id": elimination.id},
    )


# Read by version, so that only what nears its own term is visited: first by the shortest that the version may give.
_A_ANNONCER = """
SELECT d.collectivite_id, d.id,
  greatest((d.clos_le + make_interval(years => coalesce(d.dua_annees, t.dua)))::date, cast(:tot AS date))
FROM demarches_version v CROSS JOIN LATERAL (
  SELECT (v.contenu #>> '{conservation,dua_annees}')::int AS dua,
    (SELECT min((x ->> 'dua_annees')::int) FROM jsonb_array_elements(v.contenu #> '{conservation,durees}') x) AS autre
) t JOIN demarches_dossier d ON d.version_id = v.id
  AND d.clos_le <= cast(:horizon AS timestamptz) - make_interval(years => least(t.dua, t.autre))
WHERE v.contenu #>> '{conservation,sort_final}' = 'destruction' AND d.clos_le IS NOT NULL
  AND d.clos_le <= cast(:horizon AS timestamptz) - make_interval(years => coalesce(d.dua_annees, t.dua))
  AND d.suppression_le IS NULL AND NOT d.essai
LIMIT :n
"""


async def list_to_announce(
    session: AsyncSession, horizon: datetime, earliest: date, limit: int
) -> list[tuple[UUID, UUID, date]]:
    """(collectivité, dossier, day of its end, never before `earliest`) of what nears its term and was not announced."""
    values = {"horizon": horizon, "tot": earliest, "n": limit}
    return [(row[0], row[1], row[2]) for row in await session.execute(text(_A_ANNONCER), values)]


_A_RAPPELER = """
SELECT c.id FROM socle_collectivite c WHERE EXISTS (SELECT FROM demarches_dossier d
  WHERE d.collectivite_id = c.id AND d.clos_le IS NOT NULL AND NOT d.essai)
"""


async def list_collectivites_closed(session: AsyncSession) -> list[UUID]:
    """The collectivités that have a closed dossier (platform role)."""
    return list((await session.execute(text(_A_RAPPELER))).scalars())


async def add_rappel(session: AsyncSession, collectivite_id: UUID, mois: date) -> bool:
    """The agents of a collectivité are reminded of a month; False when they were already."""
    found = await session.execute(
        text("INSERT INTO demarches_rappel VALUES (:c, :mois) ON CONFLICT DO NOTHING RETURNING mois"),
        {"c": collectivite_id, "mois": mois},
    )
    return found.first() is not None
