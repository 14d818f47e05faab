"""Which beginnings to propose in free time, so that what remains on either side can still be used.

A naïve grid strands fragments: a free span of 45 minutes and visits of 20 leave 5 in the middle. Here a beginning is
proposed when what it leaves before and after it is nothing, or long enough for the shortest visit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Possible:
    """From the first to the last instant, both included, at which a visit may begin in one free span."""

    premier: datetime
    dernier: datetime


@dataclass(frozen=True, slots=True)
class Creneau:
    """A visit that can be booked: its beginning, its end, and the minutes that it would waste for good."""

    debut: datetime
    fin: datetime
    perdues: int = 0


def duree_de(premiere: int, suivante: int, personnes: int) -> timedelta:
    """How long a visit of so many persons takes: so much for the first, so much for each other one (minutes)."""
    return timedelta(minutes=premiere + suivante * (personnes - 1))


def proposals(
    possibles: Iterable[Possible], duree: timedelta, courte: timedelta, pas: timedelta, depuis: datetime
) -> Iterator[Creneau]:
    """Créneaux in order, none before `depuis`, none twice; `courte` is the shortest visit that could use a rest.

    Beginnings follow one another from both ends of each free span, `pas` apart at least. When every beginning of a span
    wastes something, the least wasteful are proposed, with the minutes they lose: time is never withheld.
    """
    seen: set[datetime] = set()
    for span in possibles:
        found = [
            Creneau(start, start + duree, _lost(span, start, courte))
            for start in _beginnings(span, duree, pas)
            if start >= depuis and start not in seen
        ]
        least = min((creneau.perdues for creneau in found), default=0)
        kept = [creneau for creneau in found if creneau.perdues <= least]
        seen.update(creneau.debut for creneau in kept)
        yield from kept


def _beginnings(span: Possible, duree: timedelta, pas: timedelta) -> list[datetime]:
    step = max(duree, pas)
    forward, backward, number = [], [], 0
    while (moment := span.premier + number * step) <= span.dernier:
        forward.append(moment)
        backward.append(span.dernier - number * step)
        number += 1
    return sorted({*forward, *backward})


def _lost(span: Possible, start: datetime, courte: timedelta) -> int:
    """Minutes on either side that no visit can use any more."""
    nothing = timedelta()
    rests = (start - span.premier, span.dernier - start)
    return sum(int(rest.total_seconds() // 60) for rest in rests if nothing < rest < courte)
