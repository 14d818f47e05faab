"""A resident asks to occupy the street, from the commune's home page to Mon espace, however they use a browser."""

from pathlib import Path

import pytest

from tests.navigateur.aides import pdf_text
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import OCCUPATION, make_pieces, submit_occupation
from tests.navigateur.pile import Pile, attachments_of


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre", "clavier"])
def test_a_resident_submits_and_keeps_proof(
    arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str
) -> None:
    rozenn = arrive(maniere)
    number = submit_occupation(rozenn, "Rozenn", make_pieces(tmp_path))

    rozenn.reload_until("Télécharger l’accusé de réception")
    receipt = pdf_text(rozenn.download("Télécharger l’accusé de réception"))
    assert number in receipt
    assert "LE GALLOU" in receipt.upper()

    mail = pile.mail("famille.legallou@courriel.example", number)
    assert number in pdf_text(attachments_of(mail)[0])

    rozenn.follow("Mon espace")
    assert rozenn.here == "mon/"
    rozenn.sees(number, OCCUPATION, "Guingamp")
    rozenn.follow(OCCUPATION)
    rozenn.sees(number, "Réponse au plus tard")
