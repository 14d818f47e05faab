"""The simulators' own pages, which people cross at each sign-in: axe, the HTML checker, a small phone, no script."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route

from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE
from tests.navigateur.pile import Pile


def stay(route: Route) -> None:
    """A page that goes on by itself stays long enough to be looked at."""
    asked = urlsplit(route.request.url)
    # Names under localhost are known to the browser alone.
    answer = route.fetch(
        url=asked._replace(netloc=f"127.0.0.1:{asked.port}").geturl(),
        headers={**route.request.all_headers(), "host": asked.netloc},
    )
    text = answer.text().replace('http-equiv="refresh"', 'name="description"')
    route.fulfill(response=answer, body=text)


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_every_page_of_the_simulators(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite = arrive(maniere)
    visite.simulateurs = True
    base = f"http://localhost:{pile.sim_port}"
    visite.open_address(f"{base}/")
    visite.unfold("FranceConnect :")
    visite.unfold("ProConnect :")
    visite.unfold("règles et leur preuve")
    visite.open_address(f"{base}/franceconnect/api/v2/authorize?client_id=inconnu")
    visite.sees("Une erreur est survenue", "Pour les développeurs")

    visite.open("guingamp", ACTE)
    visite.follow("S’identifier avec FranceConnect")
    visite.unfold("Saisir une autre identité")
    visite.fill("Nom de naissance", "LE GALL")
    visite.page.get_by_label("Date de naissance").fill("31/02/1980")
    visite.press("Se connecter avec cette identité")
    visite.sees("L’identité n’est pas acceptable")
    visite.press("Rozenn")
    visite.unfold("Voir les informations transmises")
    visite.press("Continuer sur")
    visite.open("guingamp", "/deconnexion")
    for address in ("**/deconnexion", "**/session/end?*"):
        visite.page.route(address, stay)
    visite.press("Me déconnecter")
    visite.sees("Vous êtes déconnecté")
    leave = visite.page.get_by_role("link", name="Continuer").get_attribute("href") or ""
    visite.follow("Continuer")
    visite.sees("Déconnexion en cours")
    visite.follow("Continuer")
    assert visite.here == "guingamp/"
    # A service that says no address to return to.
    visite.open_address(leave.split("&post_logout_redirect_uri")[0])
    visite.follow("Continuer")
    visite.sees("Déconnexion effectuée")
    # The address of a refusal is answered 400, which the browser writes down.
    visite.console[:] = [line for line in visite.console if "client_id=inconnu" not in line]

    agent = arrive(maniere)
    agent.simulateurs = True
    agent.open("agents")
    agent.follow("S’identifier avec ProConnect")
    agent.unfold("Saisir un autre professionnel")
    agent.fill("Adresse électronique professionnelle", "personne@ailleurs.example")
    agent.press("Continuer")
    agent.press("soazig.penven@loc-envel.example")
    agent.sees("Pour quelle organisation vous connectez-vous")
    visite.open("agents")
    visite.follow("S’identifier avec ProConnect")
    visite.press("alan.coadou@guingamp.example")
    visite.sees("Un second facteur est nécessaire")
