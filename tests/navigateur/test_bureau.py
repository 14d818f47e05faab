"""The desk of a secretary of three communes: live, by mouse, on a small phone without script, by keyboard."""

import time

import pytest

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import ACTE, fill_acte, submit

MAELLE = "maelle.le-goff@guingamp.example"
SOAZIG = "soazig.penven@loc-envel.example"


def ask(visite: Visite, commune: str, nom: str) -> str:
    """Somebody asks a commune for a birth certificate; the number."""
    visite.open(commune, f"{ACTE}/remplir")
    fill_acte(visite, nom, "Bleuenn", f"{nom.lower()}@courriel.example")
    return submit(visite)


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_a_morning_of_the_secretary(arrive: Arrivee, maniere: str) -> None:
    resident, soazig = arrive(maniere), arrive(maniere)
    tag = "TREGUIER" if maniere == "ordinaire" else "KEMPER"
    first = ask(resident, "loc-envel", f"{tag}UN")
    soazig.sign_in_as_agent(SOAZIG)
    soazig.sees(f"{tag}UN", "Loc-Envel", first)
    if soazig.javascript:
        # Nobody touches the page: what is filed elsewhere comes by itself.
        began = time.monotonic()
        ask(resident, "ouessant", f"{tag}DEUX")
        filed = time.monotonic()
        soazig.sees(f"{tag}DEUX", "Ouessant")
        assert time.monotonic() - filed < 2, f"filed after {filed - began}"
    else:
        ask(resident, "ouessant", f"{tag}DEUX")
        soazig.follow("Actualiser")
        soazig.sees(f"{tag}DEUX")
    settle_the_desk(soazig, tag)
    if soazig.javascript:
        maelle = arrive()
        maelle.sign_in_as_agent(MAELLE)
        maelle.open("agents", "/reglages")
        maelle.sees("Seuls les administrateurs de la collectivité changent ces réglages")
        maelle.misses("Ajouter")
    search_and_act(soazig, tag)
    for path in ("/statistiques", "/conservation", "/lots"):
        soazig.open("agents", path)


def settle_the_desk(soazig: Visite, tag: str) -> None:
    """A label, a template, a view, an absence: each on its own page."""
    soazig.follow("Colonnes et vues")
    soazig.follow("Réglages de la collectivité : étiquettes, groupes, modèles")
    soazig.follow("Loc-Envel")
    soazig.fill("Nouvelle étiquette", f"Urgent {tag}")
    soazig.press("Ajouter", within=soazig.page.get_by_role("region", name="Étiquettes"))
    soazig.sees(f"Urgent {tag}")
    soazig.fill("Nouveau modèle", f"Relance {tag}")
    soazig.page.get_by_label("Texte").fill("Bonjour {personne}, votre dossier {numero} avance.")
    soazig.press("Ajouter", within=soazig.page.get_by_role("region", name="Modèles de message"))
    soazig.sees(f"Relance {tag}")
    soazig.open("agents", "/affichage?etat=depose")
    soazig.fill("Garder les filtres actuels sous le nom", f"Nouveautés {tag}")
    soazig.press("Enregistrer la vue")
    soazig.open("agents")
    soazig.follow(f"Nouveautés {tag}")
    soazig.sees(f"{tag}UN")


def search_and_act(soazig: Visite, tag: str) -> None:
    """Finds both by the beginning of a name, labels one, takes both on, and reads how it went."""
    soazig.open("agents", f"/?q={tag.lower()}")
    soazig.sees("2 dossiers", f"{tag}UN", f"{tag}DEUX")
    soazig.page.get_by_role("checkbox", name=f"{tag}UN").check()
    soazig.press("Agir sur les dossiers choisis")
    soazig.sees("1 dossier est concerné")
    soazig.choose("Que faire de ces dossiers ?", "Ajouter une étiquette")
    soazig.page.get_by_label("Étiquette, pour ajouter ou retirer").select_option(index=1)
    soazig.press("Lancer")
    soazig.reload_until("Terminé")
    soazig.open("agents", f"/?q={tag.lower()}")
    soazig.press("Agir sur les 2 dossiers de la liste")
    soazig.choose("Que faire de ces dossiers ?", "Prendre en charge")
    soazig.press("Lancer")
    soazig.reload_until("Terminé")
    soazig.sees("2 faits sur 2")


def test_the_desk_by_keyboard_and_a_failure_that_is_said(arrive: Arrivee) -> None:
    soazig = arrive("clavier")
    soazig.sign_in_as_agent(SOAZIG)
    soazig.unfold("Autres filtres et tri")
    soazig.page.route("**/?q=*", lambda route: route.fulfill(status=503, body="panne"))
    soazig.fill("Numéro, nom ou mots", "introuvable")
    soazig.page.keyboard.press("Enter")
    soazig.sees("le serveur n’a pas répondu")
    soazig.page.unroute("**/?q=*")
    # The button takes no second press within a second.
    soazig.page.wait_for_timeout(1100)
    soazig.page.keyboard.press("Enter")
    soazig.sees("Aucun dossier ne correspond à ces mots")
    soazig.misses("le serveur n’a pas répondu")
