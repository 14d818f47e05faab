"""A person's own dossier: kept as PDF, withdrawn, begun again with the answers that still fit."""

import pytest

from tests.cast import Cast, brouillon_rempli, compte, dossier_depose, relire
from tests.outillage.navigateur import Navigateur
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


async def rozenn(portail: Portail) -> Navigateur:
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=nav)
    return nav


async def test_another_request_begins_with_the_former_answers(portail: Portail, cast: Cast) -> None:
    former = await dossier_depose(portail)
    nav = await rozenn(portail)
    page = await (await nav.get(f"/dossiers/{former.id}")).envoyer(action="/refaire")
    assert page.chemin == "/demarches/acte-naissance/remplir"
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse"))
    frozen = (await relire(portail, former.id)).reponses or {}
    assert {id_: kept[id_] for id_ in ("nombre", "personne_nom", "adresse")} == {
        id_: frozen[id_] for id_ in ("nombre", "personne_nom", "adresse")
    }
    assert portail.base.sql("SELECT count(*) FROM demarches_piece WHERE dossier_id <> %s", former.id) == [
        (0,)
    ]


async def test_the_answers_of_last_time_are_offered_at_the_start(portail: Portail, cast: Cast) -> None:
    fiche = "/demarches/acte-naissance"
    nav = await rozenn(portail)
    assert "de la dernière fois" not in (await nav.get(fiche)).texte
    await dossier_depose(portail)
    assert "de la dernière fois" not in (await portail.navigateur().get(fiche)).texte
    page = await (await nav.get(fiche)).envoyer(action="/refaire")
    assert page.chemin == f"{fiche}/remplir"
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse"))
    assert kept["personne_nom"] == "LE GALLOU"
    # Begun: what was typed since is what the person carries on with.
    assert "de la dernière fois" not in (await nav.get(fiche)).texte


async def test_a_draft_that_was_begun_is_not_overwritten(portail: Portail, cast: Cast) -> None:
    former = await dossier_depose(portail)
    await brouillon_rempli(portail)
    nav = await rozenn(portail)
    before = portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse ORDER BY 1")
    refused = await (await nav.get(f"/dossiers/{former.id}")).envoyer(action="/refaire")
    assert refused.statut == 409
    assert portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse ORDER BY 1") == before


async def test_an_answer_that_no_longer_fits_is_asked_again(portail: Portail, cast: Cast) -> None:
    former = await dossier_depose(portail)
    portail.base.sql(
        "UPDATE demarches_dossier SET reponses = reponses || %s::jsonb WHERE id = %s",
        '{"type_acte": "parchemin", "nombre": 4000, "disparue": "x"}', former.id,
    )  # fmt: skip
    nav = await rozenn(portail)
    await (await nav.get(f"/dossiers/{former.id}")).envoyer(action="/refaire")
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse"))
    assert not kept.keys() & {"type_acte", "nombre", "disparue"}
    assert kept["personne_nom"] == "LE GALLOU"


@pytest.mark.parametrize("label", ["guingamp", "mon"])
async def test_the_whole_dossier_is_kept_as_pdf(portail: Portail, cast: Cast, label: str) -> None:
    done = await dossier_depose(portail)
    nav = portail.navigateur(label, verifier=False)
    await portail.ouvrir_session(label, usager=(await compte(portail)).paire, navigateur=nav)
    paper = await nav.get(f"/dossiers/{done.id}/imprimer")
    assert paper.answer.headers["content-type"] == "application/pdf"
    assert paper.answer.content.startswith(b"%PDF")


async def test_a_request_is_withdrawn_after_a_question(portail: Portail, cast: Cast) -> None:
    done = await dossier_depose(portail)
    nav = await rozenn(portail)
    asked = await nav.get(f"/dossiers/{done.id}/retirer")
    assert (await relire(portail, done.id)).etat == "depose"
    after = await asked.envoyer(action="/retirer")
    assert after.chemin == f"/dossiers/{done.id}"
    assert (await relire(portail, done.id)).etat == "retire"
