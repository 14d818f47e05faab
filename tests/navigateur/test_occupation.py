"""A resident asks to occupy the street, from the commune's home page to Mon espace, however they use a browser."""

from pathlib import Path

import pytest

from tests.navigateur.aides import pdf_text
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import OCCUPATION, make_pieces, submit_occupation
from tests.navigateur.pile import Pile, attachments_of


@pytest.mark.parametrize(
    ("maniere", "person", "nom", "courriel"),
    [
        ("ordinaire", "Rozenn", "LE GALLOU", "famille.legallou@courriel.example"),
        ("sobre", "Ghjuvan", "CASALTA-LECA", "ghjuvan@courriel.example"),
        ("clavier", "Lesia", "ORNETTI", "lesia.ornetti@courriel.example"),
    ],
)
def test_a_resident_submits_and_keeps_proof(
    arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str, person: str, nom: str, courriel: str
) -> None:
    resident = arrive(maniere)
    number = submit_occupation(resident, person, make_pieces(tmp_path))

    resident.reload_until("Télécharger l’accusé de réception")
    receipt = pdf_text(resident.download("Télécharger l’accusé de réception"))
    assert number in receipt
    assert nom in receipt.upper()

    mail = pile.mail(courriel, number)
    assert number in pdf_text(attachments_of(mail)[0])

    resident.follow("Mon espace")
    assert resident.here == "mon/"
    resident.sees(number, OCCUPATION, "Guingamp")
    resident.follow(OCCUPATION)
    resident.sees(number, "Réponse au plus tard")
