"""What goes wrong in real life: empty answers, odd files, a sign-in that fails, a double click, a session that ends."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE, fill_acte, fill_lieu, fill_occupation, fill_vous, number_on
from tests.navigateur.pile import Pile

OCCUPATION = "/demarches/occupation-domaine-public"


def signed_in(visite: Visite, path: str) -> str:
    """Somebody new, signed in by a code, on the first page of a form; returns the e-mail address."""
    courriel = f"tangi.{uuid4().hex[:8]}@courriel.example"
    visite.open("guingamp", path)
    visite.follow("Recevoir un code par courriel")
    visite.sign_in_by_code(courriel)
    return courriel


def test_each_error_leads_to_its_field(arrive: Arrivee) -> None:
    visite = arrive()
    signed_in(visite, OCCUPATION)
    visite.press("Continuer")
    lines = visite.errors()
    assert len(lines) >= 5
    assert visite.page.title().startswith("Erreur")
    for line in lines:
        visite.follow_error(line)
        assert visite.page.evaluate("() => document.activeElement.matches('input, select, textarea')"), line


def test_files_that_cannot_be_taken(arrive: Arrivee, tmp_path: Path) -> None:
    visite = arrive()
    signed_in(visite, OCCUPATION)
    fill_vous(visite, nom="Le Goffic", prenoms="Tangi")
    fill_lieu(visite)
    fill_occupation(visite)
    false, empty, heavy = (tmp_path / name for name in ("plan.pdf", "vide.pdf", "lourd.pdf"))
    false.write_text("Ceci n’est pas un PDF.")
    empty.touch()
    with heavy.open("wb") as out:
        out.write(b"%PDF-1.7\n")
        out.truncate(21_000_000)
    said = []
    for file in (false, empty, heavy):
        visite.attach("Plan de situation", file)
        visite.press("Continuer")
        assert visite.title == "Occuper la rue ou une place", visite.text
        said.append(
            next(line for line in visite.errors() if "Joignez ce document : le plan de loc" not in line)
        )
    assert len(set(said)) == 3, said
    visite.follow("Étape précédente")
    assert visite.field("Surface occupée").input_value() == "12,5"


def test_franceconnect_refused_then_another_way(arrive: Arrivee) -> None:
    visite = arrive()
    visite.open("guingamp", OCCUPATION)
    visite.follow("S’identifier avec FranceConnect")
    visite.press("Revenir sur")
    visite.sees("Identification interrompue", "Recommencez")
    visite.follow("Voir les autres façons de s’identifier")
    visite.sign_in_by_code(f"tangi.{uuid4().hex[:8]}@courriel.example")
    assert visite.here.startswith("guingamp/demarches/")


def test_franceconnect_out_of_order(arrive: Arrivee, pile: Pile) -> None:
    visite = arrive()
    visite.open("guingamp", OCCUPATION)
    visite.follow("S’identifier avec FranceConnect")
    visite.press("Rozenn")
    pile.outage("franceconnect", "503")
    try:
        visite.open("rennes", OCCUPATION)
        visite.page.get_by_role("link", name="S’identifier avec FranceConnect").click()
        visite.page.wait_for_load_state()
    finally:
        pile.outage("franceconnect", "aucune")
    visite.open("rennes", OCCUPATION)
    visite.sees("Recevoir un code par courriel")


def test_a_double_click_submits_once(arrive: Arrivee, pile: Pile) -> None:
    visite = arrive("sobre")
    courriel = signed_in(visite, ACTE)
    fill_acte(visite, "LE GOFFIC", "Tangi")
    visite.tick("Je certifie que")
    visite.page.get_by_role("button", name="Déposer mon dossier").dblclick()
    visite.sees("Votre dossier est déposé")
    number = number_on(visite)
    visite.back()
    visite.open("mon") if visite.here.startswith("mon") else visite.follow("Mon espace")
    visite.sees(number)
    assert visite.page.locator(".k-dossier").count() == 1
    pile.mail(courriel, number)
    assert len([m for m in pile.mails(courriel) if number.replace("-", "") in str(m)]) <= 1


def test_back_after_submission(arrive: Arrivee) -> None:
    visite = arrive()
    signed_in(visite, ACTE)
    fill_acte(visite, "LE GOFFIC", "Tangi")
    visite.tick("Je certifie que")
    visite.press("Déposer mon dossier")
    number = number_on(visite)
    visite.page.go_back()
    if visite.page.get_by_role("button", name="Déposer mon dossier").count():
        visite.page.get_by_label("Je certifie que").check()
        visite.press("Déposer mon dossier")
    visite.sees(number)


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_a_session_that_ends_loses_nothing(arrive: Arrivee, maniere: str) -> None:
    visite = arrive(maniere)
    courriel = signed_in(visite, ACTE)
    visite.choose("De quel document avez-vous besoin ?", "Extrait sans filiation")
    visite.choose("Cet acte est-il le vôtre ?", "Oui, c’est mon acte de naissance")
    visite.press("Continuer")
    visite.fill("Votre nom de naissance", "LE GOFFIC")

    elsewhere = arrive()
    elsewhere.open("guingamp", "/connexion")
    elsewhere.sign_in_by_code(courriel)
    elsewhere.open("guingamp", "/sessions")
    elsewhere.press("Fermer")

    visite.fill("Vos prénoms", "Tangi Mael")
    visite.press("Continuer")
    visite.sees("Votre session est terminée", "Rien n’est perdu")
    other = visite.other_tab()
    other.open("guingamp", "/connexion")
    other.sign_in_by_code(courriel)
    visite.press("Enregistrer ce que j’ai écrit")
    assert visite.field("Votre nom de naissance").input_value() == "LE GOFFIC"
    assert visite.field("Vos prénoms").input_value() == "Tangi Mael"
