"""The tools of the tests themselves: a smoke run of each, so that a broken tool does not look like a broken portal."""

import pytest

from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def test_a_browser_reads_a_page_and_signs_in_with_franceconnect(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("guingamp")
    home = await nav.get("/")
    assert home.statut == 200
    page = await nav.connecter_usager("rozenn", "/demarches/acte-naissance")
    assert page.url == portail.url("guingamp", "/demarches/acte-naissance")
    assert nav.cookie("kumun")
    assert "Rozenn" in page.texte


async def test_an_agent_signs_in_with_proconnect(portail: Portail) -> None:
    page = await portail.navigateur("agents").connecter_agent("maelle")
    assert page.url == portail.url("agents", "/")
    assert page.statut == 200


async def test_a_dossier_lives_from_draft_to_decision(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    assert [name for name, _ in pending_jobs(portail)] == ["demarches:accuser"]
    assert await run_jobs(portail) == ["demarches:accuser", "demarches:envoyer"]
    assert len(sent_mails(portail)) == 1
    await acteurs.decider(portail, dossier)
    assert (await acteurs.relire(portail, dossier.id)).etat == "accepte"


async def test_a_session_without_a_journey_and_statements_counted(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    with count_statements() as sent:
        page = await nav.get("/")
    assert page.statut == 200
    assert 0 < len(sent) < 12
