"""What goes wrong in real life: empty answers, odd files, a sign-in that fails, a double click, a session that ends."""

import socket
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from PIL import Image

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import (
    ACTE,
    fill_acte,
    fill_lieu,
    fill_occupation,
    fill_vous,
    make_pieces,
    number_on,
    submit,
)
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
    good = make_pieces(tmp_path)
    bad = {name: tmp_path / name for name in ("faux.pdf", "vide.pdf", "lourd.pdf", "coupé.jpg")}
    bad["faux.pdf"].write_text("Ceci n’est pas un PDF.")
    bad["vide.pdf"].touch()
    with bad["lourd.pdf"].open("wb") as out:
        out.write(b"%PDF-1.7\n")
        out.truncate(21_000_000)
    Image.effect_noise((400, 300), 40).save(bad["coupé.jpg"])
    bad["coupé.jpg"].write_bytes(bad["coupé.jpg"].read_bytes()[:-9000])
    visite.attach("Plan de localisation", good.jpeg)
    said = set()
    for file in bad.values():
        visite.attach("Plan de situation", file)
        visite.press("Continuer")
        said.add(visite.page.locator("[id^=plan_situation][id$=erreur], #plan_situation-error").inner_text())
        # What was sent with it is kept, and so is everything before.
        visite.sees("croquis.jpg")
    assert len(said) == len(bad), said
    visite.follow("Étape précédente")
    assert visite.field("Surface occupée").input_value() == "12,5"


def test_an_upload_cut_half_way_keeps_nothing_and_loses_nothing(
    arrive: Arrivee, pile: Pile, tmp_path: Path
) -> None:
    """The network goes away while the file travels: the browser says so; the page, asked again, is as it was."""
    visite = arrive()
    signed_in(visite, OCCUPATION)
    fill_vous(visite, nom="Le Goffic", prenoms="Tangi")
    fill_lieu(visite)
    fill_occupation(visite)
    send_half(visite, pile)
    visite.reload()
    visite.misses("moitié.pdf")
    visite.attach("Plan de situation", make_pieces(tmp_path).pdf)
    visite.press("Continuer")
    visite.sees("plan.pdf")
    visite.follow("Étape précédente")
    assert visite.field("Surface occupée").input_value() == "12,5"


def send_half(visite: Visite, pile: Pile) -> None:
    """The form of the page with a file of which one half never comes."""
    parts = urlsplit(visite.page.url)
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in visite.page.context.cookies(visite.page.url))
    fields = {
        name: visite.page.locator(f"form[method=post] input[name={name}]").first.input_value()
        for name in ("jeton_csrf", "cle_idempotence")
        if visite.page.locator(f"form[method=post] input[name={name}]").count()
    }
    line = "--coupe\r\ncontent-disposition: form-data; name="
    body = "".join(f'{line}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    body += (
        f'{line}"plan_situation"; filename="moitié.pdf"\r\ncontent-type: application/pdf\r\n\r\n%PDF-1.7\n'
    )
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\norigin: http://{parts.netloc}\r\n"
        f"cookie: {cookies}\r\nsec-fetch-site: same-origin\r\ncontent-length: 200000\r\n"
        "content-type: multipart/form-data; boundary=coupe\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", pile.port), timeout=10) as line_:
        line_.sendall((head + body).encode() + b"x" * 100_000)


def test_franceconnect_refused_then_another_way(arrive: Arrivee) -> None:
    visite = arrive()
    visite.open("guingamp", OCCUPATION)
    visite.follow("S’identifier avec FranceConnect")
    visite.press("Revenir sur")
    visite.sees("Identification interrompue", "Recommencez")
    visite.follow("Voir les autres façons de s’identifier")
    visite.sign_in_by_code(f"tangi.{uuid4().hex[:8]}@courriel.example")
    assert visite.here.startswith("guingamp/demarches/")


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_franceconnect_out_of_order(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite = arrive(maniere)
    visite.open("rennes", OCCUPATION)
    pile.outage("franceconnect", "503")
    try:
        visite.follow("S’identifier avec FranceConnect")
        visite.sees("FranceConnect ne répond pas en ce moment", "Quelqu’un peut vous aider")
        visite.follow("Voir les autres façons de s’identifier")
        visite.sign_in_by_code(f"tangi.{uuid4().hex[:8]}@courriel.example")
    finally:
        pile.outage("franceconnect", "aucune")
    assert visite.here.startswith("rennes/demarches/")
    fill_vous(visite, nom="Le Goffic", prenoms="Tangi")


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


def test_another_tab_and_the_back_button_after_submission(arrive: Arrivee, pile: Pile) -> None:
    visite = arrive()
    courriel = signed_in(visite, ACTE)
    fill_acte(visite, "LE GOFFIC", "Tangi")
    other = visite.other_tab()
    other.open("guingamp", visite.here.removeprefix("guingamp"))
    form = other.other_tab()
    form.open("guingamp", visite.here.removeprefix("guingamp").replace("recapitulatif", "etapes/document"))
    number = submit(visite)
    # The same review, open elsewhere, and the same one again by the back button: one dossier, one number.
    assert submit(other) == number
    visite.page.go_back()
    if visite.page.get_by_role("button", name="Déposer mon dossier").count():
        visite.page.get_by_label("Je certifie que").check()
        visite.press("Déposer mon dossier")
    visite.sees(number)
    # A page of the form that was left open: what was handed over does not change, and the person is told where it is.
    form.press("Continuer")
    form.sees(number)
    visite.follow("Mon espace")
    assert visite.page.locator(".k-dossier").count() == 1
    pile.mail(courriel, number)


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
    if maniere == "ordinaire":
        visite.page.get_by_role("button", name="Pas maintenant").click()
    visite.press("Continuer")
    visite.sees("Votre session est terminée", "Rien n’est perdu")
    other = visite.other_tab()
    other.open("guingamp", "/connexion")
    other.sign_in_by_code(courriel)
    visite.press("Enregistrer ce que j’ai écrit")
    assert visite.field("Votre nom de naissance").input_value() == "LE GOFFIC"
    assert visite.field("Vos prénoms").input_value() == "Tangi Mael"


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_a_session_that_ends_at_submission_loses_nothing(arrive: Arrivee, maniere: str) -> None:
    visite = arrive(maniere)
    courriel = signed_in(visite, ACTE)
    fill_acte(visite, "LE GOFFIC", "Tangi")
    visite.tick("Je certifie que")
    # The server no longer knows the session, whatever the reason.
    session = next(c for c in visite.page.context.cookies() if c["name"].endswith("kumun"))
    visite.page.context.add_cookies([{**session, "value": "terminee"}])
    visite.press("Déposer mon dossier")
    visite.sees("Votre connexion a pris fin avant l’envoi", "Vos brouillons sont gardés")
    visite.follow("S’identifier")
    visite.sign_in_by_code(courriel)
    visite.sees("LE GOFFIC")
    submit(visite)
