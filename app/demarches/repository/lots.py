"""SQL of batches: the batch and its lines, one a dossier; a line is taken in the transaction that does its work."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch


class Lot(NamedTuple):
    """A batch that an agent asked for."""

    id: UUID
    acte: str
    parametres: dict[str, Any]
    nombre: int
    cree_le: datetime


class Avancement(NamedTuple):
    """How far a batch is."""

    a_faire: int
    faits: int
    refuses: int


class Ligne(NamedTuple):
    """A line still to do."""

    collectivite_id: UUID
    rang: int
    dossier_id: UUID


async def add_lot(
    session: AsyncSession,
    agent_id: UUID,
    id_: UUID,
    acte: str,
    parametres: dict[str, Any],
    nombre: int,
    now: datetime,
) -> None:
    """Opens a batch."""
    await session.execute(
        text(
            "INSERT INTO demarches_lot (agent_id, id, acte, parametres, nombre, cree_le)"
            " VALUES (:a, :id, :acte, cast(:p AS jsonb), :n, :le)"
        ),
        {"a": agent_id, "id": id_, "acte": acte, "p": json.dumps(parametres), "n": nombre, "le": now},
    )


async def add_lignes(
    session: AsyncSession, collectivite_id: UUID, lot_id: UUID, rangs: Sequence[int], dossiers: Sequence[UUID]
) -> None:
    """The lines of one collectivité (the one being written)."""
    await session.execute(
        text(
            "INSERT INTO demarches_lot_ligne (collectivite_id, lot_id, rang, dossier_id)"
            " SELECT :c, :lot, r, d FROM unnest(cast(:rangs AS int[]), cast(:dossiers AS uuid[])) AS x(r, d)"
        ),
        {"c": collectivite_id, "lot": lot_id, "rangs": list(rangs), "dossiers": list(dossiers)},
    )


async def get_lot(session: AsyncSession, agent_id: UUID, lot_id: UUID) -> Lot | None:
    """A batch of that agent."""
    sql = "SELECT id, acte, parametres, nombre, cree_le FROM demarches_lot WHERE agent_id = $1 AND id = $2"
    rows = await fetch(session, sql, agent_id, lot_id)
    return Lot(*rows[0]) if rows else None


async def list_lots(session: AsyncSession, agent_id: UUID, limit: int) -> list[Lot]:
    """The agent's batches, latest first."""
    sql = (
        "SELECT id, acte, parametres, nombre, cree_le FROM demarches_lot WHERE agent_id = $1"
        " ORDER BY cree_le DESC LIMIT $2"
    )
    return [Lot(*row) for row in await fetch(session, sql, agent_id, limit)]


async def read_avancement(session: AsyncSession, lot_id: UUID) -> Avancement:
    """How far the batch is."""
    sql = (
        "SELECT count(*) FILTER (WHERE etat = 'a_faire'), count(*) FILTER (WHERE etat = 'fait'),"
        " count(*) FILTER (WHERE etat = 'refuse') FROM demarches_lot_ligne WHERE lot_id = $1"
    )
    (row,) = await fetch(session, sql, lot_id)
    return Avancement(*row)


async def list_refus(session: AsyncSession, lot_id: UUID, limit: int) -> list[Any]:
    """The dossiers that did not fit, with the reason: (dossier_id, numero, motif), in order."""
    sql = (
        "SELECT l.dossier_id, coalesce(d.numero, '') AS numero, l.motif FROM demarches_lot_ligne l"
        " LEFT JOIN demarches_dossier d ON d.collectivite_id = l.collectivite_id AND d.id = l.dossier_id"
        " WHERE l.lot_id = $1 AND l.etat = 'refuse' ORDER BY l.rang LIMIT $2"
    )
    return list(await fetch(session, sql, lot_id, limit))


async def next_ligne(session: AsyncSession, lot_id: UUID) -> Ligne | None:
    """The first line still to do in the collectivités of the perimeter."""
    found = await session.execute(
        text(
            "SELECT collectivite_id, rang, dossier_id FROM demarches_lot_ligne"
            " WHERE lot_id = :lot AND etat = 'a_faire' ORDER BY rang LIMIT 1"
        ),
        {"lot": lot_id},
    )
    row = found.one_or_none()
    return None if row is None else Ligne(*row)


async def take_ligne(session: AsyncSession, lot_id: UUID, ligne: Ligne) -> bool:
    """Marks a line as done, in the transaction that does it; False when another worker has it already."""
    found = await session.execute(
        text(
            "UPDATE demarches_lot_ligne SET etat = 'fait' WHERE collectivite_id = :c AND lot_id = :lot"
            " AND rang = :rang AND etat = 'a_faire' RETURNING rang"
        ),
        {"c": ligne.collectivite_id, "lot": lot_id, "rang": ligne.rang},
    )
    return found.first() is not None


async def refuse_ligne(session: AsyncSession, lot_id: UUID, ligne: Ligne, motif: str) -> None:
    """The act does not fit that dossier: the reason is kept for whoever asked."""
    await session.execute(
        text(
            "UPDATE demarches_lot_ligne SET etat = 'refuse', motif = :motif WHERE collectivite_id = :c"
            " AND lot_id = :lot AND rang = :rang"
        ),
        {"c": ligne.collectivite_id, "lot": lot_id, "rang": ligne.rang, "motif": motif[:500]},
    )


async def forget_lots(session: AsyncSession, before: datetime) -> None:
    """Forgets batches older than that, and their lines (platform role)."""
    values = {"avant": before}
    await session.execute(
        text(
            "DELETE FROM demarches_lot_ligne WHERE lot_id IN (SELECT id FROM demarches_lot WHERE cree_le < :avant)"
        ),
        values,
    )
    await session.execute(text("DELETE FROM demarches_lot WHERE cree_le < :avant"), values)


async def read_agent(session: AsyncSession, agent_id: UUID) -> Any:
    """An active agent and the collectivités that they serve now (platform role), or None."""
    found = await session.execute(
        text(
            "SELECT a.id, a.courriel, a.prenom, a.nom, array_agg(DISTINCT h.collectivite_id) AS collectivites"
            " FROM socle_agent a JOIN socle_habilitation h ON h.agent_id = a.id"
            " JOIN socle_collectivite c ON c.id = h.collectivite_id AND c.etat <> 'close'"
            " WHERE a.id = :id AND a.actif GROUP BY a.id"
        ),
        {"id": agent_id},
    )
    return found.one_or_none()


async def list_versions(
    session: AsyncSession, ids: Sequence[UUID], limit: int
) -> list[tuple[str, str | None]]:
    """The (version, overlay) pairs that these dossiers pin, of those that are at a step."""
    sql = (
        "SELECT DISTINCT version_id, surcouche_id FROM demarches_dossier"
        " WHERE id = ANY($1::uuid[]) AND etape <> '' LIMIT $2"
    )
    return [(row[0], row[1]) for row in await fetch(session, sql, list(ids), limit)]
