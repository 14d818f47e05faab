"""Every field is saved as it is typed: a closed tab, a second device and a lost session find it again."""

from uuid import uuid4

from playwright.sync_api import expect

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE


def begin(arrive: Arrivee, courriel: str) -> Visite:
    visite = arrive()
    visite.open("guingamp", ACTE)
    visite.follow("Recevoir un code par courriel")
    visite.sign_in_by_code(courriel)
    return visite


def test_what_is_typed_survives_a_closed_tab_and_a_second_device(arrive: Arrivee) -> None:
    courriel = f"enora.{uuid4().hex[:8]}@courriel.example"
    visite = begin(arrive, courriel)
    with visite.page.expect_response("**/champs"):
        visite.choose("De quel document avez-vous besoin ?", "Extrait sans filiation")
    expect(visite.page.locator("#enregistrement")).to_contain_text("Enregistré à")
    visite.open("guingamp")
    elsewhere = begin(arrive, courriel)
    assert elsewhere.page.get_by_label("Extrait sans filiation").is_checked()
    # What is missing is a link away, from one's own space.
    elsewhere.follow("Mon espace")
    elsewhere.unfold("Il manque")
    elsewhere.page.locator(".k-reste a").first.click()
    elsewhere.page.wait_for_url("**/etapes/**")


def test_what_did_not_reach_the_server_waits_in_the_tab(arrive: Arrivee) -> None:
    visite = begin(arrive, f"malo.{uuid4().hex[:8]}@courriel.example")
    visite.page.context.set_offline(True)
    visite.page.get_by_label("Extrait sans filiation").check()
    expect(visite.page.locator("#enregistrement")).to_contain_text("Pas de connexion")
    visite.page.context.set_offline(False)
    expect(visite.page.locator("#enregistrement")).to_contain_text("Enregistré à")
    visite.console[:] = [line for line in visite.console if "ERR_INTERNET_DISCONNECTED" not in line]
    visite.reload()
    assert visite.page.get_by_label("Extrait sans filiation").is_checked()


def test_a_lost_session_is_opened_again_without_leaving_the_form(arrive: Arrivee) -> None:
    courriel = f"nolwenn.{uuid4().hex[:8]}@courriel.example"
    visite = begin(arrive, courriel)
    page, here = visite.page, visite.page.url
    page.context.clear_cookies(name="kumun")
    page.get_by_label("Extrait sans filiation").check()
    dialogue = page.get_by_role("dialog", name="Identifiez-vous à nouveau")
    known = len(visite.pile.mails(courriel))
    dialogue.get_by_label("Votre adresse de courriel").fill(courriel)
    visite.check_dialog()
    dialogue.get_by_role("button", name="Recevoir un code").click()
    dialogue.get_by_label("Code à 6 chiffres").fill(visite.code_received(courriel, known))
    dialogue.get_by_role("button", name="Continuer").click()
    expect(page.locator("#enregistrement")).to_contain_text("Enregistré à")
    expect(dialogue).to_be_hidden()
    assert page.url == here
    assert page.evaluate("Object.keys(sessionStorage)") == []
    visite.reload()
    assert page.get_by_label("Extrait sans filiation").is_checked()
