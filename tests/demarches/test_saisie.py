"""« Saisir pour quelqu'un »: the same démarche filled by an agent, its channel, its receipt, who may see the draft."""

import re

import pytest

from app.demarches.models import Dossier
from tests import cast as acteurs
from tests.cast import REPONSES, Cast, image_jpeg
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio

PERSONNE = {
    "demarche": "acte-naissance",
    "canal": "guichet",
    "prenoms": "Rozenn Marie",
    "nom_naissance": "LE GALLOU",
    "adresse-ligne": "3 rue du Four",
    "adresse-code_postal": "22200",
    "adresse-commune": "Guingamp",
}


async def desk(portail: Portail, cast: Cast, agent: str = "maelle") -> Navigateur:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[agent], navigateur=nav)
    return nav


async def begin(nav: Navigateur, **changes: str) -> Page:
    page = await nav.get("/saisir")
    return await page.envoyer({**PERSONNE, **changes}, action="/saisir")


async def fill(page: Page, *, courriel: str = "") -> Page:
    """Every page of the form up to the review."""
    for etape in ("document", "personne", "parents", "vous"):
        answers = {**REPONSES[etape], "action": "continuer"}
        if etape == "vous":
            answers["courriel"] = courriel
        files = (
            {"justificatif_lien": ("livret.jpg", image_jpeg(), "image/jpeg")} if etape == "personne" else None
        )
        page = await page.envoyer(answers, fichiers=files, action=f"etapes/{etape}")
    assert page.chemin.endswith("/recapitulatif"), page.texte[:500]
    return page


async def test_a_request_at_the_counter_without_address_ends_with_a_receipt_to_print(
    portail: Portail, cast: Cast
) -> None:
    nav = await desk(portail, cast)
    page = await begin(nav, identite_vue="oui")
    assert "pour Rozenn Marie LE GALLOU" in page.texte
    done = await (await fill(page)).envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose")
    assert "Imprimez l’accusé" in done.texte
    row = await _only(portail)
    assert (row.canal, row.niveau_identite, row.usager_id) == ("guichet", "guichet", None)
    assert row.mandataire == {"nom": "Maëlle Le Goff", "qualite": "Responsable de l’état civil"}
    await run_jobs(portail)
    assert sent_mails(portail) == []
    nav.verifier = False  # a file has a policy of its own, stricter
    paper = await nav.get(f"/saisir/dossiers/{row.id}/accuse")
    nav.verifier = True
    assert paper.answer.headers["content-type"] == "application/pdf"
    assert paper.answer.content.startswith(b"%PDF")
    seen = await nav.get(f"/dossiers/{row.id}")
    assert "Pièce d’identité vue au guichet" in seen.texte
    assert "saisi par Maëlle Le Goff" in seen.texte
    actions = {a for (a,) in portail.base.sql("SELECT action FROM socle_audit WHERE acteur LIKE 'agent:%%'")}
    assert {"demarches:dossier:commencer", "demarches:dossier:deposer", "demarches:dossier:lire"} <= actions


async def test_on_the_phone_with_an_address_the_receipt_goes_by_mail(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast)
    page = await begin(nav, canal="telephone", courriel="rozenn@courriel.example")
    done = await (await fill(page, courriel="rozenn@courriel.example")).envoyer(
        {"declaration": "oui"}, action="/deposer"
    )
    assert "rozenn@courriel.example" in done.texte
    await run_jobs(portail)
    (mail,) = sent_mails(portail)
    assert "application/pdf" in mail
    assert (await _only(portail)).canal == "telephone"


async def test_what_is_given_first_is_not_asked_again(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast)
    page = await begin(nav)
    last = await nav.get(re.sub(r"etapes/.*", "etapes/vous", page.chemin))
    values = dict(last.champs("etapes/vous"))
    assert values["nom"] == "LE GALLOU"
    assert values["adresse-commune"] == "Guingamp"


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"canal": ""}, "Indiquez comment la demande vous parvient"),
        ({"demarche": ""}, "Choisissez la démarche"),
        ({"nom_naissance": ""}, "Indiquez le nom de naissance"),
        (
            {"adresse-ligne": "", "adresse-code_postal": "", "adresse-commune": ""},
            "Indiquez l’adresse postale",
        ),
        ({"canal": "aidant"}, "Indiquez le nom de l’aidant"),
        ({"courriel": "rozenn"}, "adresse"),
    ],
)
async def test_the_first_page_says_what_is_missing_and_keeps_the_rest(
    portail: Portail, cast: Cast, changes: dict[str, str], phrase: str
) -> None:
    page = await begin(await desk(portail, cast), **changes)
    assert page.statut == 422
    assert phrase in page.texte
    assert "Rozenn Marie" in page.answer.text
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(0,)]


async def test_two_colleagues_share_a_draft_and_a_neighbour_sees_nothing(
    portail: Portail, cast: Cast
) -> None:
    page = await begin(await desk(portail, cast, "maelle"))
    colleague, neighbour = await desk(portail, cast, "yann"), await desk(portail, cast, "katell")
    assert "Saisies à terminer" in (await colleague.get("/")).texte
    assert (await colleague.get(page.chemin)).statut == 200
    assert "Saisies à terminer" not in (await neighbour.get("/")).texte
    assert (await neighbour.get(page.chemin)).statut == 404


async def test_a_resident_s_draft_is_not_the_desk_s_to_see(portail: Portail, cast: Cast) -> None:
    draft = await acteurs.brouillon_rempli(portail)
    nav = await desk(portail, cast)
    assert "Saisies à terminer" not in (await nav.get("/")).texte
    for path in (
        f"/saisir/dossiers/{draft.id}/etapes/document",
        f"/saisir/dossiers/{draft.id}/recapitulatif",
        f"/dossiers/{draft.id}",
        f"/pieces/{draft.piece_id}",
    ):
        assert (await nav.get(path)).statut == 404, path


async def test_several_collectivites_are_chosen_from(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "soazig")
    page = await begin(nav)
    assert page.statut == 422
    assert "Choisissez la collectivité" in page.texte
    page = await page.envoyer({"collectivite": str(cast.communes["ouessant"])}, action="/saisir")
    assert "à Ouessant" in page.texte


async def test_a_double_click_makes_one_draft(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast)
    page = await nav.get("/saisir")
    first = await page.envoyer(PERSONNE, action="/saisir")
    second = await page.envoyer(PERSONNE, action="/saisir")
    assert first.chemin == second.chemin
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(1,)]


async def test_a_capture_given_up_leaves_nothing(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast)
    page = await begin(nav)
    path = re.sub(r"etapes/.*", "abandonner", page.chemin)
    back = await (await nav.get(path)).envoyer({}, action="/abandonner")
    assert back.chemin == "/"
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == [(0,)]
    assert (await nav.get(path)).statut == 404


async def _only(portail: Portail) -> Dossier:
    ((id_,),) = portail.base.sql("SELECT id FROM demarches_dossier")
    return await acteurs.relire(portail, id_)
