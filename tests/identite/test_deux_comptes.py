"""Two accounts that hold a draft of the same démarche are not joined: the person is told what to do first."""

import pytest

from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


async def test_two_drafts_of_one_demarche_are_settled_first(portail: Portail, cast: Cast) -> None:
    del cast
    first, second = await acteurs.brouillon(portail), await acteurs.brouillon(portail, "yann")
    nav = portail.navigateur("mon")
    for person in ("rozenn", "yann"):
        account = await acteurs.compte(portail, person)
        await portail.ouvrir_session("guingamp", usager=account.paire, navigateur=nav)
        page = await nav.get("/passage", params={"de": portail.hote("guingamp"), "suite": "/"})
    assert page.titre == "Vous avez deux comptes"
    before = portail.base.sql("SELECT id, usager_id FROM demarches_dossier ORDER BY id")
    refused = await page.envoyer({"choix": "rattacher"}, action="/connexion/rattacher")
    assert refused.statut == 409
    assert "la même démarche dans les deux comptes" in refused.texte
    assert portail.base.sql("SELECT id, usager_id FROM demarches_dossier ORDER BY id") == before
    assert {first.usager_id, second.usager_id} == {owner for _, owner in before}
    # The question can be answered again once one of the drafts is gone.
    portail.base.sql("DELETE FROM demarches_dossier WHERE id = %s", second.id)
    joined = await page.envoyer({"choix": "rattacher"}, action="/connexion/rattacher")
    assert joined.statut == 200
    ((owners,),) = portail.base.sql("SELECT count(DISTINCT usager_id)::int FROM socle_identite")
    assert owners == 1
