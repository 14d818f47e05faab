"""Every type of field in a browser: by keyboard, at 320 px, checked by axe and the HTML checker, rows in place."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.navigateur.conftest import Arrivee
from tests.navigateur.pile import ROOT, Pile
from tests.toutes_questions import SLUG


@pytest.fixture(scope="module", autouse=True)
def demarche(pile: Pile) -> None:
    """Publishes the démarche on the portal that runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUMUN_")}
    environment |= {
        "KUMUN_VAR": str(pile.var),
        "KUMUN_BASE_URL": f"http://localhost:{pile.port}",
    }
    subprocess.run([sys.executable, "-m", "tests.toutes_questions"], cwd=ROOT, env=environment, check=True)


def _press_until(button: Locator, wanted: Locator) -> None:
    """Presses Enter on a button until what it brings is there: a headless Chromium under load may drop one key."""
    button.press("Enter")
    try:
        wanted.wait_for(timeout=5_000)
    except PlaywrightTimeoutError:
        button.press("Enter")
        wanted.wait_for()


@pytest.mark.parametrize("maniere", ["ordinaire", "clavier"])
def test_rows_come_in_place_and_lists_follow_from_one_another(arrive: Arrivee, maniere: str) -> None:
    visite = arrive(maniere)
    visite.open("guingamp", f"/demarches/{SLUG}/remplir")
    visite.fill("Objet", "Concert")
    visite.select("Famille", "Voirie")
    visite.page.locator("#q_listes_liees-niveau2").select_option("Nid-de-poule")
    visite.press("Continuer")
    # The map by keyboard alone: moved, a point put, taken off, put again; its inputs say the same.
    ground = visite.page.locator(".k-lieu__plan")
    ground.focus()
    for key in ("ArrowRight", "+", "Enter", "Backspace", "ArrowDown", "Enter"):
        visite.page.keyboard.press(key)
    assert visite.page.get_by_label("Latitude et longitude").input_value().startswith("4")
    visite.fill("Commune de naissance", "Saint-Denis")
    visite.press("Continuer")
    assert "Plusieurs lieux portent ce nom" in visite.text
    visite.page.get_by_label("Saint-Denis (93200)").check()
    visite.press("Continuer")
    visite.page.locator("#q_bloc-r1-prenom").fill("Léa")
    add = visite.page.get_by_role("button", name="Ajouter un enfant")
    add.focus()
    visite.page.keyboard.press("Enter")
    rows = visite.page.locator("#q_bloc details.k-ligne")
    rows.nth(1).wait_for()
    assert visite.page.evaluate("document.activeElement.name").endswith("-prenom")
    visite.page.keyboard.type("Yann")
    _press_until(rows.nth(1).get_by_role("button", name="Dupliquer"), rows.nth(2))
    rows.nth(1).get_by_role("button", name="Retirer").press("Enter")
    rows.nth(2).wait_for(state="detached")
    assert visite.page.locator("#q_bloc-r1-prenom").input_value() == "Léa"
    # A question of a row comes with the answer that calls for it, in that row alone; the keyboard stays where it was.
    regime = visite.page.locator("#q_bloc-r1-regime")
    expect(regime).to_be_hidden()
    visite.page.locator('input[name="q_bloc-r1-cantine"][value="oui"]').check()
    expect(regime).to_be_visible()
    assert visite.page.evaluate("document.activeElement.name") == "q_bloc-r1-cantine"
    regime.fill("Sans sel")
    expect(rows.nth(1).get_by_label("Régime alimentaire")).to_be_hidden()
    visite.fill("Achats, Prévu", "1 200")
    visite.fill("Salaires, Prévu", "300,50")
    # Added up by the server as it is typed.
    expect(visite.page.locator("#formulaire tfoot td").first).to_have_text(re.compile(r"1\s500,50\s€"))
    visite.press("Continuer")
    visite.sees(
        "Voirie › Nid-de-poule", "Saint-Denis (93200)", "Point :", "Enfant 2", "Yann", "Sans sel", "1 200 €"
    )
