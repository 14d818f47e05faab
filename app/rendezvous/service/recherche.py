"""Finding a créneau: what is free, within the lead time, the horizon and the daily quota of the motif."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.domain.creneaux import Creneau, Possible, duree_de, proposals
from app.rendezvous.models import Motif
from app.socle.calendrier import ajouter_jours_ouvres
from app.socle.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Offre:
    """A créneau at a lieu."""

    lieu_id: UUID
    creneau: Creneau


class PersonnesRefuseesError(InvalidInputError):
    """More persons, or fewer, than the motif receives at once."""

    code = "personnes"


def check_personnes(motif: Motif, personnes: int) -> None:
    """PersonnesRefuseesError when the motif does not receive so many at once."""
    if not 1 <= personnes <= motif.personnes_max:
        raise PersonnesRefuseesError(
            f"Ce rendez-vous se prend pour {motif.personnes_max} personne(s) au plus. "
            "Prenez-en plusieurs, ou appelez la mairie."
        )


def earliest(motif: Motif, now: datetime, zone: ZoneInfo, departement: str) -> datetime:
    """The first instant at which one may still book: hours, then whole working days of the lieu."""
    moment = now + timedelta(hours=motif.delai_heures)
    if motif.delai_jours_ouvres:
        day = ajouter_jours_ouvres(now.astimezone(zone).date(), motif.delai_jours_ouvres, departement)
        moment = max(moment, datetime.combine(day, time(), zone))
    return moment


async def find_creneaux(
    session: AsyncSession,
    motif: Motif,
    personnes: int,
    du: date,
    au: date,
    *,
    now: datetime,
    fuseau: str,
    departement: str = "",
    lieu_id: UUID | None = None,
) -> list[Offre]:
    """The créneaux from `du` to `au` (local days, both included), by time; at most two statements.

    Refuses a number of persons that the motif does not receive. Nothing before the lead time nor after the horizon.
    """
    check_personnes(motif, personnes)
    zone = ZoneInfo(fuseau)
    first = max(earliest(motif, now, zone, departement), datetime.combine(du, time(), zone))
    horizon = now + timedelta(days=motif.horizon_jours)
    last = min(horizon, datetime.combine(au + timedelta(days=1), time(), zone))
    if first >= last:
        return []
    length = duree_de(motif.duree_premiere, motif.duree_suivante, personnes)
    spans: dict[UUID, list[Possible]] = {}
    for place, span in await repository.list_possibles(session, motif, length, first, last, lieu_id):
        spans.setdefault(place, []).append(span)
    shortest = duree_de(motif.duree_premiere, motif.duree_suivante, 1)
    full: set[date] = set()
    if motif.quota_jour is not None:
        counts = await repository.count_by_day(session, motif, first, last, fuseau)
        full = {day for day, number in counts.items() if number >= motif.quota_jour}
    found = [
        Offre(place, creneau)
        for place, possibles in spans.items()
        for creneau in proposals(possibles, length, shortest, timedelta(minutes=motif.pas), first)
        if creneau.debut < last and creneau.debut.astimezone(zone).date() not in full
    ]
    return sorted(found, key=lambda offre: (offre.creneau.debut, offre.lieu_id))
