"""SQL of « why is there no créneau? »: what each needed ressource has on each day, opened, free and away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_TEMPS = text(
    """
SELECT b.rang, r.nom, r.occupant_id, q.quoi, q.debut, q.fin
FROM rendezvous_besoin b
JOIN rendezvous_ressource r ON r.collectivite_id = b.collectivite_id AND r.id = b.ressource_id AND r.actif
JOIN LATERAL (
  SELECT 'ouvert' AS quoi, o.debut, o.fin FROM rendezvous_ouverture o
    WHERE o.collectivite_id = b.collectivite_id AND o.ressource_id = r.id AND o.fin > :du AND o.debut < :au
      AND (o.motifs IS NULL OR b.motif_id = ANY (o.motifs))
  UNION ALL SELECT 'libre', l.debut, l.fin FROM rendezvous_libre l
    WHERE l.collectivite_id = b.collectivite_id AND l.ressource_id = r.id AND l.fin > :du AND l.debut < :au
      AND (l.motifs IS NULL OR b.motif_id = ANY (l.motifs))
  UNION ALL SELECT 'absent', a.debut, a.fin FROM rendezvous_absence a
    WHERE a.occupant_id = r.occupant_id AND a.fin > :du AND a.debut < :au
) q ON true
WHERE b.collectivite_id = :collectivite AND b.motif_id = :motif
ORDER BY b.rang, r.nom, q.debut
"""
)


async def list_temps(
    session: AsyncSession, collectivite_id: UUID, motif_id: UUID, du: datetime, au: datetime
) -> list[Any]:
    """(rang, nom, occupant_id, quoi, debut, fin) of everything that is opened, free or away; one statement."""
    values = {"collectivite": collectivite_id, "motif": motif_id, "du": du, "au": au}
    return list((await session.execute(_TEMPS, values)).all())


async def list_rangs(session: AsyncSession, collectivite_id: UUID, motif_id: UUID) -> list[Any]:
    """(rang, ressource_id, nom) of what a motif needs, those out of use left out."""
    query = text(
        "SELECT b.rang, r.id, r.nom FROM rendezvous_besoin b JOIN rendezvous_ressource r"
        " ON r.collectivite_id = b.collectivite_id AND r.id = b.ressource_id AND r.actif"
        " WHERE b.collectivite_id = :collectivite AND b.motif_id = :motif ORDER BY b.rang, r.nom"
    )
    values = {"collectivite": collectivite_id, "motif": motif_id}
    return list((await session.execute(query, values)).all())
