"""E-mails go out in the language in which the person filed; acts and what an agent files stay in French."""

import pytest

from app.demarches.service import depot
from tests.cast import brouillon_rempli, compte, dossier_instruit
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def test_a_receipt_speaks_the_language_of_the_page_that_filed(portail: Portail) -> None:
    draft = await brouillon_rempli(portail)
    session = await portail.ouvrir_session(draft.commune, usager=(await compte(portail)).paire)
    async with portail.contexte(draft.commune, session=session) as ctx:
        ctx.langue = "en"
        _, manques = await depot.submit(ctx, draft.id)
        assert not manques
    await run_jobs(portail)
    (mail,) = sent_mails(portail)
    assert "Content-Language: en" in mail
    assert "23 November 2026" in mail.replace("=C2=A0", " ").replace("=\n", "").replace("\u00a0", " ")
    assert "written in French" in mail.replace("=\n", "")
    assert "Bonjour" not in mail
    assert portail.base.sql("SELECT langue FROM demarches_dossier WHERE id = %s", draft.id) == [("en",)]


async def test_who_filed_in_french_is_answered_in_french(portail: Portail) -> None:
    await dossier_instruit(portail)
    await run_jobs(portail)
    mails = sent_mails(portail)
    assert mails
    assert all("Content-Language: fr" in mail for mail in mails)
