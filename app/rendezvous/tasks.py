"""Jobs of the module: holds whose time is over, and the openings of the year ahead."""

from uuid import UUID

from app.rendezvous.service import mesures, ouvertures, reservation
from app.socle.jobs import emit, tache
from app.socle.noyau import Noyau


@tache("rendezvous:liberer", cron="* * * * *")
async def free_holds(noyau: Noyau, timestamp: str = "") -> None:
    """Gives back what was held beyond its time."""
    del timestamp
    await reservation.sweep(noyau, noyau.clock.now())


@tache("rendezvous:deplier_tout", cron="40 3 * * *")
async def expand_all(noyau: Noyau, timestamp: str = "") -> None:
    """One job for each collectivité that has a rule of opening."""
    del timestamp
    found = await ouvertures.list_to_advance(noyau)
    async with noyau.db.session() as session:
        for collectivite_id in found:
            await emit(session, "rendezvous:deplier", collectivite_id=collectivite_id)


@tache("rendezvous:deplier")
async def expand_one(noyau: Noyau, collectivite_id: str) -> None:
    """Opens the days that have come within the horizon of one collectivité, and notes how long one waits there."""
    await ouvertures.advance(noyau, UUID(collectivite_id))
    await mesures.note(noyau, UUID(collectivite_id))
