"""Legal clocks: each rule with its article, counted in local days, moved by complements and by handing over."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demarches.definitions import Definition, Silence, load_catalogue
from app.demarches.domain import (
    Lieu,
    Suspension,
    ajouter,
    ajouter_mois,
    competence_de,
    date_silence,
    echeance,
    jour_local,
    silence_de,
    tacite_de,
)
from app.demarches.domain.calendrier import REGLES, is_ouvrable, is_ouvre

REFUS = Silence(regime="refus", delai="2 mois", fondement="texte")
ACCEPTATION = Silence(regime="acceptation", delai="2 mois", fondement="texte")


def _definition(**legal: Any) -> Definition:
    """Occupation of the public domain under another legal part."""
    found = next(item for item in load_catalogue() if item.slug == "occupation-domaine-public")
    data = found.model_dump(mode="json", exclude_defaults=True)
    return Definition.model_validate(data | {"legal": data["legal"] | legal})


def _le(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (_le(2026, 10, 5), date(2026, 12, 5)),
        (_le(2026, 12, 31), date(2027, 2, 28)),
        (_le(2027, 12, 30), date(2028, 2, 29)),
        (_le(2026, 8, 31), date(2026, 10, 31)),
        (_le(2026, 7, 31, 22), date(2026, 10, 1)),
        (_le(2026, 12, 31, 22), date(2027, 2, 28)),
        (_le(2026, 12, 31, 23), date(2027, 3, 1)),
    ],
)
def test_the_clock_ends_on_the_same_day_number_or_the_last_of_the_month(
    received: datetime, expected: date
) -> None:
    assert date_silence(REFUS, received) == expected


def test_a_request_sent_late_in_the_evening_is_received_on_the_local_day() -> None:
    assert jour_local(_le(2026, 7, 14, 22)) == date(2026, 7, 15)
    assert jour_local(_le(2026, 1, 14, 22)) == date(2026, 1, 14)
    with pytest.raises(ValueError, match="aware"):
        jour_local(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive instant is the point


def test_silence_without_a_rule_decides_nothing() -> None:
    assert date_silence(None, _le(2026, 10, 5)) is None


def test_refusal_is_pushed_back_by_the_days_the_answer_took() -> None:
    asked = Suspension(date(2026, 10, 15), date(2026, 11, 14), produit_le=date(2026, 10, 25))
    assert date_silence(REFUS, _le(2026, 10, 5), [asked]) == date(2026, 12, 15)


def test_refusal_is_never_pushed_back_beyond_the_time_granted() -> None:
    silent = Suspension(date(2026, 10, 15), date(2026, 11, 14))
    late = Suspension(date(2026, 10, 15), date(2026, 11, 14), produit_le=date(2027, 3, 1))
    assert date_silence(REFUS, _le(2026, 10, 5), [silent]) == date(2027, 1, 4)
    assert date_silence(REFUS, _le(2026, 10, 5), [late]) == date(2027, 1, 4)


def test_overlapping_requests_stop_the_clock_once() -> None:
    one = Suspension(date(2026, 10, 10), date(2026, 10, 20))
    two = Suspension(date(2026, 10, 15), date(2026, 10, 25))
    assert date_silence(REFUS, _le(2026, 10, 5), [two, one]) == date(2026, 12, 20)


def test_a_request_made_after_the_clock_has_run_out_changes_nothing() -> None:
    late = Suspension(date(2026, 12, 6), date(2027, 1, 6))
    assert date_silence(REFUS, _le(2026, 10, 5), [late]) == date(2026, 12, 5)


def test_acceptance_counts_from_the_day_the_file_is_complete() -> None:
    waiting = Suspension(date(2026, 10, 15), date(2026, 11, 14))
    answered = Suspension(date(2026, 10, 15), date(2026, 11, 14), produit_le=date(2026, 11, 2))
    assert date_silence(ACCEPTATION, _le(2026, 10, 5)) == date(2026, 12, 5)
    assert date_silence(ACCEPTATION, _le(2026, 10, 5), [waiting]) is None
    assert date_silence(ACCEPTATION, _le(2026, 10, 5), [answered]) == date(2027, 1, 2)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_adding_months_keeps_the_day_number_or_falls_on_the_last_day(day: date, months: int) -> None:
    result = ajouter_mois(day, months)
    assert (result.year * 12 + result.month) - (day.year * 12 + day.month) == months
    assert result.day == day.day or (result + timedelta(days=1)).day == 1


@given(st.integers(0, 70), st.integers(0, 40), st.none() | st.integers(0, 60))
def test_a_suspension_never_brings_the_refusal_nearer(after: int, granted: int, answered: int | None) -> None:
    start = date(2026, 10, 5) + timedelta(days=after)
    suspension = Suspension(
        start, start + timedelta(days=granted), None if answered is None else start + timedelta(days=answered)
    )
    end = date_silence(REFUS, _le(2026, 10, 5), [suspension])
    assert end is not None
    assert timedelta() <= end - date(2026, 12, 5) <= timedelta(days=granted)


# What the law says, case by case: article, delay, from, département, how counted, expected.
CAS = [
    # CRPA L. 231-1, L. 231-4: from day to same day number, no working day matters (Saturday 5 December 2026).
    ("L. 231-4", "2 mois", date(2026, 10, 5), "", {}, date(2026, 12, 5)),
    ("L. 231-6", "4 mois", date(2026, 10, 31), "", {}, date(2027, 2, 28)),
    ("L. 231-1, jours", "15 jours", date(2026, 12, 20), "", {}, date(2027, 1, 4)),
    # Working days: neither Saturday, Sunday nor public holiday (Christmas and New Year's day are Fridays).
    ("R. 112-11-1, jour ouvré", "1 jour ouvré", date(2026, 12, 24), "", {}, date(2026, 12, 28)),
    ("jours ouvrés", "10 jours ouvrés", date(2026, 12, 21), "", {}, date(2027, 1, 6)),
    # Saturdays count among the « ouvrables ».
    ("jours ouvrables", "3 jours ouvrables", date(2026, 12, 24), "", {}, date(2026, 12, 29)),
    # Alsace-Moselle has 26 December too (a Saturday here), so the three days end one later.
    ("jours ouvrables, Moselle", "3 jours ouvrables", date(2026, 12, 24), "57", {}, date(2026, 12, 30)),
    # CJA R. 421-1: frank; 7 February 2027 is a Sunday, so Monday (CPC art. 642).
    ("R. 421-1", "2 mois", date(2026, 12, 6), "", {"franc": True, "report": True}, date(2027, 2, 8)),
    (
        "R. 421-2, 1er mai férié",
        "2 mois",
        date(2026, 2, 28),
        "",
        {"franc": True, "report": True},
        date(2026, 4, 29),
    ),
    # Abolition of slavery in Guadeloupe, 27 May.
    ("jour ouvré, Guadeloupe", "1 jour ouvré", date(2026, 5, 26), "971", {}, date(2026, 5, 28)),
]


@pytest.mark.parametrize(("article", "delai", "depuis", "departement", "comptage", "fin"), CAS)
def test_each_delay_ends_as_its_article_counts(
    article: str, delai: str, depuis: date, departement: str, comptage: dict[str, bool], fin: date
) -> None:
    assert ajouter(depuis, delai, departement, **comptage) == fin, article


def test_the_stricter_of_two_sources_is_kept_for_the_receipt_and_the_data_says_so() -> None:
    assert echeance("accuse_reception", date(2026, 11, 2)) == date(2026, 11, 9)
    assert "selon les sources" in REGLES["accuse_reception"].article
    assert all(rule.article for rule in REGLES.values())


def test_what_is_no_delay_is_refused() -> None:
    for text in ("deux mois", "2 semaines", "2", ""):
        with pytest.raises(ValueError, match=r"delay|literal"):
            ajouter(date(2026, 1, 1), text)


def test_what_is_not_indispensable_stops_no_clock() -> None:
    asked = Suspension(date(2026, 10, 15), date(2026, 11, 14), indispensable=False)
    assert date_silence(REFUS, _le(2026, 10, 5), [asked]) == date(2026, 12, 5), "L. 114-5-1"
    assert date_silence(ACCEPTATION, _le(2026, 10, 5), [asked]) == date(2026, 12, 5)


def test_a_dossier_handed_over_keeps_the_clock_that_the_law_keeps() -> None:
    """L. 114-3: refusal from the first administration's receipt, acceptance from the competent one's."""
    first, competent = _le(2026, 10, 5), _le(2026, 10, 20)
    assert date_silence(REFUS, competent, recu_initial_le=first) == date(2026, 12, 5)
    assert date_silence(ACCEPTATION, competent, recu_initial_le=first) == date(2026, 12, 20)


def test_days_are_those_of_the_collectivite() -> None:
    late = _le(2026, 10, 5, 22)
    assert date_silence(REFUS, late, lieu=Lieu.de("Europe/Paris", "22")) == date(2026, 12, 6)
    assert date_silence(REFUS, late, lieu=Lieu.de("America/Guadeloupe", "971")) == date(2026, 12, 5)
    assert date_silence(REFUS, late, lieu=Lieu.de("Pacific/Noumea", "988")) == date(2026, 12, 6)


def test_the_first_exception_that_holds_goes_before_the_rule() -> None:
    rule = {"regime": "acceptation", "delai": "2 mois", "fondement": "L. 231-1"}
    exception = {"si": 'nature = "terrasse"', "regime": "refus", "delai": "4 mois", "fondement": "L. 231-6"}
    definition = _definition(silence=rule, exceptions=[exception])
    ordinary, other = (silence_de(definition, {"nature": nature}) for nature in ("benne", "terrasse"))
    assert ordinary is not None
    assert other is not None
    assert (ordinary.regime, other.regime) == ("acceptation", "refus")
    assert date_silence(other, _le(2026, 10, 5)) == date(2027, 2, 5)
    assert silence_de(definition, {}) == ordinary, "without an answer, the rule"


def test_answers_say_who_is_competent() -> None:
    definition = _definition()
    found = competence_de(definition, {"gestionnaire": "departement"})
    assert found is not None
    assert found.administration == "departement"
    assert competence_de(definition, {"gestionnaire": "commune"}) is None


def test_silence_decides_at_the_end_of_its_day_and_says_what_the_law_leaves() -> None:
    day = date(2026, 12, 5)
    assert tacite_de(REFUS, day, day) is None, "the whole day is the administration's"
    refused = tacite_de(REFUS, day, date(2026, 12, 6))
    accepted = tacite_de(ACCEPTATION, day, date(2026, 12, 6))
    assert refused is not None
    assert accepted is not None
    # CJA R. 421-2: two frank months, 6 February 2027 is a Saturday. CRPA L. 242-1: four months.
    assert (refused.regime, refused.limite) == ("refus", date(2027, 2, 8))
    assert (accepted.regime, accepted.limite) == ("acceptation", date(2027, 4, 5))
    assert tacite_de(None, day, date(2030, 1, 1)) is None


_JOURS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
_DELAIS = st.builds(
    lambda n, unit: f"{n} {unit}",
    st.integers(1, 60),
    st.sampled_from(["mois", "jours", "jours ouvrables", "jours ouvrés"]),
)


@given(_JOURS, _DELAIS, st.booleans(), st.booleans())
def test_a_delay_goes_forward_and_each_mercy_only_lengthens_it(
    depuis: date, delai: str, franc: bool, report: bool
) -> None:
    plain = ajouter(depuis, delai)
    assert plain > depuis
    end = ajouter(depuis, delai, franc=franc, report=report)
    assert end >= plain
    if report:
        assert is_ouvre(end)


@given(_JOURS, st.integers(1, 40), st.sampled_from(["", "57", "971", "987"]))
def test_working_days_are_counted_one_by_one(depuis: date, number: int, departement: str) -> None:
    for unit, counts in (("ouvrés", is_ouvre), ("ouvrables", is_ouvrable)):
        end = ajouter(depuis, f"{number} jours {unit}", departement)
        days = (depuis + timedelta(days=n) for n in range(1, (end - depuis).days + 1))
        assert sum(counts(day, departement) for day in days) == number
        assert counts(end, departement)


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(1, 40), st.none() | st.integers(0, 60), st.booleans()),
        max_size=5,
    )
)
def test_stops_never_advance_a_refusal_nor_add_more_than_was_granted(
    demands: list[tuple[int, int, int | None, bool]],
) -> None:
    start = date(2026, 10, 5)
    stops = [
        Suspension(
            start + timedelta(days=after),
            start + timedelta(days=after + granted),
            None if answered is None else start + timedelta(days=after + answered),
            needed,
        )
        for after, granted, answered, needed in demands
    ]
    end = date_silence(REFUS, _le(2026, 10, 5), stops)
    granted = sum(given for _, given, _, needed in demands if needed)
    assert end is not None
    assert timedelta() <= end - date(2026, 12, 5) <= timedelta(days=granted)
    accepted = date_silence(ACCEPTATION, _le(2026, 10, 5), stops)
    waiting = any(stop.indispensable and stop.produit_le is None for stop in stops)
    assert (accepted is None) is waiting
    assert accepted is None or accepted >= date(2026, 12, 5)


@given(st.integers(0, 59), st.sampled_from([REFUS, ACCEPTATION]))
def test_a_handing_over_never_brings_a_decision_of_silence_nearer(days: int, silence: Silence) -> None:
    first = _le(2026, 10, 5)
    kept = date_silence(silence, first + timedelta(days=days), recu_initial_le=first)
    assert kept is not None
    assert kept >= date(2026, 12, 5)
