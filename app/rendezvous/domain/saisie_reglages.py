"""What an administrator types to say who receives, where, when and why: read, checked, said beside each field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from app.rendezvous.domain.repetitions import regle_of_saisie

TEXTE_MAX = 150
LONG_MAX = 2000
GENRES = ("agent", "guichet", "station", "salle", "vehicule")
MODES = ("sur_place", "telephone", "visio", "domicile")
RAISONS = ("CNI", "PASSPORT", "CNI-PASSPORT")
VACANCES = ("toujours", "hors", "pendant")
RANGS = (1, 2, 3)
_HEURE = re.compile(r"(\d{1,2})\s*(?:[h:]\s*(\d{2})?)?\s*")
# Field, its least and greatest value, what it is in words: the bounds are those of the table.
NOMBRES: tuple[tuple[str, int, int, str], ...] = (
    ("duree_premiere", 5, 1440, "La durée pour la première personne"),
    ("duree_suivante", 0, 480, "La durée par personne de plus"),
    ("personnes_max", 1, 50, "Le nombre de personnes"),
    ("tampon_avant", 0, 240, "Le temps gardé avant"),
    ("tampon_apres", 0, 240, "Le temps gardé après"),
    ("pas", 5, 240, "L’écart entre deux débuts"),
    ("delai_heures", 0, 720, "Le délai en heures"),
    ("delai_jours_ouvres", 0, 60, "Le délai en jours ouvrés"),
    ("horizon_jours", 1, 366, "La date la plus lointaine"),
    ("annuler_heures", 0, 720, "Le délai pour annuler"),
    ("deplacer_heures", 0, 720, "Le délai pour déplacer"),
)


class Formulaire(Protocol):
    """A form as it was sent."""

    def get(self, name: str, /) -> Any:
        """The value of a field."""
        ...

    def getlist(self, name: str, /) -> Sequence[Any]:
        """Every value of a field."""
        ...


@dataclass
class Lu:
    """What was read: columns to write, and what is wrong by field."""

    valeurs: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)


def _texte(form: Formulaire, name: str, limit: int = TEXTE_MAX) -> str:
    return str(form.get(name) or "").strip()[: limit + 1]


def _nom(form: Formulaire, lu: Lu, quoi: str) -> None:
    nom = " ".join(_texte(form, "nom").split())
    lu.valeurs["nom"] = nom
    if not nom:
        lu.erreurs["nom"] = f"Donnez un nom {quoi}."
    elif len(nom) > TEXTE_MAX:
        lu.erreurs["nom"] = f"Ce nom est trop long : {TEXTE_MAX} caractères au plus."


def read_heure(text: str) -> time | None:
    """« 8 h 30 », « 8h », « 08:30 »; None for anything else."""
    found = _HEURE.fullmatch(text.strip().replace("\u00a0", " ").replace("\u202f", " ").lower())
    if not found:
        return None
    try:
        return time(int(found[1]), int(found[2] or 0))
    except ValueError:
        return None


def read_jour(text: str) -> date | None:
    """AAAA-MM-JJ, as a date field sends it, or JJ/MM/AAAA; None for anything else."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            found = datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found if 2000 <= found.year <= 2200 else None
    return None


def read_lieu(form: Formulaire) -> Lu:
    """A place: name, address, coordinates, zone, how to get in."""
    lu = Lu()
    _nom(form, lu, "au lieu")
    lu.valeurs["adresse"] = {
        part: _texte(form, f"adresse-{part}") for part in ("ligne", "complement", "code_postal", "commune")
    }
    for name, limit in (("latitude", 90), ("longitude", 180)):
        text = _texte(form, name).replace(",", ".")
        try:
            value = float(text) if text else None
        except ValueError:
            value = 1000.0
        if value is not None and not -limit <= value <= limit:
            lu.erreurs[name] = (
                f"Écrivez un nombre entre -{limit} et {limit}, par exemple 48,56 ; ou laissez vide."
            )
            value = None
        lu.valeurs[name] = value
    fuseau = _texte(form, "fuseau") or "Europe/Paris"
    if fuseau not in available_timezones():
        lu.erreurs["fuseau"] = "Choisissez un fuseau horaire de la liste."
    lu.valeurs["fuseau"] = fuseau
    lu.valeurs["acces"] = _texte(form, "acces", LONG_MAX)[:LONG_MAX]
    lu.valeurs["actif"] = form.get("actif") == "oui"
    return lu


def read_ressource(form: Formulaire, agents: Mapping[UUID, str]) -> Lu:
    """Who or what receives; an agent is one of those who serve the collectivité."""
    lu = Lu()
    genre = str(form.get("genre") or "")
    if genre not in GENRES:
        lu.erreurs["genre"] = (
            "Dites ce que c’est : un agent, un guichet, une station, une salle ou un véhicule."
        )
    lu.valeurs["genre"] = genre
    if genre == "agent":
        chosen = next((id_ for id_ in agents if str(id_) == form.get("agent")), None)
        if chosen is None:
            lu.erreurs["agent"] = "Choisissez l’agent : il doit avoir un droit dans votre collectivité."
        else:
            lu.valeurs["occupant_id"] = chosen
            lu.valeurs["nom"] = _texte(form, "nom") or agents[chosen]
    if "nom" not in lu.valeurs:
        _nom(form, lu, "à cette ressource")
    lu.valeurs["nom"] = lu.valeurs["nom"][:TEXTE_MAX]
    lu.valeurs["actif"] = form.get("actif") == "oui"
    return lu


def read_motif(form: Formulaire, ressources: Sequence[UUID]) -> Lu:
    """Why one comes, and the ressources of each rank (under `besoins`, out of the columns' way)."""
    lu = Lu()
    _nom(form, lu, "au motif")
    lu.valeurs["consignes"] = _texte(form, "consignes", LONG_MAX)[:LONG_MAX]
    for name, least, most, words in NOMBRES:
        text = _texte(form, name)
        value = int(text) if text.isdecimal() and len(text) < 6 else -1
        if not least <= value <= most:
            lu.erreurs[name] = f"{words} est un nombre entre {least} et {most}."
        lu.valeurs[name] = value
    quota = _texte(form, "quota_jour")
    lu.valeurs["quota_jour"] = int(quota) if quota.isdecimal() and 0 < int(quota[:6]) <= 1000 else None
    if quota and lu.valeurs["quota_jour"] is None:
        lu.erreurs["quota_jour"] = (
            "Le nombre par jour est un nombre entre 1 et 1000 ; laissez vide pour ne rien limiter."
        )
    lu.valeurs["modes"] = [mode for mode in MODES if mode in form.getlist("modes")]
    if not lu.valeurs["modes"]:
        lu.erreurs["modes"] = "Choisissez au moins une façon de recevoir."
    for name in ("en_ligne", "predemande", "actif"):
        lu.valeurs[name] = form.get(name) == "oui"
    raison = str(form.get("raison_ants") or "")
    lu.valeurs["raison_ants"] = raison if raison in RAISONS else None
    known = {str(id_): id_ for id_ in ressources}
    besoins = {rang: [known[x] for x in form.getlist(f"besoin{rang}") if x in known] for rang in RANGS}
    lu.valeurs["besoins"] = [found for found in besoins.values() if found]
    if not besoins[1]:
        lu.erreurs["besoin1"] = "Dites qui reçoit : au moins une ressource."
    return lu


def read_plage(
    form: Formulaire, lieux: Sequence[UUID], ressources: Sequence[UUID], motifs: Sequence[UUID]
) -> Lu:
    """A rule of opening: where, who, what for, which days, from when to when."""
    lu = Lu()
    for name, known, phrase in (
        ("lieu_id", lieux, "Choisissez le lieu."),
        ("ressource_id", ressources, "Choisissez qui ou ce qui reçoit."),
    ):
        chosen = next((id_ for id_ in known if str(id_) == form.get(name)), None)
        if chosen is None:
            lu.erreurs[name] = phrase
        lu.valeurs[name] = chosen
    wanted = [id_ for id_ in motifs if str(id_) in form.getlist("motifs")]
    lu.valeurs["motifs"] = wanted or None
    _periode(form, lu)
    for name, words in (("heure_debut", "de début"), ("heure_fin", "de fin")):
        lu.valeurs[name] = read_heure(_texte(form, name))
        if lu.valeurs[name] is None:
            lu.erreurs[name] = f"Écrivez l’heure {words} comme 8 h 30."
    start, end = lu.valeurs["heure_debut"], lu.valeurs["heure_fin"]
    if start and end and end <= start:
        lu.erreurs["heure_fin"] = "L’heure de fin doit venir après celle de début."
    vacances = str(form.get("vacances") or "toujours")
    lu.valeurs["vacances"] = vacances if vacances in VACANCES else "toujours"
    lu.valeurs["feries"] = form.get("feries") == "oui"
    regle, wrong = regle_of_saisie(
        str(form.get("repetition") or ""),
        [str(j) for j in form.getlist("jours")],
        str(form.get("rang") or ""),
    )
    lu.valeurs["regle"] = regle
    lu.erreurs |= wrong
    if not regle and not wrong:
        lu.valeurs["au"] = None
    return lu


def _periode(form: Formulaire, lu: Lu) -> None:
    lu.valeurs["du"] = read_jour(_texte(form, "du"))
    if lu.valeurs["du"] is None:
        lu.erreurs["du"] = "Écrivez le premier jour."
    text = _texte(form, "au")
    lu.valeurs["au"] = read_jour(text) if text else None
    if text and lu.valeurs["au"] is None:
        lu.erreurs["au"] = "Ce jour n’existe pas. Corrigez-le, ou laissez vide."
    if lu.valeurs["du"] and lu.valeurs["au"] and lu.valeurs["au"] < lu.valeurs["du"]:
        lu.erreurs["au"] = "Le dernier jour doit venir après le premier."


def read_fermeture(form: Formulaire) -> Lu:
    """Days on which nobody receives."""
    lu = Lu()
    lu.valeurs["libelle"] = " ".join(_texte(form, "libelle").split())[:TEXTE_MAX]
    _periode(form, lu)
    lu.valeurs["au"] = lu.valeurs["au"] or lu.valeurs["du"]
    return lu


def read_absence(form: Formulaire, occupants: Sequence[UUID], zone: ZoneInfo) -> Lu:
    """Who is away, from when to when: whole days, or hours when they are given."""
    lu = Lu()
    chosen = next((id_ for id_ in occupants if str(id_) == form.get("occupant_id")), None)
    if chosen is None:
        lu.erreurs["occupant_id"] = "Choisissez qui ou ce qui est absent."
    lu.valeurs["occupant_id"] = chosen
    lu.valeurs["libelle"] = " ".join(_texte(form, "libelle").split())[:TEXTE_MAX]
    days = Lu()
    _periode(form, days)
    lu.erreurs |= days.erreurs
    du, au = days.valeurs["du"], days.valeurs["au"] or days.valeurs["du"]
    bounds = {}
    for name, default in (("heure_debut", time(0)), ("heure_fin", time(23, 59, 59))):
        text = _texte(form, name)
        bounds[name] = read_heure(text) if text else default
        if bounds[name] is None:
            lu.erreurs[name] = "Écrivez l’heure comme 8 h 30, ou laissez vide pour la journée."
    if du and au and bounds["heure_debut"] and bounds["heure_fin"]:
        start = datetime.combine(du, bounds["heure_debut"], zone)
        end = datetime.combine(au, bounds["heure_fin"], zone)
        if end <= start and "au" not in lu.erreurs:
            lu.erreurs["heure_fin"] = "La fin doit venir après le début."
        lu.valeurs |= {"debut": start, "fin": end}
    return lu
