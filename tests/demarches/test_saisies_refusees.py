"""Forms that were edited in the browser's tools, sent twice or too late: refused with a reason, nothing half kept."""

import asyncio
from uuid import UUID

import pytest

from tests.cast import Cast, brouillon_rempli, compte, image_jpeg, relire
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
REMPLIR = "/demarches/acte-naissance/remplir"
COPIE = {"type_acte": "copie_integrale", "pour_qui": "autre", "nombre": "1"}


async def rozenn(portail: Portail) -> Navigateur:
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=nav)
    return nav


async def sent(page: Page, fields: dict[str, str], **options: object) -> Page:
    """The form of a page, with fields that it does not have."""
    whole = [(name, value) for name, value in page.champs("/etapes/") if name not in fields]
    parts = [(name, (None, value)) for name, value in [*whole, *fields.items()]]
    return await page.navigateur.post(str(page.formulaire("/etapes/").get("action")), files=parts)


def answers(portail: Portail) -> dict[str, object]:
    return dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse WHERE valeur IS NOT NULL"))


async def test_a_choice_that_is_not_offered_is_no_answer(portail: Portail, cast: Cast) -> None:
    page = await (await rozenn(portail)).get(REMPLIR)
    refused = await sent(page, {**COPIE, "type_acte": "couronne", "action": "continuer"})
    assert refused.statut == 422
    assert "type_acte" not in answers(portail)
    assert answers(portail)["nombre"] == 1


async def test_answers_to_hidden_questions_count_for_nothing(portail: Portail, cast: Cast) -> None:
    draft = await brouillon_rempli(portail)
    nav = await rozenn(portail)
    page = await nav.get(f"/dossiers/{draft.id}/etapes/document")
    await sent(page, {"type_acte": "extrait_sans_filiation", "action": "continuer", "parent1_nom": "INTRUS"})
    review = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    done = await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose"), done.texte[:400]
    frozen = (await relire(portail, draft.id)).reponses or {}
    assert "parent1_nom" not in frozen
    assert "INTRUS" not in str(frozen)


@pytest.mark.parametrize("champ", ["inconnu", "conflit", "justificatif_lien", "nombre' OR 1=1"])
async def test_a_question_that_does_not_exist_is_refused(portail: Portail, cast: Cast, champ: str) -> None:
    nav = await rozenn(portail)
    page = await nav.get(REMPLIR)
    base = str(page.formulaire("/etapes/").get("action")).split("/etapes/")[0]
    token = dict(page.champs("/etapes/"))["jeton_csrf"]
    before = answers(portail)
    answer = await nav.post(f"{base}/champs", {"jeton_csrf": token, "champ": champ, champ: "x"})
    assert answer.statut == 404
    assert answers(portail) == before


async def test_a_document_of_another_dossier_is_not_touched(portail: Portail, cast: Cast) -> None:
    theirs = await brouillon_rempli(portail, "yann")
    draft = await brouillon_rempli(portail)
    nav = await rozenn(portail)
    page = await nav.get(f"/dossiers/{draft.id}/etapes/personne")
    before = answers(portail)
    refused = await sent(page, {"supprimer_piece": str(theirs.piece_id), "lien": "conjoint"})
    assert refused.statut == 404
    assert portail.base.sql("SELECT 1 FROM demarches_piece WHERE id = %s", theirs.piece_id)
    assert answers(portail) == before


async def test_ten_megabytes_of_text_are_refused_with_the_reason(portail: Portail, cast: Cast) -> None:
    page = await (await rozenn(portail)).get(REMPLIR)
    refused = await sent(page, {**COPIE, "nombre": "9" * 10_000_000, "action": "continuer"})
    assert refused.statut == 413
    assert "trop longue" in refused.texte
    assert "type_acte" not in answers(portail)


async def test_what_no_database_can_keep_is_left_out(portail: Portail, cast: Cast) -> None:
    draft = await brouillon_rempli(portail)
    page = await (await rozenn(portail)).get(f"/dossiers/{draft.id}/etapes/vous")
    kept = await sent(page, {"nom": "LE\0 GALLOU", "versions": "nom:x nom:1:zz :: 9", "action": "continuer"})
    assert kept.statut == 200
    assert answers(portail)["nom"] == "LE GALLOU"


async def test_two_submissions_at_once_make_one_dossier(portail: Portail, cast: Cast) -> None:
    draft = await brouillon_rempli(portail)
    nav = await rozenn(portail)
    first = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    second = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    ends = await asyncio.gather(
        first.envoyer({"declaration": "oui"}, action="/deposer"),
        second.envoyer({"declaration": "oui"}, action="/deposer"),
    )
    assert {end.chemin for end in ends} == {f"/dossiers/{draft.id}/depose"}
    assert portail.base.sql("SELECT count(*) FROM demarches_evenement WHERE genre = 'depot'") == [(1,)]


async def test_two_starts_at_once_make_one_draft(portail: Portail, cast: Cast) -> None:
    nav = await rozenn(portail)
    pages = await asyncio.gather(nav.get(REMPLIR), nav.get(REMPLIR), nav.get(REMPLIR))
    assert [page.statut for page in pages] == [200, 200, 200]
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(1,)]


async def test_autosave_refuses_what_is_too_long_and_freezes_nothing_hidden(
    portail: Portail, cast: Cast
) -> None:
    draft = await brouillon_rempli(portail)
    nav = await rozenn(portail)
    page = await nav.get(f"/dossiers/{draft.id}/etapes/document")
    sent_ = {"jeton_csrf": dict(page.champs("/etapes/"))["jeton_csrf"], "origine": "un-autre-onglet"}
    before = answers(portail)
    huge = {**sent_, "champ": "motif", "motif": "a" * 10_000_000}
    assert (await nav.post(f"/dossiers/{draft.id}/champs", huge)).statut == 413
    assert answers(portail) == before
    hidden = {"champ": "parent1_nom", "parent1_nom": "INTRUS", "versions": ""}
    for change in ({"champ": "type_acte", "type_acte": "extrait_sans_filiation"}, hidden):
        await nav.post(f"/dossiers/{draft.id}/champs", {**sent_, **change})
    review = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    assert "INTRUS" not in review.texte
    await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert "INTRUS" not in str((await relire(portail, draft.id)).reponses)


async def test_nothing_is_written_beside_a_dossier_that_was_submitted(portail: Portail, cast: Cast) -> None:
    draft = await brouillon_rempli(portail)
    nav = await rozenn(portail)
    page = await nav.get(f"/dossiers/{draft.id}/etapes/document")
    review = await nav.get(f"/dossiers/{draft.id}/recapitulatif")
    await review.envoyer({"declaration": "oui"}, action="/deposer")
    files = {"justificatif_lien": ("livret.jpg", image_jpeg(), "image/jpeg")}
    fields = [(name, (None, value)) for name, value in page.champs("/etapes/")]
    late = await nav.post(f"/dossiers/{draft.id}/etapes/personne", files=[*fields, *files.items()])
    assert late.chemin == f"/dossiers/{draft.id}"
    base = str(page.formulaire("/etapes/").get("action")).split("/etapes/")[0]
    token = dict(page.champs("/etapes/"))["jeton_csrf"]
    saved = await nav.post(f"{base}/champs", {"jeton_csrf": token, "champ": "nombre", "nombre": "7"})
    assert saved.statut == 409
    assert portail.base.sql("SELECT count(*) FROM demarches_reponse") == [(0,)]
    assert portail.base.sql(
        "SELECT count(*) FROM demarches_piece WHERE dossier_id = %s", UUID(str(draft.id))
    ) == [(1,)]
