"""The simulators' own pages, which people cross to sign in or pay: axe, the HTML checker, a small phone, no script."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Route

from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE
from tests.navigateur.pile import Pile
from tests.simulateurs.payfip import DEMANDE, NUMCLI, envelope, told


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


def operation(server: httpx.Client, back: str) -> str:
    """The payment page of an operation that a portal has just created."""
    champs = {**DEMANDE, "urlnotif": back, "urlredirect": back}
    answer = server.post("/payfip/tpa/services/securite", content=envelope("creerPaiementSecurise", champs))
    return f"/payfip/tpa/paiementws.web?idop={told(answer)['idOp']}"


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_the_pages_of_payments(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite = arrive(maniere)
    visite.simulateurs = True
    base = f"http://localhost:{pile.sim_port}"
    with httpx.Client(base_url=base) as server:
        libelles = ["Commune de Guingamp", "Régie périscolaire", ""]
        put = server.put(f"/_simulateur/payfip/regies/{NUMCLI}", json={"libelles": libelles})
        assert put.status_code == 201, put.text
        back = f"http://guingamp.localhost:{pile.port}/"
        paid, left = operation(server, back), operation(server, back)
    visite.open_address(f"{base}{paid}")
    visite.sees("Payer 12,50 €", "Régie périscolaire", "Mode test")
    visite.press("Payer par carte bancaire")
    visite.sees("Paiement accepté")
    visite.follow("Revenir au site de la collectivité")
    assert visite.here.startswith("guingamp/?idop=")
    visite.open_address(f"{base}{paid}")
    visite.sees("Le paiement n’est pas possible", "P3")
    visite.open_address(f"{base}{left}")
    visite.press("Abandonner")
    visite.sees("Paiement abandonné", "Rien n’est débité.")
    # The address of a refusal is answered 400, which the browser writes down.
    visite.console[:] = [line for line in visite.console if "status of 400" not in line]


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_the_pages_of_what_leaves_the_portal(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite = arrive(maniere)
    visite.simulateurs = True
    base = f"http://localhost:{pile.sim_port}"
    link = f"http://guingamp.localhost:{pile.port}/rendez-vous/suivi?cle={'k' * 60}"
    secret = base64.b64encode(b"s" * 32).decode()
    visite.open_address(f"{base}/webhooks/")
    visite.fill("Nom", f"sig_{maniere}")
    visite.fill("Secret", f"whsec_{secret}")
    visite.press("Enregistrer")
    visite.sees(f"sig_{maniere}")
    body = json.dumps({"numero": "1234", "lien": link}).encode()
    now, id_ = str(int(time.time())), f"msg_{maniere}"
    signature = hmac.new(b"s" * 32, f"{id_}.{now}.".encode() + body, hashlib.sha256).digest()
    signed = {
        "webhook-id": id_,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    with httpx.Client(base_url=base) as server:
        called = server.post(f"/webhooks/sig_{maniere}", content=body, headers=signed)
        assert called.status_code == 200, called.text
        text = f"Votre rendez-vous est demain. Le déplacer : {link}"
        message = {"id": id_, "to": "+33612345678", "text": text}
        sent = server.post("/sms/messages", json=message, headers={"authorization": "Bearer jeton-essai"})
        assert sent.status_code == 202, sent.text
    visite.open_address(f"{base}/webhooks/")
    visite.sees(link)
    visite.open_address(f"{base}/sms/")
    visite.sees("+33612345678", link)
