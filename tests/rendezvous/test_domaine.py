"""The pure rules: what a rule of opening gives on any days, and which créneaux are proposed in any free time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rendezvous.domain.creneaux import Creneau, Possible, duree_de, proposals
from app.rendezvous.domain.ouvertures import (
    Regle,
    RegleRefuseeError,
    check_recurrence,
    days_of,
    instants,
    next_day,
)
from app.socle.calendrier import feries

PARIS = ZoneInfo("Europe/Paris")
PRINTEMPS, AUTOMNE = date(2027, 3, 28), date(2027, 10, 31)
MINUTE = timedelta(minutes=1)
DEPART = datetime(2027, 3, 1, 8, tzinfo=UTC)

# A machine that is busy is no fault of the rule.
libre = settings(deadline=None)
clocks = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))
days = st.one_of(st.sampled_from([PRINTEMPS, AUTOMNE]), st.dates(date(2026, 1, 1), date(2028, 12, 31)))
zones = st.sampled_from([PARIS, ZoneInfo("America/Miquelon"), ZoneInfo("Pacific/Noumea")])
recurrences = st.sampled_from(
    ["", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "FREQ=MONTHLY;BYDAY=1MO"]
)
minutes = st.integers(0, 600)


def never(_: date) -> bool:
    return False


@libre
@given(days, clocks, clocks, zones)
def test_an_opening_keeps_the_clock_of_its_lieu(jour: date, debut: time, fin: time, zone: ZoneInfo) -> None:
    found = instants(jour, debut, fin, zone)
    if found is None:
        assert (
            debut >= fin
            or jour in (PRINTEMPS, date(2026, 3, 29), date(2028, 3, 26))
            or "Miquelon" in zone.key
        )
        return
    start, end = found
    assert start < end
    assert start.tzinfo is end.tzinfo is UTC
    for wanted, instant in ((debut, start), (fin, end)):
        shown = instant.astimezone(zone)
        # An hour that does not exist is shown an hour later by every clock.
        exists = datetime.combine(jour, wanted, zone).astimezone(UTC).astimezone(zone).time() == wanted
        assert (shown.time() == wanted) is exists
    assert end - start <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("jour", "debut", "fin", "heures"),
    [
        (PRINTEMPS, time(0), time(12), 11),
        (AUTOMNE, time(0), time(12), 13),
        (PRINTEMPS, time(9), time(12), 3),
        (AUTOMNE, time(9), time(12), 3),
        (PRINTEMPS, time(1, 30), time(2, 30), 1),
        (AUTOMNE, time(2, 30), time(2, 45), 1.25),
        (date(2027, 3, 29), time(0), time(12), 12),
    ],
)
def test_days_that_change_the_hour(jour: date, debut: time, fin: time, heures: float) -> None:
    found = instants(jour, debut, fin, PARIS)
    assert found is not None
    assert found[1] - found[0] == timedelta(hours=heures)


def test_an_opening_that_the_change_of_hour_swallows_is_none() -> None:
    assert instants(PRINTEMPS, time(2, 30), time(3, 15), PARIS) is None


@libre
@given(
    days,
    st.integers(0, 400),
    recurrences,
    st.booleans(),
    st.sampled_from(["toujours", "hors", "pendant"]),
    st.integers(0, 60),
)
def test_days_are_within_the_rule_and_in_order(
    du: date, longueur: int, recurrence: str, avec_feries: bool, vacances: str, decalage: int
) -> None:
    au = du + timedelta(days=longueur)
    regle = Regle(du, au, time(9), time(12), recurrence, vacances, avec_feries)  # type: ignore[arg-type]
    first, last = du - timedelta(days=30) + timedelta(days=decalage), au + timedelta(days=10)

    def ferie(day: date) -> bool:
        return day in feries(day.year)

    def summer(day: date) -> bool:
        return day.month in (7, 8)

    found = list(days_of(regle, first, last, ferie=ferie, en_vacances=summer))
    assert found == sorted(set(found))
    for day in found:
        assert max(du, first) <= day <= min(au, last)
        assert avec_feries or not ferie(day)
        assert vacances == "toujours" or summer(day) is (vacances == "pendant")
    if not recurrence and avec_feries and vacances == "toujours":
        assert len(found) == (min(au, last) - max(du, first)).days + 1 or first > au
    # What is expanded in two pieces is what is expanded in one.
    middle = first + (last - first) // 2
    pieces = [
        *days_of(regle, first, middle, ferie=ferie, en_vacances=summer),
        *days_of(regle, middle + timedelta(days=1), last, ferie=ferie, en_vacances=summer),
    ]
    assert pieces == found


@pytest.mark.parametrize(
    "regle",
    [
        Regle(date(2027, 7, 14), date(2027, 7, 14), time(9), time(12)),
        Regle(date(2027, 1, 1), None, time(9), time(12), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        Regle(date(2027, 1, 1), None, time(9), time(12), "FREQ=WEEKLY;BYDAY=MO", "pendant"),
    ],
)
def test_a_rule_that_never_matches_says_so(regle: Regle) -> None:
    with pytest.raises(RegleRefuseeError, match="n’ouvre aucun jour"):
        next_day(
            regle, date(2027, 1, 1), date(2028, 1, 1), ferie=lambda d: d in feries(d.year), en_vacances=never
        )


@libre
@given(days, recurrences)
def test_a_rule_that_matches_gives_its_first_day(du: date, recurrence: str) -> None:
    regle = Regle(du, None, time(9), time(12), recurrence, feries=True)
    until = du + timedelta(days=366)
    assert next_day(regle, du, until, ferie=never, en_vacances=never) == next(
        days_of(regle, du, until, ferie=never, en_vacances=never)
    )


@pytest.mark.parametrize(
    "recurrence",
    [
        "FREQ=HOURLY",
        "FREQ=SECONDLY;INTERVAL=1",
        "BYDAY=MO",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=WEEKLY;BYDAY=XX",
        "x",
    ],
)
def test_a_recurrence_that_means_nothing_here_is_refused(recurrence: str) -> None:
    with pytest.raises(RegleRefuseeError):
        check_recurrence(recurrence)


@libre
@given(st.text(max_size=60))
def test_any_text_is_a_recurrence_or_a_refusal(recurrence: str) -> None:
    try:
        check_recurrence(recurrence)
    except RegleRefuseeError:
        return
    assert not recurrence or "FREQ=" in recurrence


@st.composite
def spans(draw: st.DrawFn) -> list[Possible]:
    """When visits may begin, as the database gives it: disjoint, in order."""
    found, moment = [], DEPART
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 300), minutes), max_size=6)):
        first = moment + gap * MINUTE
        moment = first + length * MINUTE
        found.append(Possible(first, moment))
    return found


durations = st.integers(5, 120)


@libre
@given(spans(), durations, durations, st.integers(5, 60), minutes)
def test_nothing_is_proposed_outside_free_time(
    possibles: list[Possible], duree: int, courte: int, pas: int, attente: int
) -> None:
    length, since = duree * MINUTE, DEPART + attente * MINUTE
    found = list(proposals(possibles, length, min(courte, duree) * MINUTE, pas * MINUTE, since))
    assert len({creneau.debut for creneau in found}) == len(found)
    assert found == sorted(found, key=lambda creneau: creneau.debut)
    for creneau in found:
        assert creneau.debut >= since
        assert creneau.fin - creneau.debut == length
        assert any(span.premier <= creneau.debut <= span.dernier for span in possibles)


@libre
@given(spans(), durations, durations, st.integers(5, 60))
def test_no_fragment_is_stranded_when_it_can_be_avoided(
    possibles: list[Possible], duree: int, courte: int, pas: int
) -> None:
    """Every span offers something, and something that wastes nothing: its two ends always do."""
    length, shortest = duree * MINUTE, min(courte, duree) * MINUTE
    found = list(proposals(possibles, length, shortest, pas * MINUTE, DEPART))
    for span in possibles:
        inside = [creneau for creneau in found if span.premier <= creneau.debut <= span.dernier]
        assert inside
        rest = span.dernier - span.premier
        if not rest or rest >= shortest:
            assert all(_wasted(creneau, span, shortest) == 0 for creneau in inside)


def _wasted(creneau: Creneau, span: Possible, shortest: timedelta) -> int:
    return sum(
        timedelta() < r < shortest for r in (creneau.debut - span.premier, span.dernier - creneau.debut)
    )


@libre
@given(spans(), durations, st.integers(5, 60))
def test_booking_what_is_proposed_fills_the_day(possibles: list[Possible], duree: int, pas: int) -> None:
    """Taking the first créneau again and again leaves of each span less than one more visit."""
    length = duree * MINUTE
    for span in possibles:
        room, taken = span.dernier + length - span.premier, 0
        first = span.premier
        while first <= span.dernier:
            found = next(proposals([Possible(first, span.dernier)], length, length, pas * MINUTE, DEPART))
            assert found.debut in (first, span.dernier)
            first, taken = (
                (found.fin, taken + 1) if found.debut == first else (span.dernier + MINUTE, taken + 1)
            )
        assert taken == room // length


@libre
@given(st.integers(5, 240), st.integers(0, 60), st.integers(1, 20))
def test_persons_lengthen_a_visit(premiere: int, suivante: int, personnes: int) -> None:
    assert duree_de(premiere, suivante, personnes) == (premiere + suivante * (personnes - 1)) * MINUTE
