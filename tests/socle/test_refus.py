"""What the front door refuses before any page: forms from elsewhere, bodies too big, hosts nobody gave us."""

from collections.abc import AsyncIterator

import pytest

from tests.cast import Cast
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
FORM = "/connexion/courriel"


async def test_a_form_from_elsewhere_is_refused(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    page = await nav.get("/connexion")
    fields = dict(page.champs(FORM)) | {"courriel": "rozenn@courriel.example"}
    before = portail.base.state()
    for headers in (
        {"origin": "https://ailleurs.example"},
        {"origin": portail.url("rennes", "")},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        refused = await nav.post(FORM, fields, headers=headers, suivre=False)
        assert refused.statut == 403, headers
        assert "autre adresse" in refused.texte
    assert portail.base.state() == before
    assert (await nav.post(FORM, fields, suivre=False)).statut == 303


async def test_a_form_without_this_browsers_token_is_refused(portail: Portail, cast: Cast) -> None:
    nav, other = portail.navigateur(), portail.navigateur()
    mine = dict((await nav.get("/connexion")).champs(FORM))
    foreign = dict((await other.get("/connexion")).champs(FORM))
    before = portail.base.state()
    for token in ("", "x", foreign["jeton_csrf"], mine["jeton_csrf"][:-1]):
        refused = await nav.post(FORM, mine | {"courriel": "a@b.example", "jeton_csrf": token}, suivre=False)
        assert refused.statut == 403, token
        assert "rechargez la page" in refused.texte
    assert portail.base.state() == before


async def test_a_body_too_big_is_refused_announced_or_not(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    await nav.get("/connexion")
    kind = {"content-type": "application/x-www-form-urlencoded"}

    async def drip() -> AsyncIterator[bytes]:
        yield b"courriel="
        for _ in range(20):
            yield b"a" * 100_000

    announced = await nav.requete("POST", FORM, content=b"a" * 1_100_000, headers=kind)
    dripped = await nav.requete("POST", FORM, content=drip(), headers=kind)
    assert (announced.statut, dripped.statut) == (413, 413)
    odd = await nav.requete("POST", FORM, content=b"a", headers={**kind, "content-length": "-1"})
    assert odd.statut == 413


async def test_an_unknown_host_gets_a_plain_page_and_nothing_of_ours(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("inconnue")
    for path in ("/", "/sante", "/static/kumun.css", "/demarches"):
        page = await nav.get(path)
        assert page.statut == 404, path
        assert "set-cookie" not in page.answer.headers
    assert "aucune collectivité" in page.texte
    assert not page.arbre.xpath("//form")


async def test_every_answer_carries_its_headers(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    for path in ("/", "/absente", "/static/kumun.css", "/sante"):
        headers = (await nav.get(path)).answer.headers
        assert headers["x-frame-options"] == "DENY", path
        assert headers["strict-transport-security"]
        assert headers["x-request-id"]
    assert "no-store" in (await nav.get("/connexion")).answer.headers["cache-control"]


async def test_health_is_told_and_metrics_are_not_public(portail: Portail, cast: Cast) -> None:
    for label in ("", "guingamp", "mon", "agents", "opsn", "connexion"):
        page = await portail.navigateur(label).get("/sante")
        assert page.statut == 200
        assert page.answer.json()["etat"] == "ok"
    assert (await portail.navigateur("").get("/metrics")).statut == 200
    portail.noyau.settings.__dict__["trusted_proxies"] = "10.0.0.1"
    assert (await portail.navigateur("").get("/metrics")).statut == 404
    assert (await portail.navigateur("guingamp").get("/metrics")).statut == 404
