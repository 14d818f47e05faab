"""Odd identities and refusals of FranceConnect: each has its sentence and a way on."""

import pytest

from tests.cast import Cast
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
START = "/demarches/acte-naissance/remplir"


@pytest.mark.parametrize("personne", ["fatou", "sasha", "ahmad", "mononyme", "fanch"])
async def test_an_odd_identity_reaches_its_form(portail: Portail, cast: Cast, personne: str) -> None:
    page = await portail.navigateur("guingamp").connecter_usager(personne, START)
    assert page.statut == 200
    assert page.formulaire("/etapes/") is not None


async def test_a_person_without_an_address_is_told_and_may_go_on(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("guingamp")
    page = await nav.get("/connexion/franceconnect", params={"suite": START})
    refused = await nav.post(f"{page.url}/identite", {"personne": "marcel"})
    told = await nav.get(next(url for url in refused.liens() if "error=" in url or "/retour" in url))
    assert "n’a pas d’adresse de courriel" in told.texte
    assert told.liens("/connexion?suite=")


async def test_an_agent_who_gives_up_is_told_of_proconnect(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("agents")
    page = await nav.get("/connexion/proconnect", params={"suite": "/"})
    told = await nav.post(f"{page.url}/abandonner", {})
    assert "l’identification avec ProConnect" in told.texte
    assert "FranceConnect" not in told.texte
