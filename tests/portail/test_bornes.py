"""Kiosk mode: installed by a code, it keeps nothing, and a visit that ends leaves nothing behind."""

import pytest

from tests.cast import Cast, compte
from tests.demarches import adhesion
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
BORNES = "/collectivite/guingamp/bornes"
REMPLIR = f"/demarches/{adhesion.SLUG}/remplir"


async def desk(portail: Portail, cast: Cast) -> Navigateur:
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'administrateur' WHERE agent_id = %s", cast.agents["maelle"]
    )
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    return nav


def code_of(page: Page) -> str:
    return str(page.arbre.xpath("string(//*[@class='k-depose__numero'])")).strip()


async def kiosk(portail: Portail, cast: Cast) -> tuple[Navigateur, Navigateur]:
    """The desk of who installed it, and the screen."""
    agent = await desk(portail, cast)
    made = await (await agent.get(BORNES)).envoyer({"nom": "Accueil"}, action=BORNES)
    borne = portail.navigateur()
    home = await (await borne.get("/borne")).envoyer({"code": code_of(made).lower()}, action="/borne")
    assert home.chemin == "/"
    await adhesion.ouvrir(portail.noyau, representation=[])
    return agent, borne


async def test_a_code_makes_one_screen_a_kiosk(portail: Portail, cast: Cast) -> None:
    agent = await desk(portail, cast)
    assert (await (await agent.get(BORNES)).envoyer(action=BORNES)).statut == 422
    code = code_of(await (await agent.get(BORNES)).envoyer({"nom": "Accueil"}, action=BORNES))
    assert code not in (await agent.get(BORNES)).texte
    borne, other = portail.navigateur(), portail.navigateur()
    assert (await (await other.get("/borne")).envoyer({"code": "AAAAA-AAAAA"}, action="/borne")).statut == 422
    await (await borne.get("/borne")).envoyer({"code": code}, action="/borne")
    assert "Borne publique" in (await borne.get("/")).texte
    assert (await (await other.get("/borne")).envoyer({"code": code}, action="/borne")).statut == 422
    # What a visitor reads elsewhere is not what the kiosk put in memory, nor the other way round.
    assert "Borne publique" not in (await portail.navigateur().get("/")).texte
    assert "Borne publique" in (await borne.get("/")).texte
    forged = portail.navigateur()
    forged.set_cookie("kumun-borne", f"{cast.communes['guingamp']}.AAAA")
    assert "Borne publique" not in (await forged.get("/")).texte


async def test_a_kiosk_keeps_nothing_of_who_used_it(portail: Portail, cast: Cast) -> None:
    _, borne = await kiosk(portail, cast)
    page = await borne.get(REMPLIR)
    assert "max-age" not in page.answer.headers["set-cookie"].lower()
    assert page.arbre.xpath("//body/@data-k-borne") == [""]
    forms = page.arbre.xpath("//form")
    assert all(form.get("autocomplete") == "off" for form in forms)
    assert set(page.arbre.xpath("//*[not(self::form)]/@autocomplete")) == set()
    assert not page.liens("Mon espace")
    draft = str(page.formulaire("/etapes/").get("action"))
    await page.envoyer({"nom": "LE BIHAN", "action": "enregistrer"}, action="/etapes/")
    ended = await (await borne.get("/")).envoyer(action="/borne/fin", suivre=False)
    assert "storage" in ended.answer.headers["clear-site-data"]
    assert ended.arbre.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=/"]
    assert borne.cookie("kumun-temoin") is None
    assert borne.cookie("kumun-borne") is not None
    assert portail.base.sql("SELECT 1 FROM demarches_dossier") == []
    assert (await borne.get(draft)).chemin.startswith("/connexion")


async def test_who_signs_in_on_a_kiosk_is_signed_out_and_keeps_their_draft(
    portail: Portail, cast: Cast
) -> None:
    _, borne = await kiosk(portail, cast)
    await borne.connecter_usager(suite=REMPLIR)
    page = await borne.get(REMPLIR)
    assert "LE GALLOU" in page.texte
    refused = await borne.get("/passage/accorder?demande=x")
    assert refused.statut == 403
    ended = await page.envoyer(action="/borne/fin", suivre=False)
    (after,) = ended.arbre.xpath("//meta[@http-equiv='refresh']/@content")
    assert "franceconnect" in after, "its own session is ended too"
    assert borne.cookie("kumun") is None
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(1,)]
    alive = "SELECT count(*) FROM socle_session WHERE revoquee_le IS NULL AND usager_id IS NOT NULL"
    assert portail.base.sql(alive) == [(0,)]


async def test_a_session_left_open_on_a_kiosk_is_over_in_five_minutes(portail: Portail, cast: Cast) -> None:
    _, borne = await kiosk(portail, cast)
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=borne)
    assert "LE GALLOU" in (await borne.get(REMPLIR)).texte
    portail.avancer(minutes=6)
    assert "LE GALLOU" not in (await borne.get(REMPLIR)).texte


async def test_elsewhere_than_on_a_kiosk_the_end_wipes_nothing(portail: Portail, cast: Cast) -> None:
    await adhesion.ouvrir(portail.noyau, representation=[])
    elsewhere = portail.navigateur()
    page = await elsewhere.get(REMPLIR)
    token = dict(page.champs("/etapes/"))["jeton_csrf"]
    sent = await elsewhere.post("/borne/fin", {"jeton_csrf": token}, suivre=False)
    assert sent.answer.headers["location"] == "/"
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(1,)]


async def test_a_kiosk_taken_back_becomes_a_browser_like_another(portail: Portail, cast: Cast) -> None:
    agent, borne = await kiosk(portail, cast)
    await (await agent.get(BORNES)).envoyer(action="/retirer")
    await (await borne.get(REMPLIR)).envoyer(action="/borne/fin", suivre=False)
    assert borne.cookie("kumun-borne") is None
    assert "Borne publique" not in (await borne.get("/")).texte


async def test_only_an_administrator_installs_a_kiosk(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    page = await nav.get(BORNES)
    assert page.statut == 200
    assert "Ajouter une borne" not in page.texte
    fields = {"jeton_csrf": portail.noyau.sceau.sign("csrf", nav.cookie("kumun-temoin") or ""), "nom": "x"}
    assert (await nav.post(BORNES, fields)).statut == 403
    assert portail.base.sql("SELECT 1 FROM collectivites_borne") == []
