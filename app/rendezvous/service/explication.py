"""« Why is there no créneau? », day by day, and « what if I opened on Tuesday? », tried then undone."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository as rendezvous
from app.rendezvous.domain.creneaux import duree_de
from app.rendezvous.models import Motif, Plage
from app.rendezvous.repository import explication as repository
from app.rendezvous.repository import ouvertures as calendrier
from app.rendezvous.service import ouvertures, recherche
from app.rendezvous.service.guichet import Prestation
from app.rendezvous.service.planning import instants_of
from app.rendezvous.service.recherche import Offre
from app.rendezvous.service.regles import Agenda, expand_between, first_day
from app.socle.contexte import Contexte
from app.socle.db import savepoint, write_in
from app.socle.ids import uuid7

JOURS = 28
# How far the trial opens: enough to see the first créneau move, little enough to be undone at once.
ESSAI = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Jour:
    """One day: how many créneaux residents are shown, and why not more when there is none."""

    jour: date
    nombre: int
    genre: str
    cause: str


@dataclass(frozen=True, slots=True)
class Essai:
    """What an opening would change: the first créneau and how many there are in the time tried, before and after."""

    avant: Offre | None
    apres: Offre | None
    nombre_avant: int
    nombre_apres: int


class _TriedError(Exception):
    """Undoes the trial."""


async def explain(
    ctx: Contexte, prestation: Prestation, personnes: int, du: date
) -> tuple[list[str], list[Jour]]:
    """What holds for every day, then four weeks day by day; PersonnesRefuseesError beyond what the motif receives."""
    motif, zone = prestation.motif, prestation.zone
    departement, _ = await calendrier.get_territoire(ctx.db, motif.collectivite_id)
    last = du + timedelta(days=JOURS - 1)
    common: dict[str, Any] = {"now": ctx.now, "fuseau": str(zone)}
    shown = await recherche.find_creneaux(
        ctx.db, motif, personnes, du, last, departement=departement, **common
    )
    free = await recherche.find_creneaux(ctx.db, motif, personnes, du, last, sans_delai=True, **common)
    start, end = instants_of(du, JOURS, zone)
    rows = await repository.list_temps(ctx.db, motif.collectivite_id, motif.id, start, end)
    rangs = await repository.list_rangs(ctx.db, motif.collectivite_id, motif.id)
    agenda = await ouvertures.load_agenda(ctx.db, motif.collectivite_id, du)
    counts, possible = _by_day(shown, zone), _by_day(free, zone)
    by_day = _rows_by_day(rows, zone)
    soonest = recherche.earliest(motif, ctx.now, zone, departement)
    needed = _needed(motif, personnes)
    jours = []
    for day in (du + timedelta(days=n) for n in range(JOURS)):
        genre, cause = ("", "")
        if not counts.get(day):
            genre, cause = (
                _limits(motif, day, soonest, ctx.now, zone)
                if possible.get(day)
                else _capacity(agenda, day, by_day.get(day, []), rangs, needed)
            )
        jours.append(Jour(day, counts.get(day, 0), genre, cause))
    return _always(motif, rangs), jours


def _needed(motif: Motif, personnes: int) -> timedelta:
    length = duree_de(motif.duree_premiere, motif.duree_suivante, personnes)
    return length + timedelta(minutes=motif.tampon_avant + motif.tampon_apres)


def _by_day(offres: Sequence[Offre], zone: ZoneInfo) -> dict[date, int]:
    counts: dict[date, int] = defaultdict(int)
    for offre in offres:
        counts[offre.creneau.debut.astimezone(zone).date()] += 1
    return counts


def _rows_by_day(rows: Sequence[Any], zone: ZoneInfo) -> dict[date, list[Any]]:
    found: dict[date, list[Any]] = defaultdict(list)
    for row in rows:
        day, last = row.debut.astimezone(zone).date(), row.fin.astimezone(zone).date()
        while day <= last:
            found[day].append(row)
            day += timedelta(days=1)
    return found


def _always(motif: Motif, rangs: Sequence[Any]) -> list[str]:
    said = []
    if not motif.en_ligne:
        said.append("Ce motif ne se prend pas en ligne : seuls les agents le prennent.")
    if not rangs:
        said.append("Aucune ressource en service ne reçoit pour ce motif : choisissez-en dans ses réglages.")
    return said


def _limits(motif: Motif, day: date, soonest: datetime, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """There is time: the motif's own rules keep residents from it."""
    horizon = (now + timedelta(days=motif.horizon_jours)).astimezone(zone)
    if day <= soonest.astimezone(zone).date():
        first = soonest.astimezone(zone)
        return (
            "delai",
            f"Trop tôt : on ne peut plus prendre avant le {first:%d/%m/%Y à %H:%M}. Un agent le peut.",
        )
    if day >= horizon.date():
        return (
            "horizon",
            f"Trop loin : on prend {motif.horizon_jours} jours à l’avance au plus. Un agent le peut.",
        )
    return "quota", f"Le nombre par jour est atteint ({motif.quota_jour}). Un agent peut aller au-delà."


def _capacity(
    agenda: Agenda, day: date, rows: Sequence[Any], rangs: Sequence[Any], needed: timedelta
) -> tuple[str, str]:
    """There is no time: nothing is open, somebody is away, all is taken, or what is left is too short."""
    minutes = int(needed.total_seconds() // 60)
    for rang in sorted({row.rang for row in rangs}):
        names = " / ".join(row.nom for row in rangs if row.rang == rang)
        own = [row for row in rows if row.rang == rang]
        if not any(row.quoi == "ouvert" for row in own):
            return "regle", f"{_closed(agenda, day)} ({names})"
        free = [row for row in own if row.quoi == "libre"]
        if not free:
            away = sorted({row.nom for row in own if row.quoi == "absent"})
            if away:
                return "absence", f"Absence : {', '.join(away)}"
            return "capacite", f"Tout est pris ({names})"
        longest = max(int((row.fin - row.debut).total_seconds() // 60) for row in free)
        if longest < minutes:
            return "capacite", f"Il reste {longest} minutes d’affilée, il en faut {minutes} ({names})"
    if not rangs:
        return "regle", "Personne ne reçoit pour ce motif"
    return "capacite", "Ceux qu’il faut ensemble ne sont jamais libres en même temps assez longtemps"


def _closed(agenda: Agenda, day: date) -> str:
    if agenda.ferme(day):
        return "Fermeture saisie dans les réglages"
    if agenda.ferie(day):
        return "Jour férié"
    if agenda.en_vacances(day):
        return "Vacances scolaires, ou aucune heure d’ouverture ce jour-là"
    return "Aucune heure d’ouverture ce jour-là"


async def try_opening(
    ctx: Contexte,
    prestation: Prestation,
    personnes: int,
    ressources: Sequence[UUID],
    regle: str,
    hours: tuple[time, time],
) -> Essai:
    """What would change if these ressources received at these hours; nothing is kept.

    The rule is written, expanded and searched as a real one, then all of it is rolled back to its savepoint.
    """
    motif = prestation.motif
    departement, _ = await calendrier.get_territoire(ctx.db, motif.collectivite_id)
    today = ctx.today(str(prestation.zone))
    values: dict[str, Any] = {"now": ctx.now, "fuseau": str(prestation.zone), "departement": departement}

    async def search() -> list[Offre]:
        return await recherche.find_creneaux(ctx.db, motif, personnes, today, today + ESSAI, **values)

    before, after = await search(), []
    await write_in(ctx.db, motif.collectivite_id)
    start = first_day(ctx.now)
    with suppress(_TriedError):
        async with savepoint(ctx.db):
            agenda = await ouvertures.load_agenda(ctx.db, motif.collectivite_id, today)
            for ressource_id in sorted(ressources, key=str):
                await rendezvous.add(
                    ctx.db,
                    Plage,
                    collectivite_id=motif.collectivite_id,
                    id=uuid7(),
                    lieu_id=next(iter(prestation.lieux)),
                    ressource_id=ressource_id,
                    motifs=[motif.id],
                    du=today,
                    regle=regle,
                    heure_debut=hours[0],
                    heure_fin=hours[1],
                )
                await expand_between(
                    ctx.db, motif.collectivite_id, agenda, start, start + ESSAI, ressource_id
                )
            after = await search()
            raise _TriedError
    return Essai(_first(before), _first(after), len(before), len(after))


def _first(offres: Sequence[Offre]) -> Offre | None:
    return offres[0] if offres else None
