"""Rules of opening become instants: at once when one changes, a little further each night, always the same result."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous.domain.ouvertures import Regle, next_day
from app.rendezvous.repository import ouvertures as repository
from app.rendezvous.service.regles import HORIZON, Agenda, expand_between, first_day
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from app.socle.vacances import vacances_de

UN_AN = timedelta(days=366)


async def load_agenda(session: AsyncSession, collectivite_id: UUID, today: date) -> Agenda:
    """How days are read there, from today on."""
    departement, _ = await repository.get_territoire(session, collectivite_id)
    reglage = await repository.get_reglage(session, collectivite_id)
    closed = [(row.du, row.au) for row in await repository.list_fermetures(session, collectivite_id, today)]
    return Agenda(
        departement=departement,
        en_vacances=vacances_de(departement),
        vendredi_saint=reglage is None or reglage.vendredi_saint,
        ferme=lambda day: any(du <= day <= au for du, au in closed),
    )


async def refresh(
    session: AsyncSession, collectivite_id: UUID, now: datetime, ressource_id: UUID | None = None
) -> None:
    """Expands the rules of a ressource, or of the whole collectivité, from today to the horizon.

    What is booked keeps its time: free time is what an opening has and nobody took.
    """
    start = first_day(now)
    agenda = await load_agenda(session, collectivite_id, start.date())
    await expand_between(session, collectivite_id, agenda, start, start + HORIZON, ressource_id)
    if ressource_id is None:
        await repository.save_reglage(session, collectivite_id, deplie_jusqu_au=(start + HORIZON).date())


async def advance(noyau: Noyau, collectivite_id: UUID) -> None:
    """The night's work: the days that have come within the horizon since the last time, or all of it the first time."""
    now = noyau.clock.now()
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        start = first_day(now)
        reglage = await repository.get_reglage(session, collectivite_id)
        done = reglage.deplie_jusqu_au if reglage is not None else None
        if done is None:
            await refresh(session, collectivite_id, now)
            return
        end = start + HORIZON
        since = max(start, datetime.combine(done, time(), UTC))
        if since < end:
            agenda = await load_agenda(session, collectivite_id, since.date())
            await expand_between(session, collectivite_id, agenda, since, end)
            await repository.save_reglage(session, collectivite_id, deplie_jusqu_au=end.date())


async def list_to_advance(noyau: Noyau) -> list[UUID]:
    """The collectivités that have a rule."""
    async with noyau.db.hors_cloison("rules of opening, in every collectivité") as session:
        return await repository.list_collectivites_with_rules(session)


def check_opens(agenda: Agenda, regle: Regle, today: date) -> date:
    """The first day on which a rule will open; RegleRefuseeError when it opens on none within a year."""
    return next_day(
        regle,
        today,
        today + UN_AN,
        ferie=lambda day: agenda.ferie(day) or agenda.ferme(day),
        en_vacances=agenda.en_vacances,
    )
