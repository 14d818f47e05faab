"""Days as the law counts them: months, working days, public holidays of a territory.

Public holidays: code du travail L. 3133-1 (eleven days), L. 3134-13 (Alsace-Moselle; Good Friday only in communes that
have a Protestant or mixed church), L. 3422-2 (abolition of slavery, overseas). The library `holidays` keeps them.
"""

import calendar
from datetime import date, timedelta
from functools import lru_cache

import holidays

# By département or overseas collectivité: where local law adds days.
_TERRITOIRES = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "976": "976",
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
_ALSACE_MOSELLE = frozenset({"57", "67", "68"})
_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
# More working days than this is a mistake, and would take long to count.
OUVRES_MAX = 2_000


@lru_cache(maxsize=512)
def feries(annee: int, departement: str = "", vendredi_saint: bool = True) -> frozenset[date]:
    """The public holidays of a year there; `vendredi_saint`: whether that commune of Alsace-Moselle has Good Friday."""
    days = frozenset(holidays.country_holidays("FR", subdiv=_TERRITOIRES.get(departement), years=annee))
    if departement in _ALSACE_MOSELLE and not vendredi_saint:
        return days - {_paques(annee) - timedelta(days=2)}
    return days


def _paques(annee: int) -> date:
    """Easter Sunday: the day before the Monday that everybody has."""
    names = holidays.country_holidays("FR", years=annee, language="en_US")
    monday = next(day for day, name in names.items() if name == "Easter Monday")
    return monday - timedelta(days=1)


def is_ouvrable(jour: date, departement: str = "") -> bool:
    """Monday to Saturday, public holidays excepted."""
    return jour.weekday() < 6 and jour not in feries(jour.year, departement)


def is_ouvre(jour: date, departement: str = "") -> bool:
    """Monday to Friday, public holidays excepted."""
    return jour.weekday() < 5 and is_ouvrable(jour, departement)


def ajouter_mois(jour: date, mois: int) -> date:
    """The same day number `mois` months later, or the last day of that month when it is shorter."""
    year, month = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    return date(year, month + 1, min(jour.day, calendar.monthrange(year, month + 1)[1]))


def ajouter_jours_ouvres(jour: date, nombre: int, departement: str = "") -> date:
    """The working day `nombre` working days later (earlier when negative); the day itself for 0.

    ValueError beyond two thousand.
    """
    if abs(nombre) > OUVRES_MAX:
        raise ValueError("too many working days")
    step, left = timedelta(days=1 if nombre > 0 else -1), abs(nombre)
    while left:
        jour += step
        left -= is_ouvre(jour, departement)
    return jour


def afficher_mois(mois: str) -> str:
    """A month written out, from its digits: « 2026-03 » gives mars 2026."""
    year, month = mois.split("-")
    return f"{_MOIS[int(month) - 1]}\u00a0{year}"


def afficher_date(jour: date) -> str:
    """A day written out: 1er mars 2026."""
    number = "1er" if jour.day == 1 else str(jour.day)
    return f"{number}\u00a0{_MOIS[jour.month - 1]} {jour.year}"
