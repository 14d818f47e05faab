"""Jobs of the desk: batches, summaries, delays, eliminations. Each may run twice."""

from datetime import timedelta
from uuid import UUID

from app.demarches.domain.delais import PARIS
from app.demarches.repository import lots as lots_repository
from app.demarches.repository import mesures as mesures_repository
from app.demarches.service import conservation, lots, mesures
from app.socle.contexte_travail import open_travail, personne_of
from app.socle.courriers import send_mail
from app.socle.hosts import list_vues
from app.socle.jobs import emit, tache
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


@tache("demarches:resumes", cron="2 * * * *")
async def plan_digests(noyau: Noyau, timestamp: str = "") -> None:
    """Every hour: one job for each agent who wants a summary at this local hour."""
    del timestamp
    now = noyau.clock.now()
    local = now.astimezone(PARIS)
    async with noyau.db.hors_cloison("agents who want a summary now") as session:
        due = await mesures_repository.list_due_digests(
            session, local.hour, local.isoweekday(), now - timedelta(hours=20)
        )
        for agent_id in due:
            await emit(session, "demarches:resumer", agent_id=agent_id, jour=local.date())


@tache("demarches:resumer")
async def send_digest(noyau: Noyau, agent_id: str, jour: str) -> None:
    """One summary of the agent's desk instead of a mail per dossier; nothing to say, nothing is sent."""
    async with noyau.db.hors_cloison("rights of the agent of a summary") as session:
        row = await lots_repository.read_agent(session, UUID(agent_id))
    if row is None:
        return
    personne = personne_of(row)
    async with open_travail(noyau, personne, f"resume:{jour}") as ctx:
        vues = await list_vues(ctx.db, personne.collectivites)
        last = await mesures_repository.last_digest(ctx.db, row.id)
        if last is not None and last > noyau.clock.now() - timedelta(hours=20):
            return
        total, lines = await mesures.digest_lines(ctx)
    if total:
        settings = noyau.settings
        first = min(vues.values(), key=lambda vue: vue.nom)
        await send_mail(
            noyau,
            "resume_agent",
            a=row.courriel,
            collectivite=first,
            cle=f"{agent_id}:{jour}",
            total=total,
            lignes=lines,
            lien=settings.url_of(settings.service_host("agents"), "/"),
        )
    async with open_travail(noyau, personne, f"resume:{jour}") as ctx:
        await mesures_repository.mark_digest(ctx.db, row.id, noyau.clock.now())


@tache("demarches:publier_delais", cron="23 4 * * *")
async def publish_delays(noyau: Noyau, timestamp: str = "") -> None:
    """Once a night: within how many days half of the demands are answered, where twenty or more were in a year."""
    del timestamp
    async with noyau.db.hors_cloison("delays told to residents") as session:
        await mesures_repository.publish_delays(session, noyau.clock.now() - mesures.UN_AN)


@tache("demarches:eliminer")
async def destroy_due(noyau: Noyau, collectivite_id: str, elimination_id: str) -> None:
    """Goes on with a list of elimination that an agent validated."""
    async with noyau.db.hors_cloison("elimination validated by an agent") as session:
        await conservation.carry_on(session, noyau.clock.now(), UUID(collectivite_id), UUID(elimination_id))
