"""Sessions and sign-ins as a browser lives them: made anew, ended in time, bound to one host and one browser."""

import pytest

from tests.cast import Cast, compte
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


async def is_signed_in(nav: Navigateur) -> bool:
    page = await nav.get("/sessions", suivre=False)
    assert page.statut in (200, 303)
    return page.statut == 200


async def signed_in(portail: Portail, label: str = "guingamp") -> Navigateur:
    nav = portail.navigateur(label)
    await portail.ouvrir_session(label, usager=(await compte(portail)).paire, navigateur=nav)
    return nav


async def callback_of(nav: Navigateur, suite: str, personne: str = "rozenn") -> str:
    """The address of FranceConnect's callback for a sign-in that this browser began."""
    page = await nav.get("/connexion/franceconnect", params={"suite": suite})
    if "/identite" in page.answer.text:
        await nav.post(f"{page.url}/identite", {"personne": personne}, suivre=False)
    answer = await nav.post(f"{page.url}/continuer", {}, suivre=False)
    assert answer.statut == 303
    return str(answer.answer.headers["location"])


async def test_a_session_is_made_anew_at_each_sign_in(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    nav.set_cookie("kumun", "plante-par-un-tiers-" * 3)
    await nav.connecter_usager("rozenn")
    first = nav.cookie("kumun")
    assert first
    assert "plante" not in first
    await nav.connecter_usager("yann")
    second = nav.cookie("kumun")
    assert second != first
    nav.set_cookie("kumun", first)
    assert not await is_signed_in(nav), "the former session ended with the new sign-in"


async def test_a_session_ends_after_two_hours_without_a_request(portail: Portail, cast: Cast) -> None:
    nav = await signed_in(portail)
    for _ in range(2):
        portail.avancer(minutes=119)
        assert await is_signed_in(nav)
    portail.avancer(minutes=121)
    assert not await is_signed_in(nav)


async def test_a_session_ends_after_twelve_hours_whatever_is_done(portail: Portail, cast: Cast) -> None:
    nav = await signed_in(portail)
    for _ in range(7):
        portail.avancer(minutes=100)
        assert await is_signed_in(nav)
    portail.avancer(minutes=25)
    assert not await is_signed_in(nav)


async def test_a_session_opens_its_own_host_only(portail: Portail, cast: Cast) -> None:
    token = await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire)
    for label in ("rennes", "mon", "agents", "opsn"):
        nav = portail.navigateur(label)
        nav.set_cookie("kumun", token)
        assert not await is_signed_in(nav), label


async def test_a_person_ends_another_of_their_sessions(portail: Portail, cast: Cast) -> None:
    phone, computer = await signed_in(portail), await signed_in(portail)
    page = await computer.get("/sessions")
    forms = [f.get("action") for f in page.arbre.forms if (f.get("action") or "").endswith("/fermer")]
    for action in forms:
        page = await computer.get("/sessions")
        ((mine,),) = portail.base.sql(
            "SELECT id FROM socle_session WHERE empreinte = sha256(%s::bytea)", computer.cookie("kumun") or ""
        )
        if str(mine) not in action:
            await page.envoyer(action=action)
    assert not await is_signed_in(phone)
    assert await is_signed_in(computer)


async def test_signing_out_ends_the_session_here_and_at_franceconnect(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    await nav.connecter_usager("rozenn")
    token = nav.cookie("kumun")
    page = await (await nav.get("/deconnexion")).envoyer(action="/deconnexion")
    assert page.statut == 200
    assert page.liens("session/end"), "the page leads to the provider's own sign-out"
    nav.set_cookie("kumun", token or "")
    assert not await is_signed_in(nav)


async def test_several_sign_ins_may_be_pending_and_each_lands_where_it_began(
    portail: Portail, cast: Cast
) -> None:
    nav = portail.navigateur()
    first = await callback_of(nav, "/demarches?q=acte")
    second = await callback_of(nav, "/demarches/acte-naissance")
    page = await nav.get(second)
    assert page.chemin == "/demarches/acte-naissance"
    assert await is_signed_in(nav)
    page = await nav.get(first)
    assert page.chemin == "/demarches?q=acte"
    assert await is_signed_in(nav)


async def test_a_callback_that_comes_twice_lands_signed_in(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    callback = await callback_of(nav, "/demarches")
    await nav.get(callback)
    page = await nav.get(callback)
    assert (page.statut, page.chemin) == (200, "/demarches")
    assert await is_signed_in(nav)


async def test_another_browser_cannot_finish_a_sign_in(portail: Portail, cast: Cast) -> None:
    mine, other = portail.navigateur(), portail.navigateur()
    callback = await callback_of(mine, "/demarches")
    page: Page = await other.get(callback)
    assert page.statut == 200
    assert other.cookie("kumun") is None
    assert not await is_signed_in(other)
    with_secret = portail.navigateur()
    await with_secret.get("/connexion")
    await with_secret.get(await callback_of(mine, "/demarches"))
    assert with_secret.cookie("kumun") is None


async def test_a_hand_off_dies_after_a_minute(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    answer = await nav.get(await callback_of(nav, "/demarches"), suivre=False)
    portail.avancer(seconds=61)
    await nav.get(answer.answer.headers["location"])
    assert nav.cookie("kumun") is None


async def test_a_forged_state_or_a_stranger_to_proconnect_opens_nothing(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("connexion")
    page = await nav.get("/franceconnect/retour?code=x&state=invente&iss=https://simulateurs.test")
    assert page.statut == 404
    agent = portail.navigateur("agents")
    page = await agent.connecter_agent("prive")
    assert agent.cookie("kumun") is None
    assert "erreur=sans_droit" in page.url
