"""An agent and a resident go through a whole dossier together, up to a decision that names its author."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.navigateur.aides import Visite, pdf_text
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import OCCUPATION, make_pieces, submit_occupation, today
from tests.navigateur.pile import Pile

YANN, MAELLE = "yann.riou@guingamp.example", "maelle.le-goff@guingamp.example"
SOAZIG = "soazig.penven@loc-envel.example"


def find_on_desk(agent: Visite, number: str) -> None:
    """From the desk to one dossier, by its number."""
    agent.open("agents")
    agent.fill("Numéro, nom ou mot", number)
    agent.press("Filtrer")
    agent.sees("1 dossier")
    agent.follow(OCCUPATION, within=agent.page.get_by_role("row").filter(has_text=number))


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_from_the_desk_to_the_decision(arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str) -> None:
    pieces = make_pieces(tmp_path)
    katell = arrive(maniere)
    number = submit_occupation(katell, "Katell Anne", pieces)
    katell.follow("Suivre mon dossier")

    yann = arrive(maniere)
    yann.sign_in_as_agent(YANN)
    find_on_desk(yann, number)
    yann.sees("QUÉMÉNEUR", "Personne ne s’en occupe encore")
    yann.press("Je m’en occupe")
    yann.sees("Ce dossier est à vous")

    # One piece again, with a reason and a date
    yann.unfold("Redemander une pièce")
    yann.select("Quelle pièce ?", "Plan de localisation")
    yann.fill("Pourquoi ?", "Les dimensions ne se lisent pas sur le croquis.")
    yann.fill_date("À envoyer avant le", today() + timedelta(days=21))
    yann.press("Envoyer la demande")
    yann.sees("Complément demandé")
    pile.mail("katell.lebras@courriel.example", number, "complét")

    # Another agent of the commune sees who holds it; one who has no right here sees nothing
    maelle = arrive(maniere)
    maelle.sign_in_as_agent(MAELLE)
    find_on_desk(maelle, number)
    maelle.sees("Yann Riou s’en occupe")
    maelle.misses("Rendre la décision")
    address = maelle.here.removeprefix("agents")
    soazig = arrive(maniere)
    soazig.sign_in_as_agent(SOAZIG)
    soazig.open("agents", address)
    soazig.sees("Ce dossier n’existe pas, ou n’est pas le vôtre")
    soazig.misses("QUÉMÉNEUR", number)

    # The resident answers
    katell.reload()
    katell.sees("Les dimensions ne se lisent pas sur le croquis.", "À envoyer avant le")
    katell.attach("Plan de localisation", pieces.pdf)
    katell.press("Envoyer")
    katell.sees("Complément reçu")
    katell.misses("À envoyer avant le")

    # A message for the person, a note for the agents
    yann.open("agents", address)
    yann.fill("Écrire à la personne", "Merci, votre plan est parfait.")
    yann.press("Envoyer")
    yann.fill("Ajouter une note", "Prévenir le marché du vendredi.")
    yann.press("Noter")
    yann.sees("Merci, votre plan est parfait.", "Prévenir le marché du vendredi.")
    pile.mail("katell.lebras@courriel.example", number, "message")
    katell.reload()
    katell.sees("Merci, votre plan est parfait.")
    katell.misses("Prévenir le marché du vendredi.")
    katell.fill("Écrire au service", "Merci à vous.")
    katell.press("Envoyer le message")
    katell.sees("Merci à vous.")

    # The decision
    yann.reload()
    yann.sees("Merci à vous.")
    yann.choose("Décision", "Accepter")
    yann.press("Rendre la décision")
    yann.sees("Décision rendue")
    yann.misses("Redemander une pièce")
    katell.reload()
    katell.reload_until("Télécharger la décision")
    katell.sees("Demande acceptée", "Yann Riou, Instructeur voirie, Voirie")
    act = pdf_text(katell.download("Télécharger la décision"))
    for word in ("Yann", "Riou", "Instructeur voirie", "Voirie", number, "échafaudage"):
        assert word.lower() in act.lower(), (word, act)
    pile.mail("katell.lebras@courriel.example", number, "décision")


def test_an_agent_is_told_what_is_missing(arrive: Arrivee, pile: Pile, tmp_path: Path) -> None:
    resident = arrive()
    number = submit_occupation(resident, "Fatou", make_pieces(tmp_path))
    yann = arrive()
    yann.sign_in_as_agent(YANN)
    find_on_desk(yann, number)
    yann.press("Je m’en occupe")

    yann.unfold("Redemander une pièce")
    yann.press("Envoyer la demande")
    assert len(yann.errors()) == 3
    yann.choose("Décision", "Refuser")
    yann.press("Rendre la décision")
    assert "motivée" in yann.errors()[0]
    yann.follow_error(yann.errors()[0])
    assert yann.focus == "motif"
    yann.fill("Motif", "Le trottoir est trop étroit à cet endroit.")
    yann.choose("Décision", "Refuser")
    yann.press("Rendre la décision")
    yann.sees("Décision rendue")

    resident.follow("Suivre mon dossier")
    resident.reload_until("Télécharger la décision")
    resident.sees("Demande refusée")
    assert "trop étroit" in pdf_text(resident.download("Télécharger la décision"))
