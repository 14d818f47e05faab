"""Objects whose bytes are stored before the row that owns them: announced first, so that none is ever orphaned.

`announce` before the bytes, in a transaction of its own; `claim` in the transaction that adds the row. What was
announced and never claimed (a process killed in between) is destroyed by a job a day later.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch
from app.socle.models import ObjetAttendu
from app.socle.noyau import Noyau

PATIENCE = timedelta(days=1)
_ANNOUNCE = "INSERT INTO socle_objet_attendu (id, attendu_le) VALUES ($1, $2)"


async def announce(noyau: Noyau, objet_id: UUID) -> None:
    """An object of that id is about to be stored."""
    await noyau.db.alone(_ANNOUNCE, objet_id, noyau.clock.now())


async def claim(session: AsyncSession, objet_id: UUID) -> None:
    """The object has its row, in this transaction."""
    await fetch(session, "DELETE FROM socle_objet_attendu WHERE id = $1", objet_id)


async def destroy_unclaimed(noyau: Noyau, now: datetime) -> int:
    """Destroys what was announced more than a day ago and never claimed; returns how many."""
    async with noyau.db.session() as session:
        query = select(ObjetAttendu.id).where(ObjetAttendu.attendu_le < now - PATIENCE).limit(1000)
        lost = list((await session.execute(query)).scalars())
    for objet_id in lost:
        await noyau.objets.detruire(objet_id)
    async with noyau.db.session() as session:
        await session.execute(delete(ObjetAttendu).where(ObjetAttendu.id.in_(lost)))
    return len(lost)
