"""Somebody with two accounts, FranceConnect and e-mail: joined by an explicit act with proof of both, never else."""

from uuid import uuid4

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE, fill_acte, submit

TITRE = "Vous avez deux comptes"


def with_two_accounts(visite: Visite, person: str) -> tuple[str, str, str]:
    """A dossier by an e-mail account at Guingamp, one by FranceConnect at Rennes; (address, number, number).

    Ends on Mon espace, where the first account is signed in and the second has just been proven.
    """
    courriel = f"deux.{uuid4().hex[:8]}@courriel.example"
    visite.open("guingamp", ACTE)
    visite.follow("Recevoir un code par courriel")
    visite.sign_in_by_code(courriel)
    fill_acte(visite, "COMPTE", "Premier")
    first = submit(visite)
    visite.follow("Mon espace")
    visite.sees(first)
    visite.open("rennes", ACTE)
    visite.sign_in_with_franceconnect(person)
    fill_acte(visite, "COMPTE", "Second")
    second = submit(visite)
    visite.follow("Mon espace")
    assert visite.title == TITRE
    return courriel, first, second


def test_two_accounts_are_joined_when_the_person_says_so(arrive: Arrivee) -> None:
    visite = arrive()
    courriel, first, second = with_two_accounts(visite, "Lesia")
    visite.follow("Rester sur ce compte")
    visite.sees(first)
    visite.misses(second)
    visite.open("rennes")
    visite.follow("Mon espace")
    visite.press("Réunir mes deux comptes")
    assert visite.here == "mon/"
    visite.sees(first, second)

    # Either way of signing in now opens the one account.
    elsewhere = arrive()
    elsewhere.open("guingamp", "/connexion")
    elsewhere.sign_in_by_code(courriel)
    elsewhere.follow("Mon espace")
    elsewhere.sees(first, second)


def test_two_accounts_stay_apart_when_the_person_prefers(arrive: Arrivee) -> None:
    visite = arrive("sobre")
    _, first, second = with_two_accounts(visite, "Ghjuvan")
    visite.press("Les garder séparés et ouvrir l’autre")
    visite.sees(second)
    visite.misses(first)
