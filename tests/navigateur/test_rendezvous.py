"""A family books, moves and gives up a rendez-vous from the commune's home page, however they use a browser."""

import re

import pytest

from tests.navigateur.conftest import Arrivee
from tests.navigateur.pile import Pile, attachments_of, text_of

MOTIF = "Carte d’identité"


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_a_family_books_moves_and_gives_up(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    address = f"rdv-{maniere}@courriel.example"
    somebody = arrive(maniere)
    somebody.open("guingamp")
    somebody.follow("Prendre rendez-vous")
    somebody.follow(MOTIF)
    somebody.select("Pour combien de personnes ?", "2")
    somebody.press("Voir les créneaux")
    somebody.sees("2 personnes", "25 minutes")
    somebody.follow("Mois suivant")
    creneaux = somebody.page.locator(".k-jours ~ .k-creneaux button")
    somebody._go(creneaux.nth(1))

    somebody.press("Continuer")
    assert len(somebody.errors()) == 6
    for words, text in (("Prénom", "Nolwenn"), ("Nom", "Le Bihan"), ("Adresse de courriel", address)):
        somebody.fill(words, text)
    for rank, number in enumerate(("AB12CD34EF", "GH56JK78LM"), 1):
        somebody.fill(f"Numéro de pré-demande de la personne {rank}", number)
    somebody.tick("J’accepte que la mairie utilise ces informations pour ce rendez-vous")
    somebody.press("Continuer")
    code = re.search(r"\b\d{6}\b", text_of(pile.mail(address)))
    assert code
    somebody.fill("Code à 6 chiffres", code[0])
    somebody.press("Confirmer le rendez-vous")
    somebody.sees("Votre rendez-vous est confirmé", MOTIF, "AB12CD34EF", "Montrez ce code à l’accueil")
    invitation = attachments_of(pile.mail(address, at_least=2))[0].decode()
    assert "METHOD:REQUEST" in invitation
    assert MOTIF not in invitation

    somebody.follow("Déplacer")
    somebody._go(creneaux.nth(2))
    somebody.sees("Votre rendez-vous est déplacé")
    somebody.follow("Annuler")
    somebody.press("Annuler le rendez-vous")
    somebody.sees("Votre rendez-vous est annulé")
    assert "METHOD:CANCEL" in attachments_of(pile.mail(address, at_least=4))[0].decode()
