"""A piece in which the scanner finds something: refused beside its field, the rest of the page kept."""

from dataclasses import dataclass

import pytest

from app.socle.antivirus import Analyse, Verdict
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


@dataclass
class Scanner:
    """Finds something in everything."""

    obligatoire: bool = True

    async def analyse(self, data: bytes) -> Analyse:
        return Analyse(Verdict.INFECTE, "Essai")


async def test_an_infected_piece_is_refused_beside_its_field(
    portail: Portail, base: BaseEssai, cast: Cast
) -> None:
    draft = await acteurs.brouillon_rempli(portail)
    before = base.sql("SELECT count(*) FROM demarches_piece")
    portail.noyau.antivirus = Scanner()
    nav = portail.navigateur("guingamp")
    who = await acteurs.compte(portail)
    await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
    champ = "justificatif_lien"
    found = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    page = await nav.get(found.liens(f"#{champ}")[0].partition("#")[0])
    answer = await page.envoyer(
        {"action": "joindre"}, action="/etapes/", fichiers={champ: ("photo.jpg", acteurs.image_jpeg())}
    )
    assert answer.statut == 422
    assert "Notre antivirus a reconnu" in answer.texte
    assert base.sql("SELECT count(*) FROM demarches_piece") == before
