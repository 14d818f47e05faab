"""Jobs of the module: the e-mail code, and forgetting old sign-ins."""

from datetime import timedelta
from uuid import UUID

from app.identite import repository
from app.identite.domain import code_courriel
from app.socle.courriers import send_mail
from app.socle.jobs import tache
from app.socle.noyau import Noyau


@tache("identite:envoyer_code")
async def send_code(noyau: Noyau, connexion_id: str, langue: str = "fr") -> None:
    """Sends the six digits in the language of the page that asked, unless the sign-in is already over."""
    async with noyau.db.session() as session:
        pending = await repository.get_connexion(session, UUID(connexion_id))
    if (
        pending is None
        or pending.consommee_le
        or pending.expire_le <= noyau.clock.now()
        or not pending.courriel
    ):
        return
    hote = await noyau.hosts.resolve(pending.hote)
    code = code_courriel(noyau.settings.secret_key.get_secret_value(), connexion_id)
    await send_mail(
        noyau,
        "code_connexion",
        a=pending.courriel,
        collectivite=hote.collectivite if hote else None,
        cle=connexion_id,
        langue=langue,
        code=code,
        minutes=10,
    )


@tache("identite:purger", cron="17 3 * * *")
async def purge(noyau: Noyau, timestamp: str = "") -> None:
    """Forgets sign-ins that ended more than a day ago."""
    del timestamp
    async with noyau.db.session() as session:
        await repository.purge_connexions(session, noyau.clock.now() - timedelta(days=1))
