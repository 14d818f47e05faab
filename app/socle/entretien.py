"""Jobs of the kernel itself: sealing the audit trail, forgetting what has served, restarting what a kill left."""

from datetime import timedelta

from sqlalchemy import text

from app.socle.attendus import destroy_unclaimed
from app.socle.audit import seal
from app.socle.jobs import tache
from app.socle.noyau import Noyau


@tache("socle:sceller", cron="* * * * *")
async def seal_audit(noyau: Noyau, timestamp: str = "") -> None:
    """Seals the lines of the audit trail written since the last time."""
    del timestamp
    async with noyau.db.hors_cloison("sealing of the audit trail") as session:
        await seal(session, noyau.clock.now())


@tache("socle:ramasser", cron="11 * * * *")
async def collect_objects(noyau: Noyau, timestamp: str = "") -> None:
    """Destroys the objects whose row never came."""
    del timestamp
    await destroy_unclaimed(noyau, noyau.clock.now())


@tache("socle:oublier", cron="29 3 * * *")
async def forget(noyau: Noyau, timestamp: str = "") -> None:
    """Forgets form keys and counters older than two days, and sessions over for a month."""
    del timestamp
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("forgetting what has served") as session:
        await session.execute(
            text("DELETE FROM socle_idempotence WHERE cree_le < :avant"), {"avant": now - timedelta(days=2)}
        )
        await session.execute(
            text("DELETE FROM socle_limite WHERE fenetre < :avant"), {"avant": now - timedelta(days=2)}
        )
        await session.execute(
            text("DELETE FROM socle_session WHERE expire_le < :avant"), {"avant": now - timedelta(days=31)}
        )
