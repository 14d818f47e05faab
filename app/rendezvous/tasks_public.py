"""Jobs of the residents' side: messages, reminders, holds to forget. Each may run twice."""

from uuid import UUID

from app.rendezvous.service import annonces
from app.socle.jobs import tache
from app.socle.noyau import Noyau


@tache("rendezvous:annoncer")
async def tell(noyau: Noyau, collectivite_id: str, rendezvous_id: str, quoi: str) -> None:
    """Tells a person what happened to their rendez-vous."""
    await annonces.tell(noyau, UUID(collectivite_id), UUID(rendezvous_id), quoi)


@tache("rendezvous:envoyer_code")
async def send_code(noyau: Noyau, collectivite_id: str, rendezvous_id: str) -> None:
    """Sends the code that proves an address."""
    await annonces.send_code(noyau, UUID(collectivite_id), UUID(rendezvous_id))


@tache("rendezvous:rappels", cron="*/5 * * * *")
async def ask_rappels(noyau: Noyau, timestamp: str = "") -> None:
    """Asks for the reminders that are due."""
    del timestamp
    await annonces.ask_rappels(noyau, noyau.clock.now())


@tache("rendezvous:rappeler")
async def remind(noyau: Noyau, collectivite_id: str, rendezvous_id: str, genre: str) -> None:
    """Sends one reminder."""
    await annonces.remind(noyau, UUID(collectivite_id), UUID(rendezvous_id), genre)


@tache("rendezvous:rappeler_sms")
async def remind_sms(noyau: Noyau, collectivite_id: str, rendezvous_id: str, genre: str) -> None:
    """Sends one reminder as a text message."""
    await annonces.remind_sms(noyau, UUID(collectivite_id), UUID(rendezvous_id), genre)


@tache("rendezvous:oublier", cron="20 4 * * *")
async def forget(noyau: Noyau, timestamp: str = "") -> None:
    """Forgets the holds that nobody confirmed."""
    del timestamp
    await annonces.forget(noyau, noyau.clock.now())
