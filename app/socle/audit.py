"""The audit trail: plain lines in the transaction of the act, sealed afterwards in hash-chained batches by the worker.

A chain in the request itself would put every write of a town in one line. Lines are append-only by SQL grants and a
trigger; `verify_chain` finds any that was changed or removed since it was sealed.
"""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.contexte import Contexte
from app.socle.db import fetch

BATCH = 1000

# Nothing is read back: who writes a line may not be allowed to read it.
_WRITE = (
    "INSERT INTO socle_audit (collectivite_id, quand, acteur, action, objet, details, requete)"
    " VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7)"
)


async def record(
    ctx: Contexte, action: str, objet: str, collectivite_id: UUID | None = None, **details: Any
) -> None:
    """Adds one line: who did what (`module:thing:verb`) to which object; never personal data in `details`."""
    await record_as(
        ctx.db,
        ctx.now,
        ctx.acteur,
        action,
        objet,
        collectivite_id=collectivite_id,
        requete=ctx.requete,
        **details,
    )


async def record_as(
    session: AsyncSession,
    now: datetime,
    acteur: str,
    action: str,
    objet: str,
    *,
    collectivite_id: UUID | None = None,
    requete: str = "",
    **details: Any,
) -> None:
    """The same, outside a request (jobs, commands)."""
    line = json.dumps(details, ensure_ascii=False)
    await fetch(session, _WRITE, collectivite_id, now, acteur, action, objet, line, requete)


def line_digest(previous: bytes, row: Any) -> bytes:
    """SHA-256 over the previous digest and every field of the line."""
    content = json.dumps(
        [
            row.id,
            str(row.collectivite_id),
            row.quand.isoformat(),
            row.acteur,
            row.action,
            row.objet,
            row.details,
            row.requete,
        ],
        sort_keys=True,
        ensure_ascii=False,
    )
    return hashlib.sha256(previous + content.encode()).digest()


_CHAINS = text(
    "SELECT DISTINCT coalesce(collectivite_id::text, 'plateforme') AS chaine FROM socle_audit WHERE lot IS NULL"
)
_LAST = text("SELECT rang, empreinte FROM socle_audit_lot WHERE chaine = :chaine ORDER BY rang DESC LIMIT 1")
_LINES = text(
    "SELECT id, collectivite_id, quand, acteur, action, objet, details, requete FROM socle_audit"
    " WHERE lot IS NULL AND coalesce(collectivite_id::text, 'plateforme') = :chaine ORDER BY id LIMIT :nombre"
)


async def seal(session: AsyncSession, now: datetime) -> int:
    """Seals what is not sealed yet, one batch a chain (a chain a collectivité); returns the number of lines.

    Runs under the platform role; an advisory lock keeps it alone.
    """
    locked = (await session.execute(text("SELECT pg_try_advisory_xact_lock(71937194)"))).scalar_one()
    if not locked:
        return 0
    total = 0
    for chaine in (await session.execute(_CHAINS)).scalars().all():
        total += await _seal_chain(session, chaine, now)
    return total


async def _seal_chain(session: AsyncSession, chaine: str, now: datetime) -> int:
    last = (await session.execute(_LAST, {"chaine": chaine})).one_or_none()
    rang, previous = (last.rang + 1, last.empreinte) if last else (1, b"\0" * 32)
    rows = (await session.execute(_LINES, {"chaine": chaine, "nombre": BATCH})).all()
    if not rows:
        return 0
    digest = previous
    for row in rows:
        digest = line_digest(digest, row)
    await session.execute(
        text("UPDATE socle_audit SET lot = :rang WHERE id = ANY(:ids)"),
        {"rang": rang, "ids": [r.id for r in rows]},
    )
    await session.execute(
        text(
            "INSERT INTO socle_audit_lot (chaine, rang, nombre, dernier, precedente, empreinte, scelle_le)"
            " VALUES (:chaine, :rang, :nombre, :dernier, :precedente, :empreinte, :maintenant)"
        ),
        {
            "chaine": chaine,
            "rang": rang,
            "nombre": len(rows),
            "dernier": rows[-1].id,
            "precedente": previous,
            "empreinte": digest,
            "maintenant": now,
        },
    )
    return len(rows)


async def verify_chain(session: AsyncSession) -> list[str]:
    """One sentence per batch that no longer matches its lines, or per break in a chain; empty when all is whole."""
    faults: list[str] = []
    previous: dict[str, tuple[int, bytes]] = {}
    lots = (await session.execute(text("SELECT * FROM socle_audit_lot ORDER BY chaine, rang"))).all()
    for lot in lots:
        rang, digest = previous.get(lot.chaine, (0, b"\0" * 32))
        if lot.rang != rang + 1 or lot.precedente != digest:
            faults.append(f"chaîne {lot.chaine} : le lot {lot.rang} ne suit pas le lot {rang}")
        digest = lot.precedente
        rows = (
            await session.execute(
                text(
                    "SELECT id, collectivite_id, quand, acteur, action, objet, details, requete FROM socle_audit"
                    " WHERE lot = :rang AND coalesce(collectivite_id::text, 'plateforme') = :chaine ORDER BY id"
                ),
                {"rang": lot.rang, "chaine": lot.chaine},
            )
        ).all()
        for row in rows:
            digest = line_digest(digest, row)
        if len(rows) != lot.nombre or digest != lot.empreinte:
            faults.append(f"chaîne {lot.chaine} : le lot {lot.rang} a été modifié après avoir été scellé")
        previous[lot.chaine] = (lot.rang, lot.empreinte)
    return faults
