"""Jobs of the module: holds whose time is over, and the openings of the year ahead."""

from app.rendezvous.service import reservation
from app.socle.jobs import tache
from app.socle.noyau import Noyau


@tache("rendezvous:liberer", cron="* * * * *")
async def free_holds(noyau: Noyau, timestamp: str = "") -> None:
    """Gives back what was held beyond its time."""
    del timestamp
    await reservation.sweep(noyau, noyau.clock.now())
