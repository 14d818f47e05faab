"""A secretary's appointments in a real browser: planning, somebody booked on the phone, moved, settings, figures."""

import pytest

from tests.navigateur.conftest import Arrivee

SOAZIG = "soazig.penven@loc-envel.example"


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_an_appointment_on_the_phone(arrive: Arrivee, maniere: str) -> None:
    soazig = arrive(maniere)
    soazig.sign_in_as_agent(SOAZIG)
    soazig.open("agents", "/rendez-vous?vue=semaine")
    soazig.follow("Semaine d’après")
    soazig.sees("Soazig Penven", "Libre")
    soazig.follow("Liste à imprimer")
    soazig.open("agents", "/rendez-vous")
    soazig.follow("Prendre un rendez-vous pour quelqu’un")
    soazig.page.get_by_label("Motif").select_option(label="Loc-Envel – Rencontrer la secrétaire de mairie")
    soazig.press("Chercher")
    soazig.page.locator("input[name=creneau]").nth(2).check()
    soazig.fill("Nom", f"Kerboul {maniere}")
    soazig.press("Prendre ce rendez-vous")
    soazig.sees("Le rendez-vous est pris", f"Kerboul {maniere}")
    soazig.follow("Déplacer")
    soazig.page.locator("input[name=creneau]").nth(4).check()
    soazig.press("Déplacer")
    soazig.sees("Le rendez-vous est déplacé")
    soazig.page.get_by_label("Message à la personne").fill("La mairie est fermée ce jour-là.")
    soazig.press("Annuler le rendez-vous")
    soazig.sees("Le rendez-vous est annulé")
    if maniere == "sobre":
        return
    for path in ("/rendez-vous/reglages/loc-envel", "/rendez-vous/reglages", "/rendez-vous/statistiques"):
        soazig.open("agents", path)
    for genre in ("lieu", "ressource", "motif", "plage", "fermeture", "absence"):
        soazig.open("agents", f"/rendez-vous/reglages/loc-envel/{genre}/nouveau")
        soazig.press("Enregistrer")
    soazig.open("agents", "/rendez-vous/pourquoi")
    soazig.page.get_by_label("Motif").select_option(label="Loc-Envel – Rencontrer la secrétaire de mairie")
    soazig.press("Expliquer")
    soazig.sees("Jour par jour")
