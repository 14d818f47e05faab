"""Clients of a process of their own, who all want the same moment; imported by a fork server, without pytest."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from uuid import UUID

from app.rendezvous.service import reservation
from app.rendezvous.service.reservation import Choix, CreneauPrisError
from app.socle.db import Database
from app.socle.tenancy import Perimetre


@dataclass(frozen=True)
class Envie:
    """What everybody wants, and the database that they ask; `premier` numbers the clients of this process."""

    url: str
    collectivite_id: UUID
    motif_id: UUID
    lieu_id: UUID
    debut: datetime
    seance_id: UUID | None
    maintenant: datetime
    premier: int
    clients: int


async def _wish(db: Database, envie: Envie, number: int, held: asyncio.Event | None = None) -> bool:
    """One client holds and confirms in one transaction; with `held`, says so there and never ends."""
    jeton = b"client %03d" % number
    choix = Choix(
        envie.motif_id, envie.lieu_id, envie.debut, "Europe/Paris", seance_id=envie.seance_id,
        jeton_empreinte=jeton,
    )  # fmt: skip
    ici = envie.collectivite_id
    try:
        async with db.session(Perimetre(lecture=(ici,), ecriture=ici, jeton=jeton)) as session:
            id_ = await reservation.hold(session, ici, choix, envie.maintenant)
            await reservation.confirm(session, id_, envie.maintenant)
            if held is not None:
                held.set()
                await asyncio.Event().wait()
    except CreneauPrisError:
        return False
    return True


async def _crowd(envie: Envie, pipe: Connection, suspend: bool) -> None:
    db = Database(envie.url, envie.url, pool_size=envie.clients)
    try:
        numbers = range(envie.premier, envie.premier + envie.clients)
        wishes: list[Awaitable[bool]] = [_wish(db, envie, number) for number in numbers[suspend:]]
        if suspend:
            held = asyncio.Event()
            wishes.append(asyncio.ensure_future(_wish(db, envie, envie.premier, held)))
            await held.wait()
            pipe.send(True)
        pipe.send(sum(await asyncio.gather(*wishes)))
    finally:
        await db.close()


def crowd(envie: Envie, pipe: Connection, suspend: bool) -> None:
    """All at once; sends how many were accepted. With `suspend`, one holds, says so, and never commits."""
    asyncio.run(_crowd(envie, pipe, suspend))
