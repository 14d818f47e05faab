"""What the agents' pages show: the planning as columns on a grid of five minutes, a rendez-vous in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous.presentation import heure_de, jour_long
from app.rendezvous.service.annonces import MODES
from app.rendezvous.service.planning import Bloc, Colonne
from app.socle.langues import N_
from app.socle.vues import Etiquette

PAS = 5
# The grid holds thirteen hours at most; what begins earlier or ends later is listed all the same, at its edge.
RANGS = 156
ETATS_AGENT = {
    "retenu": Etiquette(N_("En cours de prise"), "attente"),
    "expire": Etiquette(N_("Non confirmé"), "neutre"),
    "confirme": Etiquette(N_("Attendu"), "info"),
    "annule": Etiquette(N_("Annulé"), "refus"),
    "honore": Etiquette(N_("Venu"), "succes"),
    "absent": Etiquette(N_("Non venu"), "action"),
}
CANAUX = {
    "web": N_("Site"),
    "guichet": N_("Guichet"),
    "telephone": N_("Téléphone"),
    "courrier": N_("Courrier"),
    "aidant": N_("Aidant"),
    "ants": N_("Site de France Titres"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A block as it is drawn: `rang` and `duree` are its place on the grid, in steps of five minutes from one."""

    genre: str
    rang: int
    duree: int
    heures: str
    titre: str
    detail: str
    url: str
    etat: Etiquette | None
    alerte: bool


@dataclass(frozen=True, slots=True)
class ColonneVue:
    """A column of the planning: a person's day."""

    titre: str
    cases: list[Case]
    aujourd_hui: bool


def nom_of(contact: dict[str, Any]) -> str:
    """Who comes."""
    return f"{contact.get('prenom', '')} {contact.get('nom', '')}".strip() or "Personne non nommée"


def bounds_of(colonnes: Sequence[Colonne], zone: ZoneInfo) -> tuple[int, int]:
    """The first and last hour to draw: those of what there is, from eight to six when that says nothing."""
    local = [
        (b.debut.astimezone(zone), b.fin.astimezone(zone))
        for c in colonnes
        for b in c.blocs
        if b.genre != "absence"
    ]
    first = min((start.hour for start, _ in local), default=8)
    last = max(
        (end.hour + (end.minute > 0) if end.date() == start.date() else 24 for start, end in local),
        default=18,
    )
    return first, min(max(last, first + 1), first + RANGS * PAS // 60)


def colonnes_of(
    colonnes: Sequence[Colonne], zone: ZoneInfo, today: date, *, semaine: bool, langue: str, t: Any
) -> tuple[list[ColonneVue], list[tuple[int, int]]]:
    """The columns as they are drawn, and the hours beside them: (step, hour)."""
    first, last = bounds_of(colonnes, zone)
    shown = [
        ColonneVue(
            jour_long(c.jour, langue) if semaine else c.titre,
            [_case(bloc, c, zone, first, last, langue, t) for bloc in c.blocs],
            semaine and c.jour == today,
        )
        for c in colonnes
    ]
    return shown, [(1 + (hour - first) * 60 // PAS, hour) for hour in range(first, last)]


def _case(bloc: Bloc, colonne: Colonne, zone: ZoneInfo, first: int, last: int, langue: str, t: Any) -> Case:
    start, end = bloc.debut.astimezone(zone), bloc.fin.astimezone(zone)
    total = (last - first) * 60 // PAS
    rang = max(0, ((start.hour - first) * 60 + start.minute) // PAS)
    until = ((end.hour - first) * 60 + end.minute + PAS - 1) // PAS if end.date() == start.date() else total
    rang = min(rang, total - 1)
    duree = max(1, min(until, total) - rang)
    heures = f"{heure_de(bloc.debut, zone, langue)} – {heure_de(bloc.fin, zone, langue)}"
    if bloc.genre == "visite":
        row = bloc.donnees
        absent = any(
            other.genre == "absence" and other.debut < bloc.fin and other.fin > bloc.debut
            for other in colonne.blocs
        )
        return Case(
            "visite" if row.etat != "retenu" else "retenu",
            rang + 1,
            duree,
            heures,
            nom_of(row.contact) if row.etat != "retenu" else t(ETATS_AGENT["retenu"].libelle),
            row.motif,
            f"/rendez-vous/{row.id}" if row.etat != "retenu" else "",
            ETATS_AGENT[row.etat],
            absent and row.etat == "confirme",
        )
    if bloc.genre == "absence":
        titre = bloc.donnees.libelle or t(N_("Absence"))
        return Case("absence", rang + 1, duree, heures, titre, "", "", None, False)
    url = f"/rendez-vous/nouveau?du={colonne.jour.isoformat()}"
    return Case("libre", rang + 1, duree, heures, t(N_("Libre")), "", url, None, False)


def ligne_of(row: Any, langue: str, noms: dict[UUID, str]) -> dict[str, Any]:
    """A rendez-vous as a line of the list that is printed for the counter."""
    zone = ZoneInfo(row.fuseau)
    return {
        "url": f"/rendez-vous/{row.id}",
        "jour": jour_long(row.debut.astimezone(zone).date(), langue),
        "heure": heure_de(row.debut, zone, langue),
        "fin": heure_de(row.fin, zone, langue),
        "personne": nom_of(row.contact),
        "telephone": row.contact.get("telephone", ""),
        "motif": row.motif,
        "personnes": row.personnes,
        "mode": MODES[row.mode],
        "canal": CANAUX[row.canal],
        "avec": ", ".join(noms[id_] for id_ in row.ressources or () if id_ in noms),
        "commune": row.commune,
        "lieu": row.lieu,
        "etat": ETATS_AGENT[row.etat],
        "predemandes": row.predemandes,
    }


def lundi_of(day: date) -> date:
    """The Monday of a week."""
    return day - timedelta(days=day.weekday())


def valeur_of(lieu_id: UUID, debut: datetime) -> str:
    """A créneau as a form sends it."""
    return f"{debut.isoformat()} {lieu_id}"
