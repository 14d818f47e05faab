"""From rules of opening to instants: recurrence (RFC 5545), holidays, school holidays, changes of hour.

A rule is written in the wall clock of its lieu and read day by day, so nine o'clock stays nine o'clock in summer.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from app.socle.errors import InvalidInputError
from app.socle.langues import N_

Vacances = Literal["toujours", "hors", "pendant"]
LONGUEUR_MAX = 200
# Rules finer than a day mean nothing here; COUNT and UNTIL are the rule's own days, in the dates of the plage.
_FREQUENCES = re.compile(r"(?:^|;)FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(?:;|$)")
_CLES = frozenset(
    {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYWEEKNO", "BYYEARDAY", "WKST"}
)


class RegleRefuseeError(InvalidInputError):
    """The recurrence cannot be read, or never matches."""

    code = "regle_refusee"


@dataclass(frozen=True, slots=True)
class Regle:
    """When a ressource receives: days by recurrence between two dates, hours in the wall clock of the lieu.

    `recurrence` is the value of an RRULE; empty means each day from `du` to `au`, or `du` alone when there is no `au`.
    """

    du: date
    au: date | None
    debut: time
    fin: time
    recurrence: str = ""
    vacances: Vacances = "toujours"
    feries: bool = False


def check_recurrence(recurrence: str) -> None:
    """RegleRefuseeError with a French sentence when a recurrence is not one that openings may have."""
    if not recurrence:
        return
    keys = {part.partition("=")[0] for part in recurrence.split(";")}
    if len(recurrence) > LONGUEUR_MAX or not _FREQUENCES.search(recurrence) or not keys <= _CLES:
        raise RegleRefuseeError(
            N_(
                "Cette répétition n’est pas reconnue. Choisissez « chaque semaine », « toutes les deux semaines », "
                "« le premier lundi du mois » ou des jours précis."
            )
        )
    try:
        rrulestr(recurrence, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - a rule of days has no zone
    except (ValueError, TypeError, KeyError):
        raise RegleRefuseeError(
            N_(
                "Cette répétition se contredit : aucun calendrier ne peut la suivre. Reprenez-la depuis le début."
            )
        ) from None


def days_of(
    regle: Regle,
    debut: date,
    fin: date,
    *,
    ferie: Callable[[date], bool],
    en_vacances: Callable[[date], bool],
) -> Iterator[date]:
    """The days from `debut` to `fin`, both included, on which the rule opens, in order."""
    first = max(regle.du, debut)
    last = min(fin, regle.au or (fin if regle.recurrence else regle.du))
    if first > last:
        return
    for day in _matching(regle, first, last):
        if ferie(day) and not regle.feries:
            continue
        if regle.vacances != "toujours" and en_vacances(day) is (regle.vacances == "hors"):
            continue
        yield day


def _matching(regle: Regle, first: date, last: date) -> Iterator[date]:
    rule = rrulestr(regle.recurrence or "FREQ=DAILY", dtstart=datetime.combine(regle.du, time()))
    for moment in rule.between(datetime.combine(first, time()), datetime.combine(last, time()), inc=True):
        yield moment.date()


def instants(jour: date, debut: time, fin: time, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The opening of one day as UTC instants; None when a change of hour leaves nothing of it.

    An hour that does not exist (2:30 on the last Sunday of March) is the one that the clocks show then, 3:30; one that
    comes twice (in October) is the first for a beginning and the second for an end, so that nobody is turned away.
    """
    start = datetime.combine(jour, debut, zone).astimezone(UTC)
    # Of two readings the later: the second of an hour that comes twice, and in spring the one that exists.
    end = max(datetime.combine(jour, fin, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return (start, end) if start < end else None


def next_day(
    regle: Regle,
    depuis: date,
    jusqu_a: date,
    *,
    ferie: Callable[[date], bool],
    en_vacances: Callable[[date], bool],
) -> date:
    """The first day on which a rule opens; RegleRefuseeError when it never does in that time."""
    for day in days_of(regle, depuis, jusqu_a, ferie=ferie, en_vacances=en_vacances):
        return day
    raise RegleRefuseeError(
        N_(
            "Cette plage n’ouvre aucun jour d’ici un an : vérifiez ses dates, sa répétition, les jours fériés et les "
            "vacances scolaires."
        )
    )
