"""FranceConnect out of order: the page says so and the e-mail code still leads to the form."""

import re

import pytest

from simulateurs.socle.context import Outage
from tests.cast import Cast
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
START = "/demarches/acte-naissance/remplir"


def panne(portail: Portail, mode: Outage) -> None:
    portail.simulateurs.state.context.outages["franceconnect"] = mode


async def by_code(portail: Portail, told: Page) -> Page:
    """On by the other way that the page offers."""
    nav: Navigateur = told.navigateur
    choice = await nav.get(told.liens("/connexion?suite=")[0])
    page = await choice.envoyer({"courriel": "tangi@courriel.example"}, action="/connexion/courriel")
    await run_jobs(portail)
    code = re.findall(r"\b\d{6}\b", sent_mails(portail)[-1].partition("\n\n")[2])[0]
    (form,) = page.arbre.xpath("//form[.//input[@name='code']]")
    fields = {**dict(form.form_values()), "code": code}
    return await nav.post(page.chemin, fields)


async def test_out_of_order_at_the_start_another_way_is_offered_and_works(
    portail: Portail, cast: Cast
) -> None:
    panne(portail, Outage("503"))
    nav = portail.navigateur("guingamp")
    told = await nav.get("/connexion/franceconnect", params={"suite": START})
    assert told.statut == 200
    assert "FranceConnect ne répond pas en ce moment" in told.texte
    assert "02 61 91" in told.texte.replace("\u00a0", " ")
    page = await by_code(portail, told)
    assert "/etapes/" in page.url


async def test_out_of_order_on_the_way_back_nothing_is_lost(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("guingamp")
    page = await nav.get("/connexion/franceconnect", params={"suite": START})
    await nav.post(f"{page.url}/identite", {"personne": "rozenn"}, suivre=False)
    accepted = await nav.post(f"{page.url}/continuer", {}, suivre=False)
    panne(portail, Outage("503"))
    told = await nav.get(accepted.answer.headers["location"])
    assert "FranceConnect ne répond pas en ce moment" in told.texte
    page = await by_code(portail, told)
    assert "/etapes/" in page.url
