"""Jobs of the module: the invitation that an agent receives, and forgetting files that nobody confirmed."""

from datetime import timedelta
from uuid import UUID

from app.collectivites import repository
from app.collectivites.saisie import ROLES
from app.socle.articles import de
from app.socle.courriers import send_mail
from app.socle.hosts import list_vues
from app.socle.jobs import tache
from app.socle.noyau import Noyau


@tache("collectivites:inviter")
async def invite(noyau: Noyau, collectivite_id: str, agent_id: str, par: str, requete: str) -> None:
    """Tells an agent of their right; nothing is sent when it was taken away meanwhile. Once per invitation."""
    async with noyau.db.hors_cloison("invitation of an agent") as session:
        found = await repository.get_agent_right(session, UUID(collectivite_id), UUID(agent_id))
        vues = await list_vues(session, [UUID(collectivite_id)])
        invite_par = await repository.get_agent_name(session, UUID(par)) if par else ""
    vue = vues.get(UUID(collectivite_id))
    if found is None or not found.actif or vue is None:
        return
    settings = noyau.settings
    await send_mail(
        noyau,
        "invitation_agent",
        a=found.courriel,
        collectivite=vue,
        cle=f"{collectivite_id}:{agent_id}:{requete}",
        invite_par=invite_par or settings.opsn_nom,
        de_collectivite=de(vue.nom),
        role=ROLES[found.role],
        lien=settings.url_of(settings.service_host("agents"), "/"),
    )


@tache("collectivites:purger", cron="37 3 * * *")
async def purge(noyau: Noyau, timestamp: str = "") -> None:
    """Forgets files of communes shown on trial more than a day ago."""
    del timestamp
    async with noyau.db.hors_cloison("files of communes never confirmed") as session:
        await repository.purge_imports(session, noyau.clock.now() - timedelta(days=1))
