"""Legal clocks: months from receipt in local days, moved by complements (CRPA L. 114-5, L. 231-1)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demarches.definitions import Accuse, Definition, Legal, Silence, load_catalogue
from app.demarches.domain import (
    ServiceInstructeur,
    Suspension,
    ajouter_mois,
    date_silence,
    jour_local,
    mentions_accuse,
)

REFUS = Legal(
    accuse=Accuse(delivre=True, fondement="R. 112-5"),
    silence=Silence(regime="refus", delai_mois=2, fondement="texte"),
    voies_recours="Saisissez le {tribunal}.",
)
ACCEPTATION = REFUS.model_copy(
    update={"silence": Silence(regime="acceptation", delai_mois=2, fondement="texte")}
)
SANS = REFUS.model_copy(update={"silence": None})
SERVICE = ServiceInstructeur(
    "Voirie", "1 place du Champ-au-Roy, 22200 Guingamp", "voirie@guingamp.example", "02 61 91 22 70"
)


def _le(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def _definition(slug: str) -> Definition:
    return next(definition for definition in load_catalogue() if definition.slug == slug)


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
    assert date_silence(SANS, _le(2026, 10, 5)) is None


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


def test_the_receipt_says_what_r_112_5_asks() -> None:
    mentions = mentions_accuse(
        _definition("occupation-domaine-public"),
        depose_le=_le(2026, 10, 5),
        service=SERVICE,
        tribunal="tribunal administratif de Rennes",
    )
    text = "\n".join(mentions)
    for needed in (
        "5\u00a0octobre 2026",
        "Voirie, 1 place du Champ-au-Roy, 22200 Guingamp, voirie@guingamp.example, 02 61 91 22 70",
        "réponse le 5\u00a0décembre 2026, votre demande sera refusée",
        "L2122-1",
        "si votre dossier est complet",
        "tribunal administratif de Rennes",
    ):
        assert needed.replace("L2122-1", "L.\u00a02122-1") in text


def test_the_receipt_of_an_incomplete_file_lists_what_is_missing_and_until_when() -> None:
    mentions = mentions_accuse(
        _definition("occupation-domaine-public"),
        depose_le=_le(2026, 10, 5),
        service=SERVICE,
        manquantes=("plan de situation", "photos"),
    )
    text = "\n".join(mentions)
    assert "avant le 4\u00a0novembre 2026\u00a0: plan de situation\u00a0; photos." in text
    assert "réponse le 4\u00a0janvier 2027" in text


def test_silence_that_accepts_offers_the_attestation_and_waits_for_a_complete_file() -> None:
    definition = _definition("occupation-domaine-public").model_copy(update={"legal": ACCEPTATION})
    whole = mentions_accuse(definition, depose_le=_le(2026, 10, 5), service=SERVICE)
    partial = mentions_accuse(definition, depose_le=_le(2026, 10, 5), service=SERVICE, manquantes=("plan",))
    assert "sera acceptée" in whole[2]
    assert "L. 232-3" in whole[3]
    assert "2 mois après l’avoir complétée" in partial[3]


def test_a_mere_delivery_of_a_document_gets_no_receipt() -> None:
    assert mentions_accuse(_definition("acte-naissance"), depose_le=_le(2026, 10, 5), service=SERVICE) == ()


def test_without_a_rule_on_silence_the_receipt_says_nothing_of_it() -> None:
    definition = _definition("occupation-domaine-public").model_copy(update={"legal": SANS})
    assert len(mentions_accuse(definition, depose_le=_le(2026, 10, 5), service=SERVICE)) == 2
