"""Jobs of the desk: batches that go on, and forgetting them once they are old. Each may run twice."""

from datetime import timedelta
from uuid import UUID

from app.demarches.repository import lots as lots_repository
from app.demarches.service import lots
from app.socle.contexte_travail import personne_of
from app.socle.jobs import tache
from app.socle.noyau import Noyau

LOTS_GARDES = timedelta(days=90)


@tache("demarches:traiter_lot")
async def carry_on_batch(noyau: Noyau, lot_id: str, agent_id: str) -> None:
    """Does the next lines of a batch; nothing more is done for an agent who left."""
    async with noyau.db.hors_cloison("rights of the agent of a batch") as session:
        row = await lots_repository.read_agent(session, UUID(agent_id))
    if row is not None:
        await lots.carry_on(noyau, UUID(lot_id), personne_of(row))


@tache("demarches:oublier_lots", cron="53 3 * * *")
async def forget_batches(noyau: Noyau, timestamp: str = "") -> None:
    """Forgets batches older than three months: the history of each dossier keeps what they did."""
    del timestamp
    async with noyau.db.hors_cloison("forgetting old batches") as session:
        await lots_repository.forget_lots(session, noyau.clock.now() - LOTS_GARDES)
