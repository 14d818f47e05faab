"""Days and months as the law counts them: month ends, working days, public holidays of mainland France.

Public holidays: code du travail, article L3133-1. Those of Alsace-Moselle and overseas are not counted.
"""

import calendar
from datetime import date, timedelta
from functools import lru_cache

# More working days than this is a mistake, and would take long to count.
LIMITE_OUVRES = 2_000


def ajouter_mois(jour: date, mois: int) -> date:
    """The same day number `mois` months later, or the last day of that month when it is shorter."""
    year, month = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    return date(year, month + 1, min(jour.day, calendar.monthrange(year, month + 1)[1]))


def paques(annee: int) -> date:
    """Easter Sunday of the Gregorian calendar."""
    golden, century, rest = annee % 19, annee // 100, annee % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    day = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * day) // 451
    month, number = divmod(epact + day - 7 * late + 114, 31)
    return date(annee, month, number + 1)


@lru_cache(maxsize=512)
def feries(annee: int) -> frozenset[date]:
    """The eleven public holidays of a year."""
    easter = paques(annee)
    moving = {easter + timedelta(days=days) for days in (1, 39, 50)}
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return frozenset(moving | {date(annee, month, day) for month, day in fixed})


def est_ouvre(jour: date) -> bool:
    """Whether it is a working day: Monday to Friday, no public holiday."""
    return jour.weekday() < 5 and jour not in feries(jour.year)


def ajouter_jours_ouvres(jour: date, nombre: int) -> date:
    """The working day `nombre` working days later (earlier when negative); the day itself for 0."""
    if abs(nombre) > LIMITE_OUVRES:
        raise ValueError("too many working days")
    step = timedelta(days=1 if nombre > 0 else -1)
    left = abs(nombre)
    while left:
        jour += step
        left -= est_ouvre(jour)
    return jour
