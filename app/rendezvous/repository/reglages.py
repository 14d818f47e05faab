"""SQL of the settings: everything that a collectivité says of its rendez-vous, read whole and written row by row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous.models import Besoin, Lieu, Motif, Plage, Ressource
from app.rendezvous.models_agenda import Absence, Fermeture
from app.socle.models import Collectivite


async def get_collectivite(session: AsyncSession, slug: str) -> Collectivite | None:
    """A collectivité by its slug."""
    return (await session.execute(select(Collectivite).where(Collectivite.slug == slug))).scalar_one_or_none()


async def list_collectivites(session: AsyncSession, ids: tuple[UUID, ...]) -> list[tuple[str, str]]:
    """Slug and name of some collectivités, by name."""
    query = (
        select(Collectivite.slug, Collectivite.nom).where(Collectivite.id.in_(ids)).order_by(Collectivite.nom)
    )
    return [(row.slug, row.nom) for row in (await session.execute(query)).all()]


async def list_all(session: AsyncSession, model: type[Any], collectivite_id: UUID) -> list[Any]:
    """Every row of one kind of setting, in use first, by name when it has one."""
    query = select(model).where(model.collectivite_id == collectivite_id)
    if hasattr(model, "nom"):
        query = query.order_by(model.actif.desc(), model.nom)
    return list((await session.execute(query)).scalars())


async def list_besoins(session: AsyncSession, collectivite_id: UUID) -> list[Besoin]:
    """What every motif needs."""
    query = select(Besoin).where(Besoin.collectivite_id == collectivite_id).order_by(Besoin.rang)
    return list((await session.execute(query)).scalars())


async def list_plages(session: AsyncSession, collectivite_id: UUID) -> list[Plage]:
    """The rules of opening, by ressource and hour."""
    query = (
        select(Plage)
        .where(Plage.collectivite_id == collectivite_id)
        .order_by(Plage.ressource_id, Plage.regle, Plage.heure_debut, Plage.id)
    )
    return list((await session.execute(query)).scalars())


async def list_agents(session: AsyncSession, collectivite_id: UUID) -> dict[UUID, str]:
    """The agents who serve a collectivité, by id."""
    query = text(
        "SELECT DISTINCT a.id, btrim(a.prenom || ' ' || a.nom) AS nom FROM socle_habilitation h"
        " JOIN socle_agent a ON a.id = h.agent_id WHERE h.collectivite_id = :id AND a.actif ORDER BY 2"
    )
    return {row.id: row.nom for row in await session.execute(query, {"id": collectivite_id})}


async def add(session: AsyncSession, model: type[Any], values: dict[str, Any]) -> None:
    """Adds one row."""
    await session.execute(insert(model).values(**values))


async def change(
    session: AsyncSession, model: type[Any], collectivite_id: UUID, id_: UUID, values: dict[str, Any]
) -> None:
    """Changes one row."""
    await session.execute(
        update(model).where(model.collectivite_id == collectivite_id, model.id == id_).values(**values)
    )


async def remove(session: AsyncSession, model: type[Any], collectivite_id: UUID, id_: UUID) -> None:
    """Deletes one row."""
    await session.execute(delete(model).where(model.collectivite_id == collectivite_id, model.id == id_))


async def count_rendezvous(session: AsyncSession, motif_id: UUID, now: datetime) -> tuple[int, int]:
    """How many rendez-vous a motif has ever had, and how many are to come."""
    query = text(
        "SELECT count(*), count(*) FILTER (WHERE debut > :maintenant AND etat IN ('retenu', 'confirme'))"
        " FROM rendezvous_rendezvous WHERE motif_id = :id"
    )
    row = (await session.execute(query, {"id": motif_id, "maintenant": now})).one()
    return row[0], row[1]


_USED = {
    "lieu": "SELECT 1 FROM rendezvous_rendezvous WHERE lieu_id = :id UNION ALL"
    " SELECT 1 FROM rendezvous_plage WHERE lieu_id = :id LIMIT 1",
    "ressource": "SELECT 1 FROM rendezvous_occupation WHERE ressource_id = :id UNION ALL"
    " SELECT 1 FROM rendezvous_plage WHERE ressource_id = :id UNION ALL"
    " SELECT 1 FROM rendezvous_absence a JOIN rendezvous_ressource r ON r.collectivite_id = a.collectivite_id"
    " AND r.occupant_id = a.occupant_id WHERE r.id = :id LIMIT 1",
}


async def is_used(session: AsyncSession, genre: str, id_: UUID) -> bool:
    """Whether rendez-vous, rules or absences name a lieu or a ressource."""
    return (await session.execute(text(_USED[genre]), {"id": id_})).first() is not None


MODELES: dict[str, type[Any]] = {
    "lieu": Lieu,
    "ressource": Ressource,
    "motif": Motif,
    "plage": Plage,
    "fermeture": Fermeture,
    "absence": Absence,
}
