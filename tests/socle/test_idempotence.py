"""A form sent twice at the same moment has one effect, and both clicks end on the same page."""

import asyncio

import pytest

from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs

pytestmark = pytest.mark.anyio


async def test_two_simultaneous_submissions_make_one_dossier(portail: Portail, cast: Cast) -> None:
    draft = await acteurs.brouillon_rempli(portail)
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    fields = dict(page.champs("/deposer")) | {"declaration": "oui"}
    clicks = [nav.post(f"/dossiers/{draft.id}/deposer", fields, suivre=False) for _ in range(4)]
    answers = await asyncio.gather(*clicks)
    assert {(a.statut, a.answer.headers["location"]) for a in answers} == {
        (303, f"/dossiers/{draft.id}/depose")
    }
    assert [name for name, _ in pending_jobs(portail)] == ["demarches:accuser"]
    ((events,),) = portail.base.sql("SELECT count(*) FROM demarches_evenement WHERE genre = 'depot'")
    assert events == 1


async def test_a_double_click_sends_one_message_and_a_new_page_sends_another(
    portail: Portail, cast: Cast
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    for expected in (1, 2):
        page = await nav.get(f"/dossiers/{dossier.id}")
        fields = dict(page.champs("/messages")) | {"message": "Bonjour"}
        path = f"/dossiers/{dossier.id}/messages"
        answers = await asyncio.gather(*(nav.post(path, fields, suivre=False) for _ in range(3)))
        assert {a.statut for a in answers} == {303}
        ((sent,),) = portail.base.sql("SELECT count(*) FROM demarches_message")
        assert sent == expected


async def test_a_refused_form_may_be_sent_again(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    fields = dict(page.champs("/messages"))
    path = f"/dossiers/{dossier.id}/messages"
    assert (await nav.post(path, fields | {"message": " "})).statut == 422
    assert (await nav.post(path, fields | {"message": "Bonjour", "cle_idempotence": "courte"})).statut == 422
    assert (await nav.post(path, fields | {"message": "Bonjour"}, suivre=False)).statut == 303
