"""SQL of the figures: how long one waits, what is filled, who did not come, minutes that nobody can use."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PRESENCES = text(
    "SELECT date_trunc('month', debut AT TIME ZONE fuseau)::date AS mois,"
    " count(*) FILTER (WHERE etat = 'honore') AS venus,"
    " count(*) FILTER (WHERE etat = 'absent') AS absents,"
    " count(*) FILTER (WHERE etat = 'annule' AND NOT deplace) AS annules"
    " FROM rendezvous_rendezvous WHERE collectivite_id = ANY (:communes) AND debut >= :du AND debut < :au"
    " AND etat IN ('honore', 'absent', 'annule', 'confirme') GROUP BY 1 ORDER BY 1"
)
# Opened and taken minutes by ressource. What is taken outside any opening (an opening withdrawn since) is not counted.
_REMPLISSAGE = text(
    """
SELECT r.id, r.nom, c.nom AS commune, sum(o.minutes)::int AS ouvertes, coalesce(sum(o.prises), 0)::int AS prises
FROM rendezvous_ressource r
JOIN socle_collectivite c ON c.id = r.collectivite_id
JOIN LATERAL (
  SELECT extract(epoch FROM o.fin - o.debut) / 60 AS minutes,
    (SELECT sum(extract(epoch FROM least(v.fin, o.fin) - greatest(v.debut, o.debut)) / 60)
     FROM rendezvous_occupation x
     JOIN rendezvous_rendezvous v ON v.collectivite_id = x.collectivite_id AND v.id = x.rendezvous_id
     WHERE x.collectivite_id = r.collectivite_id AND x.ressource_id = r.id
       AND v.debut < o.fin AND v.fin > o.debut) AS prises
  FROM rendezvous_ouverture o WHERE o.collectivite_id = r.collectivite_id AND o.ressource_id = r.id
    AND o.debut >= :du AND o.debut < :au
) o ON true
WHERE r.collectivite_id = ANY (:communes) AND r.actif
GROUP BY r.id, r.nom, c.nom ORDER BY c.nom, r.nom
"""
)
# Free time too short for the shortest visit that the ressource may receive.
_PERDUES = text(
    """
SELECT r.id, coalesce(sum(extract(epoch FROM l.fin - l.debut) / 60), 0)::int AS perdues
FROM rendezvous_libre l
JOIN rendezvous_ressource r ON r.collectivite_id = l.collectivite_id AND r.id = l.ressource_id
WHERE l.collectivite_id = ANY (:communes) AND l.debut >= :du AND l.debut < :au
  AND l.fin - l.debut < make_interval(mins => (
    SELECT min(m.duree_premiere + m.tampon_avant + m.tampon_apres) FROM rendezvous_besoin b
    JOIN rendezvous_motif m ON m.collectivite_id = b.collectivite_id AND m.id = b.motif_id AND m.actif
    WHERE b.collectivite_id = l.collectivite_id AND b.ressource_id = l.ressource_id))
GROUP BY r.id
"""
)
_DELAIS = text(
    "SELECT d.motif_id, m.nom, c.nom AS commune, d.jour, d.delai_jours FROM rendezvous_mesure d"
    " JOIN rendezvous_motif m ON m.collectivite_id = d.collectivite_id AND m.id = d.motif_id"
    " JOIN socle_collectivite c ON c.id = d.collectivite_id"
    " WHERE d.collectivite_id = ANY (:communes) AND d.jour >= :depuis AND m.actif ORDER BY c.nom, m.nom, d.jour"
)


async def list_presences(
    session: AsyncSession, communes: tuple[UUID, ...], du: datetime, au: datetime
) -> list[Any]:
    """By month: who came, who did not, what was given up."""
    return list((await session.execute(_PRESENCES, {"communes": list(communes), "du": du, "au": au})).all())


async def list_remplissage(
    session: AsyncSession, communes: tuple[UUID, ...], du: datetime, au: datetime
) -> list[Any]:
    """By ressource: minutes opened and taken."""
    return list((await session.execute(_REMPLISSAGE, {"communes": list(communes), "du": du, "au": au})).all())


async def list_perdues(
    session: AsyncSession, communes: tuple[UUID, ...], du: datetime, au: datetime
) -> dict[UUID, int]:
    """By ressource: free minutes that no visit can use."""
    rows = await session.execute(_PERDUES, {"communes": list(communes), "du": du, "au": au})
    return {row.id: row.perdues for row in rows}


async def list_delais(session: AsyncSession, communes: tuple[UUID, ...], depuis: date) -> list[Any]:
    """By motif and day: how many days one waited for the first créneau."""
    return list((await session.execute(_DELAIS, {"communes": list(communes), "depuis": depuis})).all())


async def note_delai(
    session: AsyncSession, collectivite_id: UUID, motif_id: UUID, jour: date, delai: int | None
) -> None:
    """Notes the wait of one day, once; a second time the same night says it again."""
    query = text(
        "INSERT INTO rendezvous_mesure (collectivite_id, motif_id, jour, delai_jours) VALUES (:c, :m, :j, :d)"
        " ON CONFLICT (collectivite_id, motif_id, jour) DO UPDATE SET delai_jours = excluded.delai_jours"
    )
    await session.execute(query, {"c": collectivite_id, "m": motif_id, "j": jour, "d": delai})
