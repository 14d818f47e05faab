"""SQL of the measures: statistics of a démarche, delays told to residents, satisfaction, where drafts stop."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch

# A delay is told only where so many decisions make it one, and it is of the last year.
AU_MOINS = 20

_DELAIS = "d.clos_le IS NOT NULL AND d.etat <> 'retire'"
_JOURS = "extract(epoch FROM d.clos_le - d.depose_le) / 86400"
_STATISTIQUES = f"""
WITH d AS MATERIALIZED (
  SELECT d.etat, d.depose_le, d.clos_le, d.silence_le, d.canal FROM demarches_dossier d
  WHERE d.collectivite_id = ANY($1::uuid[]) AND d.depose_le IS NOT NULL AND d.depose_le >= $3
    AND ($2 = '' OR d.slug = $2))
SELECT json_build_object(
  'etats', (SELECT json_object_agg(x.etat, x.n) FROM (SELECT d.etat, count(*) AS n FROM d GROUP BY 1) x),
  'canaux', (SELECT json_object_agg(x.canal, x.n) FROM (SELECT d.canal, count(*) AS n FROM d GROUP BY 1) x),
  'mois', (SELECT json_agg(json_build_array(x.mois, x.n) ORDER BY x.mois) FROM (
    SELECT to_char(d.depose_le AT TIME ZONE 'Europe/Paris', 'YYYY-MM') AS mois, count(*) AS n FROM d GROUP BY 1) x),
  'decides', (SELECT count(*) FROM d WHERE {_DELAIS}),
  'mediane', (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {_JOURS}) FROM d WHERE {_DELAIS}),
  'p90', (SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY {_JOURS}) FROM d WHERE {_DELAIS}),
  'retard', (SELECT count(*) FROM d WHERE d.clos_le IS NULL AND d.silence_le < $4::date),
  'notes', (SELECT json_object_agg(x.note, x.n) FROM (SELECT s.note, sum(s.nombre) AS n FROM demarches_satisfaction s
    WHERE s.collectivite_id = ANY($1::uuid[]) AND ($2 = '' OR s.slug = $2) AND s.mois >= $3::date GROUP BY 1) x),
  'abandons', (SELECT json_object_agg(x.page, x.n) FROM (SELECT a.page, sum(a.nombre) AS n FROM demarches_abandon a
    WHERE a.collectivite_id = ANY($1::uuid[]) AND a.slug = $2 AND a.mois >= $3::date GROUP BY 1) x)
)::text
"""  # noqa: S608 - words of ours


async def read_statistiques(
    session: AsyncSession, collectivites: Sequence[UUID], slug: str, since: datetime, today: Any
) -> dict[str, Any]:
    """Everything counted of what was filed since then, in one statement; delays in days."""
    (row,) = await fetch(session, _STATISTIQUES, list(collectivites), slug, since, today)
    found: dict[str, Any] = json.loads(row[0])
    return found


async def count_drafts(session: AsyncSession, slug: str, now: datetime) -> list[tuple[str, str, int]]:
    """(version, field answered last or '', how many) of the drafts of the perimeter left for a day."""
    sql = "SELECT version_id, champ_id, nombre FROM compter_brouillons($1, $2)"
    return [(row[0], row[1], row[2]) for row in await fetch(session, sql, slug, now)]


async def give_opinion(session: AsyncSession, dossier_id: UUID, note: int, now: datetime) -> bool:
    """Counts one answer; False when the dossier is not closed, not of this perimeter, or was answered for already."""
    found = await session.execute(
        text("SELECT donner_avis(:d, :n, :le)"), {"d": dossier_id, "n": note, "le": now}
    )
    return bool(found.scalar_one())


_PUBLIER = f"""
UPDATE demarches_adoption a SET delai_nombre = m.nombre, delai_mediane = m.mediane, delai_p90 = m.p90
FROM (
  SELECT a2.collectivite_id, a2.slug, x.nombre, x.mediane, x.p90 FROM demarches_adoption a2 LEFT JOIN (
    SELECT d.collectivite_id, d.slug, count(*) AS nombre,
      greatest(1, ceil(percentile_cont(0.5) WITHIN GROUP (ORDER BY {_JOURS})))::smallint AS mediane,
      greatest(1, ceil(percentile_cont(0.9) WITHIN GROUP (ORDER BY {_JOURS})))::smallint AS p90
    FROM demarches_dossier d WHERE {_DELAIS} AND NOT d.essai AND d.clos_le >= cast(:depuis AS timestamptz)
    GROUP BY 1, 2 HAVING count(*) >= :au_moins
  ) x ON x.collectivite_id = a2.collectivite_id AND x.slug = a2.slug
) m
WHERE m.collectivite_id = a.collectivite_id AND m.slug = a.slug
  AND (a.delai_mediane, a.delai_p90) IS DISTINCT FROM (m.mediane, m.p90)
"""  # noqa: S608 - words of ours


async def publish_delays(session: AsyncSession, since: datetime) -> None:
    """Writes each démarche's delays of decisions since then where they changed (platform role)."""
    await session.execute(text(_PUBLIER), {"depuis": since, "au_moins": AU_MOINS})


async def read_delay(session: AsyncSession, collectivite_id: UUID, slug: str) -> int | None:
    """Within how many days half of the demands were answered, or None where too few were."""
    sql = "SELECT delai_mediane FROM demarches_adoption WHERE collectivite_id = :c AND slug = :s"
    found = await session.execute(text(sql), {"c": collectivite_id, "s": slug})
    value: int | None = found.scalar_one_or_none()
    return value


_ABANDONS = """
INSERT INTO demarches_abandon (collectivite_id, slug, mois, page, nombre)
SELECT d.collectivite_id, d.slug, date_trunc('month', d.cree_le)::date, coalesce(p.page, ''), count(*)
FROM demarches_dossier d JOIN demarches_version v ON v.id = d.version_id
LEFT JOIN LATERAL (SELECT r.champ_id FROM demarches_reponse r WHERE r.collectivite_id = d.collectivite_id
  AND r.dossier_id = d.id ORDER BY r.modifie_le DESC LIMIT 1) r ON true
LEFT JOIN LATERAL (SELECT e.value ->> 'id' AS page FROM jsonb_array_elements(v.contenu -> 'pages') e
  WHERE jsonb_path_exists(e.value, '$.**.id ? (@ == $champ)', jsonb_build_object('champ', r.champ_id)) LIMIT 1) p
  ON true
WHERE d.etat = 'brouillon' AND d.canal = 'web' AND NOT d.essai
  AND d.modifie_le + make_interval(days => (v.contenu #>> '{conservation,brouillon_jours}')::int) < :maintenant
GROUP BY 1, 2, 3, 4
ON CONFLICT (collectivite_id, slug, mois, page) DO UPDATE SET nombre = demarches_abandon.nombre + excluded.nombre
"""


async def count_abandons(session: AsyncSession, now: datetime) -> None:
    """Counts the drafts about to be purged, by the page where they stopped (platform role, same transaction)."""
    await session.execute(text(_ABANDONS), {"maintenant": now})


_RESUMES = """
SELECT p.agent_id FROM demarches_preference p JOIN socle_agent a ON a.id = p.agent_id AND a.actif
WHERE p.resume_heure = :heure AND (p.dernier_resume IS NULL OR p.dernier_resume < cast(:avant AS timestamptz))
  AND ((p.resume = 'quotidien' AND :jour < 6) OR (p.resume = 'hebdomadaire' AND p.resume_jour = :jour))
"""


async def list_due_digests(session: AsyncSession, heure: int, jour: int, before: datetime) -> list[UUID]:
    """The agents whose summary is due at this local hour and ISO weekday, none since `before` (platform role)."""
    found = await session.execute(text(_RESUMES), {"heure": heure, "jour": jour, "avant": before})
    return list(found.scalars())


async def last_digest(session: AsyncSession, agent_id: UUID) -> datetime | None:
    """When the agent's last summary was made."""
    rows = await fetch(
        session, "SELECT dernier_resume FROM demarches_preference WHERE agent_id = $1", agent_id
    )
    return rows[0][0] if rows else None


async def mark_digest(session: AsyncSession, agent_id: UUID, now: datetime) -> None:
    """A summary was made."""
    await session.execute(
        text("UPDATE demarches_preference SET dernier_resume = :le WHERE agent_id = :a"),
        {"le": now, "a": agent_id},
    )
