"""Finding a créneau: what is free, within the lead time, the horizon and the daily quota of the motif."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.domain.creneaux import Creneau, Possible, duree_de, proposals
from app.rendezvous.models import Lieu, Motif
from app.rendezvous.repository import public
from app.socle.calendrier import ajouter_jours_ouvres
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.langues import N_, phrase

# Rules are expanded a little further than that.
HORIZON_AGENT = 366


@dataclass(frozen=True, slots=True)
class Offre:
    """A créneau at a lieu."""

    lieu_id: UUID
    creneau: Creneau


@dataclass(frozen=True, slots=True)
class Offert:
    """What a resident may book: a motif and the lieux that open for it."""

    motif: Motif
    lieux: dict[UUID, Lieu]

    @property
    def fuseau(self) -> str:
        """The wall clock in which its days are counted."""
        return next((lieu.fuseau for lieu in self.lieux.values()), "Europe/Paris")

    def minutes(self, personnes: int) -> int:
        """How long a visit of so many takes."""
        return self.motif.duree_premiere + self.motif.duree_suivante * (personnes - 1)


class PersonnesRefuseesError(InvalidInputError):
    """More persons, or fewer, than the motif receives at once."""

    code = "personnes"


def check_personnes(motif: Motif, personnes: int) -> None:
    """PersonnesRefuseesError when the motif does not receive so many at once."""
    if not 1 <= personnes <= motif.personnes_max:
        raise PersonnesRefuseesError(
            phrase(
                N_(
                    "Ce rendez-vous se prend pour %(nombre)s personne(s) au plus. "
                    "Prenez-en plusieurs, ou appelez la mairie."
                ),
                nombre=motif.personnes_max,
            )
        )


async def get_offert(session: AsyncSession, collectivite_id: UUID, motif_id: UUID) -> Offert:
    """What a resident may book of a motif; NotFoundError when there is no such motif, or not for residents."""
    found = await public.get_offert(session, collectivite_id, motif_id)
    if found is None:
        raise NotFoundError(
            "Ce rendez-vous n’est pas proposé, ou ne l’est plus. Choisissez-en un autre, ou appelez la mairie."
        )
    motif, lieux = found
    return Offert(motif, {lieu.id: lieu for lieu in lieux})


async def find_offres(
    session: AsyncSession,
    offert: Offert,
    personnes: int,
    du: date,
    au: date,
    *,
    now: datetime,
    departement: str,
    lieu_id: UUID | None = None,
) -> list[Offre]:
    """The créneaux of those days that residents are shown, at one lieu or at all of them."""
    return await find_creneaux(
        session,
        offert.motif,
        personnes,
        du,
        au,
        now=now,
        fuseau=offert.fuseau,
        departement=departement,
        lieu_id=lieu_id,
    )


def nearest(offres: Iterable[Offre], debut: datetime, number: int = 6) -> list[Offre]:
    """Those that are nearest to an instant, in order of time."""
    close = sorted(offres, key=lambda o: (abs(o.creneau.debut - debut), o.creneau.debut, o.lieu_id))
    return sorted(close[:number], key=lambda o: (o.creneau.debut, o.lieu_id))


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
    sans_delai: bool = False,
) -> list[Offre]:
    """The créneaux from `du` to `au` (local days, both included), by time; at most two statements.

    Refuses a number of persons that the motif does not receive. Nothing before the lead time nor after the horizon;
    `sans_delai` sets these and the daily quota aside, for agents who book.
    """
    check_personnes(motif, personnes)
    zone = ZoneInfo(fuseau)
    soonest = now if sans_delai else earliest(motif, now, zone, departement)
    first = max(soonest, datetime.combine(du, time(), zone))
    horizon = now + timedelta(days=HORIZON_AGENT if sans_delai else motif.horizon_jours)
    last = min(horizon, datetime.combine(au + timedelta(days=1), time(), zone))
    if first >= last:
        return []
    length = duree_de(motif.duree_premiere, motif.duree_suivante, personnes)
    spans: dict[UUID, list[Possible]] = {}
    for place, span in await repository.list_possibles(session, motif, length, first, last, lieu_id):
        spans.setdefault(place, []).append(span)
    shortest = duree_de(motif.duree_premiere, motif.duree_suivante, 1)
    full: set[date] = set()
    if motif.quota_jour is not None and not sans_delai:
        counts = await repository.count_by_day(session, motif, first, last, fuseau)
        full = {day for day, number in counts.items() if number >= motif.quota_jour}
    found = [
        Offre(place, creneau)
        for place, possibles in spans.items()
        for creneau in proposals(possibles, length, shortest, timedelta(minutes=motif.pas), first)
        if creneau.debut < last and creneau.debut.astimezone(zone).date() not in full
    ]
    return sorted(found, key=lambda offre: (offre.creneau.debut, offre.lieu_id))
