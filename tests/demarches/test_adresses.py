"""Suggestions of addresses: from the simulator, as strict as the real service, and from none when it fails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from app.demarches.providers.adresses import AdressesAbsentes, AdressesBan, make_adresses
from simulateurs.main import create_app
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


class Arretee:
    """A second that lasts, however slow the machine: what is asked is asked within it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(clock=Arretee()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as made:
        yield made


async def test_an_address_is_suggested_with_all_that_a_form_keeps(client: httpx.AsyncClient) -> None:
    (found, *_) = await AdressesBan("http://sim/geocodage", client).chercher("12 rue notre dame guingamp")
    assert found.libelle == "12 Rue Notre-Dame 22200 Guingamp"
    assert (found.ligne, found.code_postal, found.commune) == ("12 Rue Notre-Dame", "22200", "Guingamp")
    assert (found.code_insee, found.ban_id.startswith("22070_")) == ("22070", True)
    assert -5.5 < found.lon < -1


@pytest.mark.parametrize("texte", ["", "ru", "  ", "?!", "§§§ x"])
async def test_too_little_to_ask_gives_no_suggestion(client: httpx.AsyncClient, texte: str) -> None:
    assert await AdressesBan("http://sim/geocodage", client).chercher(texte) == []


@pytest.mark.parametrize("query", ["q=ru", "q=%C2%A7rue", "limit=3"])
async def test_the_simulator_refuses_what_the_service_refuses(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/geocodage/search?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Failed parsing query"


async def test_beyond_fifty_a_second_the_service_asks_to_wait(client: httpx.AsyncClient) -> None:
    codes = [(await client.get("/geocodage/search?q=rue")).status_code for _ in range(60)]
    assert codes[0] == 200
    assert 429 in codes
    assert await AdressesBan("http://sim/geocodage", client).chercher("rue du stade") == []


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"features": [{"properties": {}}]}),
        httpx.Response(200, json=[]),
    ],
)
async def test_a_service_that_fails_suggests_nothing(reply: httpx.Response) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: reply)) as broken:
        assert await AdressesBan("http://sim", broken).chercher("rue du stade") == []


async def test_without_setting_there_is_no_service() -> None:
    assert isinstance(make_adresses(""), AdressesAbsentes)
    assert await make_adresses("").chercher("rue du stade") == []


async def test_the_page_may_ask_for_names_and_addresses(portail: Portail) -> None:
    nav = portail.navigateur("guingamp")
    nav.verifier = False
    found = (await nav.get("/suggestions/communes?q=guing")).answer.json()
    assert found[0] == {"libelle": "Guingamp (22200)", "code": "22070"}
    assert (await nav.get("/suggestions/adresses?q=12+rue")).answer.json() == []
