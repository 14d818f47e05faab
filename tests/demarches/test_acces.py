"""A code finds a request again without an account, lets somebody fill it, or hands it over; and nothing else does."""

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.demarches.definitions import Definition
from app.demarches.domain.code import (
    SIGNES,
    CodeIncorrectError,
    afficher_code,
    lire_code,
    nouveau_code,
)
from app.demarches.service import catalogue
from benchmarks.parcours import REPONSES
from tests.cast import Cast, brouillon_rempli, compte, image_jpeg
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
ANONYME = ROOT / "benchmarks" / "mesure.yaml"
_CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{2}\b")


def drawn(numbers: list[int]) -> Callable[[int], int]:
    left = iter(numbers)
    return lambda _: next(left)


@given(st.lists(st.integers(0, 30), min_size=9, max_size=9), st.integers(0, 9), st.sampled_from(SIGNES))
def test_a_wrong_sign_or_a_swap_is_told_as_a_slip(numbers: list[int], place: int, sign: str) -> None:
    code = nouveau_code(drawn(numbers))
    assert lire_code(f" {afficher_code(code).lower()} ") == code
    wrong = code[:place] + sign + code[place + 1 :]
    swapped = code[:place] + code[place : place + 2][::-1] + code[place + 2 :]
    for other in {wrong, swapped} - {code}:
        with pytest.raises(CodeIncorrectError):
            lire_code(other)


async def anonymous_draft(portail: Portail) -> tuple[Navigateur, Page]:
    """A draft of a démarche that asks for no account."""
    definition = Definition.model_validate(yaml.safe_load(ANONYME.read_text()))
    async with portail.noyau.db.hors_cloison("essai") as session:
        published = await catalogue.publish(session, [definition], portail.clock.now())
        communes = [id_ for (id_,) in portail.base.sql("SELECT id FROM socle_collectivite")]
        await catalogue.adopt_all(session, communes, published)
    nav = portail.navigateur()
    return nav, await nav.get("/demarches/mesure/remplir")


async def code_for(nav: Navigateur, page: Page) -> str:
    base = str(page.formulaire("/etapes/").get("action")).split("/etapes/")[0]
    shown = await (await nav.get(f"{base}/code")).envoyer(action="/code")
    return _CODE.findall(shown.texte)[0]


async def test_a_draft_without_account_is_found_again_elsewhere(portail: Portail, cast: Cast) -> None:
    nav, page = await anonymous_draft(portail)
    code = await code_for(nav, page)
    other = portail.navigateur()
    found = await (await other.get("/suivi")).envoyer({"code": code.lower().replace("-", " ")})
    assert "/etapes/" in found.chemin
    assert found.formulaire("/etapes/").get("action") == page.formulaire("/etapes/").get("action")
    assert portail.base.sql("SELECT count(*) FROM demarches_acces WHERE strpos(demarches_acces::text, %s) > 0",
                            code.replace("-", "")) == [(0,)]  # fmt: skip
    # A new code closes the former one, and the browsers that it let in.
    await code_for(nav, page)
    assert (await other.get(found.chemin, suivre=False)).statut == 303
    assert (await (await other.get("/suivi")).envoyer({"code": code})).statut == 422


async def test_the_submission_without_account_gives_a_code(portail: Portail, cast: Cast) -> None:
    _, page = await anonymous_draft(portail)
    filled = {name: value for name, value in REPONSES.items() if name != "action"}
    picture = image_jpeg()
    files = {"photo": ("photo.jpg", picture, "image/jpeg")}
    review = await page.envoyer({**filled, "action": "continuer"}, fichiers=files)
    done = await review.envoyer({"declaration": "oui"}, action="/deposer")
    (code,) = set(_CODE.findall(done.texte))
    other = portail.navigateur()
    followed = await (await other.get("/suivi")).envoyer({"code": code})
    assert followed.chemin == done.chemin.removesuffix("/depose")
    assert "LE GALLOU" in followed.texte
    written = await followed.envoyer({"message": "Merci"}, action="/messages")
    assert "Merci" in written.texte
    other.verifier = False  # a file has a policy of its own, stricter
    photo = next(link for link in followed.liens("/pieces/"))
    assert (await other.get(photo)).answer.content == picture


async def test_a_code_is_of_one_commune_and_slips_are_told(portail: Portail, cast: Cast) -> None:
    code = await code_for(*await anonymous_draft(portail))
    slip = await (await portail.navigateur().get("/suivi")).envoyer({"code": "7KQM"})
    assert "10 signes" in slip.texte
    elsewhere = await portail.navigateur("rennes").get("/suivi")
    assert (await elsewhere.envoyer({"code": code})).statut == 422


async def test_codes_cannot_be_tried_one_after_the_other(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    page = await nav.get("/suivi")
    tries = [nouveau_code(drawn([n] * 9)) for n in range(12)]
    answers = [(await page.envoyer({"code": code})).statut for code in tries]
    assert answers[:10] == [422] * 10
    assert set(answers[10:]) == {429}


async def signed(portail: Portail, who: str) -> Navigateur:
    nav = portail.navigateur()
    account = await compte(portail, who)
    await portail.ouvrir_session("guingamp", usager=account.paire, navigateur=nav)
    return nav


async def offered(portail: Portail, genre: str) -> tuple[Navigateur, str, str]:
    draft = await brouillon_rempli(portail)
    nav = await signed(portail, "rozenn")
    page = await nav.get(f"/dossiers/{draft.id}/acces")
    shown = await page.envoyer({"genre": genre, "nom": "Yann"}, action="/acces")
    return nav, f"/dossiers/{draft.id}", _CODE.findall(shown.texte)[0]


async def test_an_invited_person_fills_and_does_not_submit(portail: Portail, cast: Cast) -> None:
    rozenn, base, code = await offered(portail, "invitation")
    yann = await signed(portail, "yann")
    assert (await yann.get(f"{base}/etapes/document")).statut == 404
    explained = await (await yann.get("/suivi")).envoyer({"code": code})
    assert "vous invite" in explained.texte
    assert (await yann.get(f"{base}/etapes/document")).statut == 404
    entered = await explained.envoyer(action="/suivi")
    assert entered.chemin.startswith(base)
    page = await yann.get(f"{base}/etapes/document")
    await page.envoyer({"nombre": "2", "action": "continuer"})
    review = await yann.get(f"{base}/recapitulatif")
    assert "Déposer mon dossier" not in review.texte
    refused = await yann.post(f"{base}/deposer", [*page.champs("/etapes/"), ("declaration", "oui")])
    assert refused.statut == 403
    assert (await yann.get(f"{base}/acces")).statut == 403
    seen = await rozenn.get(f"{base}/recapitulatif")
    assert "Yann" in seen.texte
    await (await rozenn.get(f"{base}/acces")).envoyer(action="/retirer")
    assert (await yann.get(f"{base}/etapes/document")).statut == 404


async def test_a_dossier_handed_over_changes_hands_by_an_explicit_act(portail: Portail, cast: Cast) -> None:
    rozenn, base, code = await offered(portail, "transfert")
    yann = await signed(portail, "yann")
    explained = await (await yann.get("/suivi")).envoyer({"code": code})
    taken = await explained.envoyer(action="/suivi")
    assert taken.chemin.startswith(base)
    assert (await yann.get(f"{base}/recapitulatif")).statut == 200
    assert (await rozenn.get(f"{base}/recapitulatif")).statut == 404
    assert (await (await rozenn.get("/suivi")).envoyer({"code": code})).statut == 422


async def test_an_offer_is_over_after_two_weeks(portail: Portail, cast: Cast) -> None:
    _, _, code = await offered(portail, "transfert")
    portail.avancer(days=15)
    yann = await signed(portail, "yann")
    assert (await (await yann.get("/suivi")).envoyer({"code": code})).statut == 422
