"""The agents' week: who receives whom, by day and by person or thing, in every collectivité that the agent serves."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository
from app.rendezvous.models import RendezVous
from app.rendezvous.repository import planning as lignes
from app.rendezvous.repository.planning import Fenetre
from app.rendezvous.service import reservation
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, NotFoundError
from app.socle.jobs import emit

ABSENT = "Ce rendez-vous n’existe pas, ou n’est pas de vos collectivités."
# Whoever comes half an hour before may be received; nobody is « not come » before the hour has struck.
EN_AVANCE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Bloc:
    """Something on somebody's day, in instants; `genre` is visite, libre or absence."""

    genre: str
    debut: datetime
    fin: datetime
    donnees: Any


@dataclass(slots=True)
class Colonne:
    """The day of a person or thing."""

    cle: str
    titre: str
    jour: date
    blocs: list[Bloc] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planning:
    """Columns to draw, and who or what can be asked for."""

    colonnes: list[Colonne]
    occupants: dict[UUID, str]
    choisi: UUID | None
    communes: dict[UUID, str]
    visites: list[Any]


def communes_of(ctx: Contexte) -> tuple[UUID, ...]:
    """The collectivités that the agent serves."""
    return tuple(ctx.personne.collectivites) if ctx.personne else ()


def instants_of(du: date, jours: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first midnight to the last one, in the clock of those days."""
    start = datetime.combine(du, time(), zone).astimezone(UTC)
    return start, datetime.combine(du + timedelta(days=jours), time(), zone).astimezone(UTC)


async def read(
    ctx: Contexte, du: date, jours: int, *, zone: ZoneInfo, commune: UUID | None, occupant: UUID | None
) -> Planning:
    """The planning of so many days from `du`, of one collectivité or all, of one person or thing or of all.

    Over several days one is drawn at a time: the agent first. Four statements, whatever the number of people.
    """
    served = communes_of(ctx)
    asked = (commune,) if commune in served else served
    fenetre = Fenetre(asked, *instants_of(du, jours, zone))
    ressources = await lignes.list_ressources(ctx.db, asked)
    occupants = {row.occupant_id: row.nom for row in ressources if row.actif}
    choisi = occupant if occupant in occupants else None
    if jours > 1 and choisi is None:
        own = ctx.personne.agent_id if ctx.personne else None
        choisi = own if own in occupants else next(iter(occupants), None)
    visites = await lignes.list_visites(ctx.db, fenetre)
    libres = await lignes.list_libres(ctx.db, fenetre)
    absences = await lignes.list_absences(ctx.db, fenetre)
    blocs = _blocs(ressources, visites, libres, absences)
    shown = [choisi] if choisi else list(occupants)
    colonnes = [
        Colonne(str(who), occupants[who], day, _of_day(blocs.get(who, []), day, zone))
        for day in (du + timedelta(days=n) for n in range(jours))
        for who in shown
        if who is not None
    ]
    if jours == 1 and choisi is None:
        colonnes = [colonne for colonne in colonnes if colonne.blocs]
    names = {row.collectivite_id: row.commune for row in ressources}
    mine = {row.id for row in ressources if choisi is None or row.occupant_id == choisi}
    kept = [v for v in visites if choisi is None or mine & set(v.ressources or ())]
    return Planning(colonnes, occupants, choisi, names, kept)


def _blocs(
    ressources: list[Any], visites: list[Any], libres: list[Any], absences: list[Any]
) -> dict[UUID, list[Bloc]]:
    owners = {row.id: row.occupant_id for row in ressources}
    found: dict[UUID, list[Bloc]] = {}
    for row in absences:
        found.setdefault(row.occupant_id, []).append(Bloc("absence", row.debut, row.fin, row))
    for row in libres:
        if row.ressource_id in owners:
            found.setdefault(owners[row.ressource_id], []).append(Bloc("libre", row.debut, row.fin, row))
    for row in visites:
        for owner in {owners[id_] for id_ in row.ressources or () if id_ in owners}:
            found.setdefault(owner, []).append(Bloc("visite", row.debut, row.fin, row))
    return found


def _of_day(blocs: list[Bloc], day: date, zone: ZoneInfo) -> list[Bloc]:
    start, end = instants_of(day, 1, zone)
    cut = [
        Bloc(bloc.genre, max(bloc.debut, start), min(bloc.fin, end), bloc.donnees)
        for bloc in blocs
        if bloc.debut < end and bloc.fin > start
    ]
    return sorted(cut, key=lambda bloc: (bloc.debut, bloc.genre))


async def access(ctx: Contexte, rendezvous_id: UUID, *, lock: bool = False) -> RendezVous:
    """A rendez-vous of one of the agent's collectivités, locked to be written; NotFoundError for another."""
    found = await repository.get_rendezvous(ctx.db, rendezvous_id)
    if found is None or found.collectivite_id not in communes_of(ctx):
        raise NotFoundError(ABSENT)
    if not lock:
        return found
    await write_in(ctx.db, found.collectivite_id)
    locked = await repository.get_rendezvous(ctx.db, rendezvous_id, lock=True)
    if locked is None:
        raise NotFoundError(ABSENT)
    return locked


async def mark_arrived(ctx: Contexte, rendezvous_id: UUID) -> None:
    """Notes that the person is there. Twice is harmless; ConflictError for one that is not of today or was given up."""
    found = await access(ctx, rendezvous_id, lock=True)
    if found.etat == "honore":
        return
    if found.etat not in ("confirme", "absent") or found.debut - ctx.now > EN_AVANCE:
        raise ConflictError(
            "On ne note l’arrivée que d’un rendez-vous d’aujourd’hui qui tient toujours. "
            "Déplacez-le d’abord, si la personne est venue un autre jour."
        )
    await repository.update_rendezvous(ctx.db, found, ctx.now, etat="honore", arrive_le=ctx.now)
    await record(ctx, "rendezvous:arrivee", str(found.id), found.collectivite_id)


async def mark_absent(ctx: Contexte, rendezvous_id: UUID) -> None:
    """Notes that nobody came; ConflictError before the hour of the rendez-vous."""
    found = await access(ctx, rendezvous_id, lock=True)
    if found.etat == "absent":
        return
    if found.etat not in ("confirme", "honore") or found.debut > ctx.now:
        raise ConflictError(
            "On ne note une absence qu’une fois l’heure du rendez-vous passée. "
            "S’il faut rendre ce créneau avant, annulez le rendez-vous."
        )
    await repository.update_rendezvous(ctx.db, found, ctx.now, etat="absent", arrive_le=None)
    await record(ctx, "rendezvous:absence", str(found.id), found.collectivite_id)


async def cancel(ctx: Contexte, rendezvous_id: UUID, message: str) -> None:
    """Gives a rendez-vous up for the collectivité; ConflictError for one that is over. Twice is harmless."""
    found = await access(ctx, rendezvous_id, lock=True)
    if found.etat == "annule":
        return
    if found.etat not in ("confirme", "retenu"):
        raise ConflictError("Ce rendez-vous a déjà eu lieu : il ne s’annule plus.")
    libelles = {**found.libelles, "message": message} if message else found.libelles
    await reservation.cancel(ctx.db, found.id, ctx.now)
    await repository.update_rendezvous(ctx.db, found, ctx.now, libelles=libelles)
    await emit(
        ctx.db,
        "rendezvous:annoncer",
        collectivite_id=found.collectivite_id,
        rendezvous_id=found.id,
        quoi="annule",
    )
    await record(ctx, "rendezvous:annuler", str(found.id), found.collectivite_id, message=bool(message))
