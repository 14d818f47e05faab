"""Rules of opening, expanded into instants: a year ahead, again whenever a rule changes, a day further each night."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.domain.ouvertures import Regle, days_of, instants
from app.rendezvous.models import Plage
from app.socle.calendrier import feries
from app.socle.ids import uuid7

HORIZON = timedelta(days=400)

EnVacances = Callable[[date], bool]


def regle_of(plage: Plage) -> Regle:
    """A stored rule as the domain reads it."""
    return Regle(
        du=plage.du,
        au=plage.au,
        debut=plage.heure_debut,
        fin=plage.heure_fin,
        recurrence=plage.regle,
        vacances=plage.vacances,  # type: ignore[arg-type]
        feries=plage.feries,
    )


@dataclass(frozen=True, slots=True)
class Agenda:
    """How days are read in a collectivité: public holidays of its territory, school holidays, days it closes."""

    departement: str
    en_vacances: EnVacances
    vendredi_saint: bool = True
    ferme: EnVacances = lambda _: False

    def ferie(self, day: date) -> bool:
        """Whether a day is a public holiday there."""
        return day in feries(day.year, self.departement, self.vendredi_saint)

    def days_of(self, regle: Regle, debut: date, fin: date) -> Iterator[date]:
        """The days on which a rule opens there, closures excepted."""
        days = days_of(regle, debut, fin, ferie=self.ferie, en_vacances=self.en_vacances)
        return (day for day in days if not self.ferme(day))


async def expand(
    session: AsyncSession,
    collectivite_id: UUID,
    now: datetime,
    *,
    departement: str,
    en_vacances: EnVacances,
    ressource_id: UUID | None = None,
) -> int:
    """Writes the openings of a ressource (or of all) from today to the horizon; returns how many.

    Rendez-vous already taken keep their time: free time is what an opening has and nobody took.
    """
    agenda = Agenda(departement, en_vacances)
    start = first_day(now)
    return await expand_between(session, collectivite_id, agenda, start, start + HORIZON, ressource_id)


def first_day(now: datetime) -> datetime:
    """Where a whole expansion begins: yesterday, so that today is whole in every zone."""
    return datetime.combine(now.date(), time(), UTC) - timedelta(days=1)


async def expand_between(
    session: AsyncSession,
    collectivite_id: UUID,
    agenda: Agenda,
    start: datetime,
    end: datetime,
    ressource_id: UUID | None = None,
) -> int:
    """Writes anew the openings that begin in a window; returns how many. Twice gives the same."""
    found: dict[UUID, list[tuple[Plage, str]]] = defaultdict(list)
    for plage, zone in await repository.list_plages(session, collectivite_id, ressource_id):
        found[plage.ressource_id].append((plage, zone))
    if ressource_id is not None:
        found.setdefault(ressource_id, [])
    written = 0
    for owner, plages in found.items():
        rows = [row for plage, zone in plages for row in _openings(agenda, plage, ZoneInfo(zone), start, end)]
        await repository.replace_ouvertures(session, owner, start, end, rows)
        written += len(rows)
    return written


def _openings(
    agenda: Agenda, plage: Plage, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    # A day of the lieu may begin on the day before or after the one of Greenwich.
    first, last = start.date() - timedelta(days=1), end.date() + timedelta(days=1)
    for day in agenda.days_of(regle_of(plage), first, last):
        span = instants(day, plage.heure_debut, plage.heure_fin, zone)
        if span is not None and start <= span[0] < end:
            yield {
                "id": uuid7(),
                "plage_id": plage.id,
                "lieu_id": plage.lieu_id,
                "motifs": plage.motifs,
                "debut": span[0],
                "fin": span[1],
            }
