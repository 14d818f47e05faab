"""The kiosk of a town hall in a browser: installed, used for somebody who is helped, left alone, wiped."""

from uuid import uuid4

from playwright.sync_api import expect

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee

SOAZIG = "soazig.penven@loc-envel.example"
KEPT = "[...Object.keys(sessionStorage), ...Object.keys(localStorage)]"


def install(arrive: Arrivee) -> Visite:
    """A screen of Loc-Envel's town hall."""
    agent = arrive()
    agent.sign_in_as_agent(SOAZIG)
    agent.open("agents", "/collectivite/loc-envel/bornes")
    agent.fill("Nom de la borne", "Accueil")
    agent.press("Ajouter une borne")
    code = agent.page.locator(".k-depose__numero").inner_text()
    borne = arrive()
    borne.open("loc-envel", "/borne")
    borne.fill("Code de la borne", code)
    borne.press("Installer la borne")
    borne.sees("Borne publique")
    return borne


def test_a_kiosk_left_alone_wipes_the_visit(arrive: Arrivee) -> None:
    borne = install(arrive)
    page = borne.page
    borne.open("loc-envel", "/demarches/operation-tranquillite-vacances")
    borne.follow("Recevoir un code par courriel")
    borne.sign_in_by_code(f"tugdual.{uuid4().hex[:8]}@courriel.example")
    borne.choose("Pour qui faites-vous cette démarche ?", "Pour une personne que j’aide")
    borne.press("Continuer")
    borne.fill("Prénoms", "Jeanne")
    borne.fill("Nom de naissance", "LE BIHAN")
    borne.fill("Jour", "3", "Date de naissance")
    borne.fill("Mois", "4", "Date de naissance")
    borne.fill("Année", "1940", "Date de naissance")
    borne.fill("Vos prénoms", "Tugdual")
    borne.fill("Votre nom de naissance", "MORVAN")
    borne.choose("Vous êtes", "Un proche ou un voisin")
    borne.tick("J’ai un mandat écrit et signé")
    page.clock.install()
    borne.press("Continuer")
    borne.sees("Démarche faite pour", "Jeanne LE BIHAN")
    page.context.set_offline(True)
    page.get_by_role("radio").first.check()
    expect(page.locator("#enregistrement")).to_contain_text("Pas de connexion")
    assert page.evaluate(KEPT) == []
    page.context.set_offline(False)
    page.clock.fast_forward(121_000)
    asked = page.get_by_role("dialog", name="Êtes-vous toujours là ?")
    expect(asked).to_be_visible()
    borne.check_dialog()
    asked.get_by_role("button", name="Continuer").click()
    expect(asked).to_be_hidden()
    page.clock.fast_forward(121_000)
    expect(asked).to_be_visible()
    with page.expect_navigation(url=lambda url: url.endswith("localhost") or url.endswith("/")):
        page.clock.run_for(32_000)
    expect(page.get_by_text("Borne publique", exact=True)).to_be_visible()
    assert {cookie["name"] for cookie in page.context.cookies(page.url)} == {"kumun-borne"}
    borne.console[:] = [line for line in borne.console if "ERR_INTERNET_DISCONNECTED" not in line]
