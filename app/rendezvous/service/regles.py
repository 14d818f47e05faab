"""Rules of opening, expanded into instants: a year ahead, again whenever a rule changes, a day further each night."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
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
    found: dict[UUID, list[tuple[Plage, str]]] = defaultdict(list)
    for plage, zone in await repository.list_plages(session, collectivite_id, ressource_id):
        found[plage.ressource_id].append((plage, zone))
    if ressource_id is not None:
        found.setdefault(ressource_id, [])
    start = datetime.combine(now.date(), time(), UTC) - timedelta(days=1)
    end = start + HORIZON
    written = 0

    def ferie(day: date) -> bool:
        return day in feries(day.year, departement)

    for owner, plages in found.items():
        rows = []
        for plage, zone in plages:
            for day in days_of(
                regle_of(plage), start.date(), end.date(), ferie=ferie, en_vacances=en_vacances
            ):
                span = instants(day, plage.heure_debut, plage.heure_fin, ZoneInfo(zone))
                if span is not None and start <= span[0] < end:
                    rows.append(
                        {
                            "id": uuid7(),
                            "plage_id": plage.id,
                            "lieu_id": plage.lieu_id,
                            "motifs": plage.motifs,
                            "debut": span[0],
                            "fin": span[1],
                        }
                    )
        await repository.replace_ouvertures(session, owner, start, end, rows)
        written += len(rows)
    return written
