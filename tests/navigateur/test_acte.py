"""A birth certificate: by a code received by e-mail, or without saying who one is; and names of every kind."""

from uuid import uuid4

import pytest

from tests.navigateur.aides import Visite, pdf_text
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE, fill_acte, submit
from tests.navigateur.pile import Pile, attachments_of


def address() -> str:
    return f"bleuenn.{uuid4().hex[:8]}@courriel.example"


def says_nothing_of_silence(visite: Visite) -> None:
    """No receipt is due for the delivery of a document, and silence decides nothing (CRPA R112-4)."""
    for text in visite.read:
        for word in ("silence", "refusée", "acceptée", "accusé de réception"):
            assert word not in text.lower(), text


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_with_a_code_by_mail(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite, courriel = arrive(maniere), address()
    visite.open("guingamp", ACTE)
    visite.follow("Recevoir un code par courriel")
    visite.sign_in_by_code(courriel)
    assert visite.here.startswith("guingamp/demarches/")
    fill_acte(visite, "KERMARREC", "Bleuenn Azenor")
    number = submit(visite)
    message = pile.mail(courriel, number)
    assert "KERMARREC" in pdf_text(attachments_of(message)[0])
    visite.follow("Mon espace")
    visite.sees(number)
    says_nothing_of_silence(visite)


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_without_saying_who_one_is(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    visite, courriel = arrive(maniere), address()
    visite.open("guingamp", ACTE)
    visite.follow("Commencer", within=visite.page.get_by_role("region", name="Commencer"))
    fill_acte(visite, "KERMARREC", "Bleuenn", courriel)
    number = submit(visite)
    pile.mail(courriel, number)
    visite.follow("Suivre mon dossier")
    visite.sees(number)
    says_nothing_of_silence(visite)

    stranger = arrive(maniere)
    stranger.open(*visite.here.split("/", 1)[:1], "/" + visite.here.split("/", 1)[1])
    stranger.misses(number, "KERMARREC")


def test_rare_letters_and_pictures_are_kept(arrive: Arrivee, pile: Pile) -> None:
    visite, courriel = arrive(), address()
    visite.open("guingamp", f"{ACTE}/remplir")
    fill_acte(visite, "LE C’HOADIC-ƵUPAN D'AÑJELA", "Fañch Œnora 🌻 李", courriel)
    number = submit(visite)
    visite.follow("Suivre mon dossier")
    visite.sees("LE C’HOADIC-ƵUPAN D'AÑJELA", "Fañch Œnora 🌻 李")
    paper = pdf_text(attachments_of(pile.mail(courriel, number))[0])
    for word in ("HOADIC", "ƵUPAN", "AÑJELA", "Fañch", "Œnora"):
        assert word in paper, (word, paper)


def test_a_person_without_first_name(arrive: Arrivee, pile: Pile) -> None:
    visite = arrive()
    visite.open("guingamp", ACTE)
    visite.sign_in_with_franceconnect("WIDODOSARI")
    fill_acte(visite, "WIDODOSARI", "")
    number = submit(visite)
    pile.mail("widodosari@courriel.example", number)


def test_a_presumed_date_of_birth_is_asked_not_invented(arrive: Arrivee) -> None:
    visite = arrive()
    visite.open("guingamp", ACTE)
    visite.sign_in_with_franceconnect("Ahmad")
    visite.choose("De quel document avez-vous besoin ?", "Extrait sans filiation")
    visite.choose("Cet acte est-il le vôtre ?", "Oui, c’est mon acte de naissance")
    visite.press("Continuer")
    assert visite.field("Votre nom de naissance").input_value() == "KARIMZADA"
    assert visite.field("Jour", "Votre date de naissance").input_value() == ""
