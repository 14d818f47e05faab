"""The pages that law and good manners ask of every host, and what robots find."""

import pytest

from app.config import Settings
from app.demarches.definitions import load_catalogue

pytestmark = pytest.mark.anyio

HOTES = ("guingamp", "mon", "agents", "opsn", "connexion", "")
PAGES = ("/accessibilite", "/donnees-personnelles", "/mentions-legales", "/aide", "/plan-du-site")


@pytest.mark.parametrize("hote", HOTES)
async def test_every_host_has_its_pages_of_information(portail, hote):
    navigateur = portail.navigateur(hote)
    for path in PAGES:
        page = await navigateur.get(path)
        assert page.statut == 200, path
        assert page.titre
    assert {link.rsplit("/", 1)[1] for link in page.liens() if link.startswith(portail.url(hote))} >= {
        path[1:] for path in PAGES if path not in ("/plan-du-site", "/aide")
    }


async def test_the_declaration_says_what_the_decree_asks(portail):
    page = await portail.navigateur("guingamp").get("/accessibilite")
    for words in (
        "Audit non réalisé : non conforme",
        "2005-102",
        "2019-768",
        "Défenseur des droits",
        "02 61 91 22 70",
    ):
        assert words in page.texte


async def test_personal_data_tells_the_three_clocks_of_each_online_demarche(portail):
    page = await portail.navigateur("guingamp").get("/donnees-personnelles")
    online = [d for d in load_catalogue() if d.genre == "teleservice"]
    offered = [d for d in online if d.titre in page.texte]
    assert offered
    for definition in offered:
        clocks = definition.conservation
        assert f"{clocks.brouillon_jours} jours" in page.texte
        assert f"{clocks.base_active_mois} mois" in page.texte
    for words in ("Guingamp est responsable", "CNIL", "FranceConnect", "__Host-kumun-temoin"):
        assert words in page.texte


async def test_the_source_of_the_version_in_service_is_offered(portail):
    page = await portail.navigateur("guingamp").get("/mentions-legales")
    assert "Affero" in page.texte
    assert "remis gratuitement à toute personne" in page.texte
    settings = portail.noyau.settings
    portail.noyau.settings = settings.model_copy(update={"source_url": "https://code.example.org/kumun"})
    page = await portail.navigateur("rennes").get("/mentions-legales")
    assert "https://code.example.org/kumun" in page.liens()


async def test_what_a_commune_has_not_given_is_not_shown(portail):
    portail.base.sql("UPDATE socle_collectivite SET coordonnees = '{}' WHERE slug = 'loc-envel' RETURNING 1")
    for path in PAGES:
        page = await portail.navigateur("loc-envel").get(path)
        assert page.statut == 200
        assert not page.arbre.xpath("//*[contains(@class, 'k-coordonnees')][not(normalize-space())]")


async def test_agents_read_how_the_desk_works_and_residents_how_to_be_helped(portail):
    assert "silence vaille décision" in (await portail.navigateur("agents").get("/aide")).texte
    page = await portail.navigateur("guingamp").get("/aide")
    assert "France services" in page.texte
    assert "02 61 91 22 70" in page.texte


async def test_the_site_map_leads_to_every_demarche(portail):
    page = await portail.navigateur("guingamp").get("/plan-du-site")
    for definition in load_catalogue():
        assert portail.url("guingamp", f"/demarches/{definition.slug}") in page.liens()


async def test_robots_read_public_pages_only(portail):
    text = (await portail.navigateur("guingamp").get("/robots.txt")).answer.text
    assert "Disallow: /dossiers" in text
    assert "Disallow: /\n" not in text
    for hote in ("mon", "agents", "opsn"):
        assert "Disallow: /\n" in (await portail.navigateur(hote).get("/robots.txt")).answer.text


async def test_whom_to_tell_about_a_weakness(portail):
    text = (await portail.navigateur("guingamp").get("/.well-known/security.txt")).answer.text
    assert "Contact: tel:+33261910000" in text
    assert "Expires: 2027-05-" in text


async def test_a_missing_page_says_whom_to_call_on_every_host(portail):
    for hote, phone in (
        ("guingamp", "02 61 91 22 70"),
        ("mon", "02 61 91 00 00"),
        ("agents", "02 61 91 00 00"),
    ):
        page = await portail.navigateur(hote).get("/nulle-part")
        assert page.statut == 404
        assert phone in page.texte


def test_the_source_address_is_a_web_address(tmp_path):
    with pytest.raises(ValueError, match="must be http"):
        Settings(var=tmp_path, secret_key="s" * 40, master_key="m" * 40, source_url="javascript:alert(1)")
