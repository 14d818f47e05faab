"""What is said before dossiers are destroyed: to each person, once; to agents, once a month. Each job may run twice.

Nothing is destroyed before the day that was announced, nor without an agent who validates the list.
"""

from datetime import date, timedelta
from uuid import UUID, uuid5

from app.demarches.domain import afficher_date
from app.demarches.repository import agents, dossiers
from app.demarches.repository import conservation as repository
from app.demarches.repository.conservation import Echeance
from app.demarches.service.horloge import lieu_of
from app.demarches.tasks import owe_mail
from app.socle.articles import de
from app.socle.courriers import send_mail
from app.socle.hosts import list_vues
from app.socle.jobs import emit, tache
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

# Told a month before; whoever is told late has still half of one to take what is theirs.
PREAVIS, AU_MOINS = timedelta(days=30), timedelta(days=15)
PAR_TRAVAIL = 500


@tache("demarches:annoncer_suppressions", cron="7 6 * * *")
async def announce(noyau: Noyau, timestamp: str = "") -> None:
    """Writes to the people whose dossiers come to their end, once, with the day; the rest is the next job's."""
    del timestamp
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("people told before their dossiers are destroyed") as session:
        due = await repository.list_to_announce(session, now + PREAVIS, now.date() + AU_MOINS, PAR_TRAVAIL)
        for collectivite_id, dossier_id, day in due:
            dossier = await dossiers.get_dossier(session, collectivite_id, dossier_id, lock=True)
            if dossier is None or dossier.suppression_le is not None:
                continue
            await dossiers.update_dossier(session, dossier, now, suppression_le=day)
            await dossiers.add_evenement(
                session,
                dossier,
                id=uuid5(dossier.id, "suppression_annoncee"),
                quand=now,
                genre="suppression_annoncee",
                auteur="",
                donnees={"libelle": afficher_date(day)},
            )
            await owe_mail(session, dossier, "suppression_annoncee", now)
        if len(due) == PAR_TRAVAIL:
            await emit(session, "demarches:annoncer_suppressions")


@tache("demarches:rappeler_conservation", cron="37 6 1 * *")
async def remind_all(noyau: Noyau, timestamp: str = "") -> None:
    """On the first of each month: one job for each collectivité that has closed dossiers."""
    del timestamp
    async with noyau.db.hors_cloison("terms of closed dossiers, in every collectivité") as session:
        for collectivite_id in await repository.list_collectivites_closed(session):
            await emit(session, "demarches:rappeler_termes", collectivite_id=collectivite_id)


@tache("demarches:rappeler_termes")
async def remind(noyau: Noyau, collectivite_id: str) -> None:
    """Owes each agent one message a month, when something comes to its term."""
    id_, now = UUID(collectivite_id), noyau.clock.now()
    async with noyau.db.session(Perimetre.pour_instruction(id_)) as session:
        month = now.astimezone((await lieu_of(session, id_)).zone).date().replace(day=1)
        if not _lines(await repository.list_echeances(session, [id_], now)):
            return
        if await repository.add_rappel(session, id_, month):
            for agent_id in await agents.list_active(session):
                await emit(
                    session, "demarches:ecrire_termes", collectivite_id=id_, agent_id=agent_id, mois=month
                )


@tache("demarches:ecrire_termes")
async def write_terms(noyau: Noyau, collectivite_id: str, agent_id: str, mois: str) -> None:
    """Tells an agent how many dossiers of each démarche come to their term, and where to see them; nobody's name."""
    id_ = UUID(collectivite_id)
    async with noyau.db.session(Perimetre.pour_instruction(id_)) as session:
        address = await agents.get_address(session, UUID(agent_id))
        lines = _lines(await repository.list_echeances(session, [id_], noyau.clock.now()))
        vue = (await list_vues(session, [id_]))[id_]
    if address is None or not lines:
        return
    settings = noyau.settings
    await send_mail(
        noyau,
        "termes_conservation",
        a=address,
        collectivite=vue,
        cle=f"{collectivite_id}:{agent_id}:{date.fromisoformat(mois)}",
        de_collectivite=de(vue.nom),
        lignes=lines,
        lien=settings.url_of(settings.service_host("agents"), "/conservation"),
    )


def _lines(due: list[Echeance]) -> list[str]:
    """A sentence for each démarche that has something at its term, or near it."""
    found = []
    for item in due:
        parts = []
        if item.echus:
            parts.append(
                f"{item.echus} au terme de leur durée" if item.echus > 1 else "1 au terme de sa durée"
            )
        if item.bientot:
            parts.append(f"{item.bientot} dans les trois mois")
        if parts:
            found.append(f"{item.titre} : {', '.join(parts)}")
    return found
