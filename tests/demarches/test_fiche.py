"""A démarche that is only told: its page says where, what to bring and what follows, and there is nothing to fill."""

import pytest

from app.demarches.definitions import Definition
from app.demarches.service.catalogue import adopt_all, publish
from tests.demarches.fiche import FICHE

pytestmark = pytest.mark.anyio


async def test_a_fiche_says_what_to_bring_and_where_and_offers_no_form(portail, cast):
    async with portail.noyau.db.hors_cloison("essai") as session:
        published = await publish(session, [Definition.model_validate(FICHE)], portail.clock.now())
        await adopt_all(session, [cast.communes["guingamp"]], published)
    page = await portail.navigateur("guingamp").get("/demarches/carte-de-peche")
    for words in (*FICHE["apporter"], *FICHE["etapes"], FICHE["ou"], FICHE["cout"]):
        assert words in page.texte
    assert not page.liens("/remplir")
    assert (await portail.navigateur("guingamp").get("/demarches/carte-de-peche/remplir")).statut in (
        404,
        409,
    )
