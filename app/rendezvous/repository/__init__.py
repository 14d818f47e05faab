"""SQL of the rendez-vous: what is possible, what is opened, what is held and booked."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous.domain.creneaux import Possible
from app.rendezvous.models import Besoin, Lieu, Motif, Plage, RendezVous, Ressource

# For each rank, when a visit could begin with one of its ressources; then when it could with one of each rank.
_POSSIBLES = text(
    """
WITH rangs AS (
  SELECT l.lieu_id, b.rang,
    range_agg(tstzrange(l.debut + cast(:avant AS interval), l.fin - cast(:duree AS interval), '[]')) AS possibles
  FROM rendezvous_besoin b
  JOIN rendezvous_ressource r ON r.collectivite_id = b.collectivite_id AND r.id = b.ressource_id AND r.actif
  JOIN rendezvous_libre l ON l.collectivite_id = b.collectivite_id AND l.ressource_id = b.ressource_id
  WHERE b.collectivite_id = :collectivite AND b.motif_id = :motif AND l.fin > :du AND l.debut < :au
    AND l.fin - l.debut >= cast(:entier AS interval) AND (l.motifs IS NULL OR b.motif_id = ANY (l.motifs))
    AND (cast(:lieu AS uuid) IS NULL OR l.lieu_id = :lieu)
  GROUP BY l.lieu_id, b.rang
), complets AS (
  SELECT lieu_id, range_intersect_agg(possibles) AS possibles FROM rangs GROUP BY lieu_id
  HAVING count(*) = (SELECT count(DISTINCT rang) FROM rendezvous_besoin
                     WHERE collectivite_id = :collectivite AND motif_id = :motif)
)
SELECT lieu_id, lower(p), upper(p) FROM complets, unnest(possibles) AS p ORDER BY lieu_id, lower(p)
"""
)


async def list_possibles(
    session: AsyncSession, motif: Motif, duree: timedelta, du: datetime, au: datetime, lieu_id: UUID | None
) -> list[tuple[UUID, Possible]]:
    """When a visit of that length could begin, by lieu; one statement, whatever the number of ressources."""
    before = timedelta(minutes=motif.tampon_avant)
    after = duree + timedelta(minutes=motif.tampon_apres)
    values = {
        "collectivite": motif.collectivite_id,
        "motif": motif.id,
        "lieu": lieu_id,
        "avant": before,
        "duree": after,
        "entier": before + after,
        "du": du,
        "au": au,
    }
    rows = await session.execute(_POSSIBLES, values)
    return [(row[0], Possible(row[1], row[2])) for row in rows]


async def get_motif(session: AsyncSession, collectivite_id: UUID, motif_id: UUID) -> Motif | None:
    """A motif of that collectivité."""
    query = select(Motif).where(Motif.collectivite_id == collectivite_id, Motif.id == motif_id)
    return (await session.execute(query)).scalar_one_or_none()


async def list_motifs(session: AsyncSession, collectivite_id: UUID) -> list[Motif]:
    """The motifs that are in use, by name."""
    query = select(Motif).where(Motif.collectivite_id == collectivite_id, Motif.actif).order_by(Motif.nom)
    return list((await session.execute(query)).scalars())


async def list_lieux(session: AsyncSession, collectivite_id: UUID) -> list[Lieu]:
    """The places that are in use, by name."""
    query = select(Lieu).where(Lieu.collectivite_id == collectivite_id, Lieu.actif).order_by(Lieu.nom)
    return list((await session.execute(query)).scalars())


async def count_by_day(
    session: AsyncSession, motif: Motif, du: datetime, au: datetime, zone: str
) -> dict[Any, int]:
    """How many rendez-vous of a motif stand on each local day."""
    query = text(
        "SELECT (debut AT TIME ZONE :zone)::date, count(*) FROM rendezvous_rendezvous WHERE collectivite_id = :id"
        " AND motif_id = :motif AND debut >= :du AND debut < :au AND etat NOT IN ('annule', 'expire') GROUP BY 1"
    )
    values = {"zone": zone, "id": motif.collectivite_id, "motif": motif.id, "du": du, "au": au}
    return {row[0]: row[1] for row in await session.execute(query, values)}


async def add(session: AsyncSession, model: type[Any], **values: Any) -> None:
    """One row of the settings: a lieu, a ressource, a motif, a besoin, a plage."""
    await session.execute(insert(model).values(**values))


async def list_plages(
    session: AsyncSession, collectivite_id: UUID, ressource_id: UUID | None = None
) -> list[tuple[Plage, str]]:
    """The rules of opening with the time zone of their lieu; of one ressource, or of all."""
    query = (
        select(Plage, Lieu.fuseau)
        .join(Lieu, (Lieu.collectivite_id == Plage.collectivite_id) & (Lieu.id == Plage.lieu_id))
        .where(Plage.collectivite_id == collectivite_id)
    )
    if ressource_id is not None:
        query = query.where(Plage.ressource_id == ressource_id)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def replace_ouvertures(
    session: AsyncSession,
    ressource_id: UUID,
    debut: datetime,
    fin: datetime,
    rows: Sequence[dict[str, Any]],
) -> None:
    """The openings of a ressource that begin in a window, written anew with their free time, in one statement."""
    values = {
        "ressource": ressource_id,
        "debut": debut,
        "fin": fin,
        "ouvertures": json.dumps(list(rows), default=str),
    }
    query = text("SELECT rendezvous_ouvrir(:ressource, :debut, :fin, cast(:ouvertures AS jsonb))")
    await session.execute(query, values)


async def add_rendezvous(session: AsyncSession, **values: Any) -> None:
    """Records a hold; it takes nothing yet."""
    await session.execute(insert(RendezVous).values(**values))


async def occupy(session: AsyncSession, rendezvous_id: UUID, now: datetime) -> bool:
    """Takes what a hold needs, waiting for whoever came before; False when it is not free any more."""
    query = text("SELECT rendezvous_occuper(:id, :maintenant)")
    return bool((await session.execute(query, {"id": rendezvous_id, "maintenant": now})).scalar_one())


async def get_rendezvous(
    session: AsyncSession, rendezvous_id: UUID, *, lock: bool = False
) -> RendezVous | None:
    """A rendez-vous that the transaction may see; locked when it is about to change."""
    query = select(RendezVous).where(RendezVous.id == rendezvous_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def update_rendezvous(session: AsyncSession, found: RendezVous, now: datetime, **values: Any) -> None:
    """Changes a rendez-vous read before; what it occupies follows by itself."""
    await session.execute(
        update(RendezVous)
        .where(RendezVous.collectivite_id == found.collectivite_id, RendezVous.id == found.id)
        .values(modifie_le=now, **values)
    )


async def list_expired(session: AsyncSession, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(collectivité, rendez-vous) of the holds whose time is over (platform role)."""
    query = text(
        "SELECT collectivite_id, id FROM rendezvous_rendezvous WHERE expire_le <= :maintenant LIMIT :limite"
    )
    rows = await session.execute(query, {"maintenant": now, "limite": limit})
    return [(row[0], row[1]) for row in rows]


async def delete_besoins(session: AsyncSession, collectivite_id: UUID, motif_id: UUID) -> None:
    """Forgets what a motif needs, before it is written anew."""
    await session.execute(
        delete(Besoin).where(Besoin.collectivite_id == collectivite_id, Besoin.motif_id == motif_id)
    )


async def get_ressource(session: AsyncSession, collectivite_id: UUID, ressource_id: UUID) -> Ressource | None:
    """A ressource of that collectivité."""
    query = select(Ressource).where(
        Ressource.collectivite_id == collectivite_id, Ressource.id == ressource_id
    )
    return (await session.execute(query)).scalar_one_or_none()
