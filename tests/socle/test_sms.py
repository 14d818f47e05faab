"""Text messages as operators count them: alphabet, segments, mobile numbers, hours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.config import SettingsError
from app.socle.expediteurs import Issue
from app.socle.sms import PasserelleHttp, Sms, compter, ecrire, numero_mobile, pas_avant


@pytest.mark.parametrize(
    ("texte", "expected"),
    [
        ("a" * 160, (160, 1, True)),
        ("a" * 161, (161, 2, True)),
        ("a" * 306, (306, 2, True)),
        ("a" * 307, (307, 3, True)),
        ("€" * 80, (160, 1, True)),
        ("€" * 81, (162, 2, True)),
        ("à é è ù Ç", (9, 1, True)),
        ("ж" * 70, (70, 1, False)),
        ("ж" * 71, (71, 2, False)),
        ("😀", (2, 1, False)),
    ],
)
def test_length_and_segments(texte: str, expected: tuple[int, int, bool]) -> None:
    assert compter(texte) == expected


def test_french_typography_does_not_double_the_price() -> None:
    texte = ecrire("L’école « Jules-Ferry » : ça y est, votre cœur d’îlot…")
    assert compter(texte)[2]
    assert texte == "L'école \" Jules-Ferry \" : ca y est, votre coeur d'ilot..."


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("06 12 34 56 78", "+33612345678"), ("+33 7 56 12 34 56", "+33756123456"), ("0692 12 34 56", "+262692123456"),
     ("0690 30 12 34", "+590690301234")],
)  # fmt: skip
def test_mobiles_of_france_and_overseas(typed: str, stored: str) -> None:
    assert numero_mobile(typed) == stored


@pytest.mark.parametrize("typed", ["02 96 44 00 00", "3639", "", "abc", "+33", "0800 123 456"])
def test_what_no_message_reaches(typed: str) -> None:
    with pytest.raises(ValueError, match="numéro"):
        numero_mobile(typed)


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        (datetime(2026, 11, 23, 7, tzinfo=UTC), "Europe/Paris", None),
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), "Europe/Paris", datetime(2026, 11, 23, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 19, tzinfo=UTC), "Europe/Paris", datetime(2026, 11, 24, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 17, tzinfo=UTC), "Indian/Reunion", datetime(2026, 11, 24, 4, tzinfo=UTC)),
    ],
)
def test_not_at_night_where_the_person_lives(instant: datetime, zone: str, expected: datetime | None) -> None:
    assert pas_avant(instant, ZoneInfo(zone)) == expected


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "issue"),
    [(202, Issue.ACCEPTE), (422, Issue.REFUSE), (429, Issue.A_REESSAYER), (503, Issue.A_REESSAYER),
     (401, Issue.A_REESSAYER), (302, Issue.A_REESSAYER)],
)  # fmt: skip
async def test_what_the_gateway_says(status: int, issue: Issue) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json={"error": "x"})

    gateway = PasserelleHttp("https://:secret@sms.example/v1", transport=httpx.MockTransport(answer))
    assert (await gateway.envoyer(Sms("+33612345678", "Bonjour", "cle"))).issue is issue
    assert seen[0].headers["authorization"] == "Bearer secret"
    assert "secret" not in str(seen[0].url)


@pytest.mark.parametrize("url", ["http://:a@sms.example/", "https://sms.example/", "smpp://:a@sms.example/"])
def test_a_wrong_setting_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        PasserelleHttp(url)
