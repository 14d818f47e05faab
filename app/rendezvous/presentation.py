"""What the residents' pages show: days and créneaux as links and buttons, a rendez-vous in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.rendezvous.models import Motif, RendezVous
from app.rendezvous.service.annonces import MODES
from app.rendezvous.service.prise import Souhait
from app.rendezvous.service.recherche import Offert, Offre
from app.socle.gabarits import heure
from app.socle.langues import N_, traduire
from app.socle.vues import Etiquette, Option

ETATS = {
    "retenu": Etiquette(N_("À confirmer"), "action"),
    "expire": Etiquette(N_("Non confirmé"), "neutre"),
    "confirme": Etiquette(N_("Confirmé"), "succes"),
    "annule": Etiquette(N_("Annulé"), "refus"),
    "honore": Etiquette(N_("Passé"), "neutre"),
    "absent": Etiquette(N_("Manqué"), "neutre"),
}


@dataclass(frozen=True)
class Jour:
    """A day that has créneaux, and the page that shows them."""

    jour: date
    libelle: str
    nombre: int
    url: str
    courant: bool


@dataclass(frozen=True)
class Bouton:
    """A créneau to choose: `valeur` is what the form sends."""

    valeur: str
    heure: str
    lieu: str
    jour: str = ""


@dataclass(frozen=True)
class Mois:
    """A month of the search; an empty address when there is nothing that way."""

    libelle: str
    precedent_url: str
    suivant_url: str


@dataclass(frozen=True)
class Recherche:
    """What was asked, and how to ask for something near it."""

    offert: Offert
    personnes: int
    mode: str
    lieu: str
    cle: str
    langue: str
    autres: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Where days are counted."""
        return ZoneInfo(self.offert.fuseau)

    @property
    def plusieurs(self) -> bool:
        """Whether a créneau must say where it is."""
        return not self.lieu and len(self.offert.lieux) > 1

    @property
    def base(self) -> str:
        """The address of the motif."""
        return f"/rendez-vous/motifs/{self.offert.motif.id}"

    @property
    def valeurs(self) -> dict[str, str]:
        """The choices made so far, without those that are nothing."""
        values = {"personnes": str(self.personnes), "mode": self.mode, "lieu": self.lieu, "cle": self.cle}
        return {name: value for name, value in values.items() if value}

    def url(self, **choix: str) -> str:
        """The page of créneaux with these choices too."""
        return f"{self.base}/creneaux?{urlencode(self.valeurs | choix)}"

    @property
    def modifier_url(self) -> str:
        """Where the choices are made again."""
        return f"{self.base}?{urlencode(self.valeurs)}"

    def local(self, moment: datetime) -> date:
        """The day of an instant."""
        return moment.astimezone(self.zone).date()


def jour_long(day: date, langue: str) -> str:
    """« lundi 14 décembre », « mardi 1er décembre »."""
    text = str(format_date(day, "EEEE d MMMM", locale=langue))
    return text.replace(" 1 ", " 1er ") if langue == "fr" else text


def heure_de(moment: datetime, zone: ZoneInfo, langue: str) -> str:
    """The hour on the wall; of the two that a change of hour makes alike, which one."""
    local = moment.astimezone(zone)
    text = heure(moment, zone, langue)
    twin = local.replace(fold=1 - local.fold)
    if twin.utcoffset() == local.utcoffset() or twin.astimezone(zone).utcoffset() != twin.utcoffset():
        return text
    season = N_("heure d’été") if local.dst() else N_("heure d’hiver")
    return f"{text} ({traduire(season, langue)})"


def boutons_of(asked: Recherche, offres: Sequence[Offre], *, jour: bool = False) -> list[Bouton]:
    """The buttons of some créneaux; with their day when they are of several."""
    return [
        Bouton(
            Souhait(o.lieu_id, o.creneau.debut, asked.personnes, asked.mode).valeur,
            heure_de(o.creneau.debut, asked.zone, asked.langue),
            asked.offert.lieux[o.lieu_id].nom if o.lieu_id in asked.offert.lieux else "",
            jour_long(asked.local(o.creneau.debut), asked.langue) if jour else "",
        )
        for o in offres
    ]


def jours_of(asked: Recherche, offres: Sequence[Offre], choisi: date | None) -> list[Jour]:
    """The days of these créneaux, in order."""
    counts: dict[date, int] = {}
    for offre in offres:
        day = asked.local(offre.creneau.debut)
        counts[day] = counts.get(day, 0) + 1
    return [
        Jour(day, jour_long(day, asked.langue), number, asked.url(jour=day.isoformat()), day == choisi)
        for day, number in sorted(counts.items())
    ]


def mois_of(asked: Recherche, mois: date, premier: date, dernier: date) -> Mois:
    """A month with its neighbours, as long as one may book there."""
    before = (mois - timedelta(days=1)).replace(day=1)
    after = (mois + timedelta(days=32)).replace(day=1)
    return Mois(
        str(format_date(mois, "MMMM y", locale=asked.langue)),
        asked.url(mois=before.strftime("%Y-%m")) if mois > premier else "",
        asked.url(mois=after.strftime("%Y-%m")) if after <= dernier else "",
    )


def modes_of(motif: Motif, langue: str) -> list[Option]:
    """The ways in which a motif is held."""
    return [Option(mode, traduire(MODES[mode], langue)) for mode in motif.modes]


def resume_of(found: RendezVous, langue: str) -> dict[str, Any]:
    """A rendez-vous in words, as it was booked."""
    zone = ZoneInfo(found.fuseau)
    local = found.debut.astimezone(zone)
    libelles = found.libelles
    return {
        "motif": libelles.get("motif", ""),
        "jour": f"{jour_long(local.date(), langue)} {local.year}",
        "heure": heure_de(found.debut, zone, langue),
        "debut": found.debut,
        "zone": zone,
        "minutes": int((found.fin - found.debut).total_seconds() // 60),
        "mode": found.mode,
        "mode_libelle": MODES[found.mode],
        "lieu": libelles.get("lieu", ""),
        "adresse": libelles.get("adresse", []),
        "acces": libelles.get("acces", ""),
        "consignes": [line for line in str(libelles.get("consignes", "")).splitlines() if line.strip()],
        "personnes": found.personnes,
        "etiquette": ETATS[found.etat],
    }
