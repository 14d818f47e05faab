"""An agent and a resident go through a whole dossier together, up to a decision that names its author."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.navigateur.aides import Visite, pdf_text
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import OCCUPATION, Pieces, make_pieces, submit_occupation, today
from tests.navigateur.pile import Pile

YANN, MAELLE = "yann.riou@guingamp.example", "maelle.le-goff@guingamp.example"
SOAZIG = "soazig.penven@loc-envel.example"


def find_on_desk(agent: Visite, number: str) -> None:
    """From the desk to one dossier, by its number."""
    agent.open("agents")
    agent.fill("Numéro, nom ou mots", number)
    agent.press("Filtrer")
    agent.sees("1 dossier")
    agent.follow(OCCUPATION, within=agent.page.get_by_role("row").filter(has_text=number))


@dataclass
class Affaire:
    """One dossier, the people around it, and its address on the desk."""

    pile: Pile
    number: str
    address: str
    nom: str
    courriel: str
    resident: Visite
    yann: Visite


@pytest.mark.parametrize(
    ("maniere", "person", "nom", "courriel"),
    [
        ("ordinaire", "Katell", "QUÉMÉNEUR", "katell.lebras@courriel.example"),
        ("sobre", "Sasha", "MORVAN", "sasha.morvan@courriel.example"),
    ],
)
def test_from_the_desk_to_the_decision(
    arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str, person: str, nom: str, courriel: str
) -> None:
    pieces = make_pieces(tmp_path)
    resident, yann = arrive(maniere), arrive(maniere)
    number = submit_occupation(resident, person, pieces)
    resident.follow("Suivre mon dossier")
    yann.sign_in_as_agent(YANN)
    find_on_desk(yann, number)
    yann.sees(nom, "Personne ne s’en occupe")
    yann.press("Je m’en occupe")
    yann.sees("Ce dossier est à vous")
    it = Affaire(pile, number, yann.here.removeprefix("agents"), nom, courriel, resident, yann)

    ask_one_piece_again(it)
    others_see_who_holds_it(it, arrive(maniere), arrive(maniere))
    answer(it, pieces)
    write_to_each_other(it)
    decide(it)


def ask_one_piece_again(it: Affaire) -> None:
    it.yann.unfold("Redemander une pièce")
    it.yann.select("Quelle pièce ?", "Plan de localisation")
    it.yann.fill("Pourquoi ?", "Les dimensions ne se lisent pas sur le croquis.")
    it.yann.fill_date("À envoyer avant le", today() + timedelta(days=21))
    it.yann.press("Envoyer la demande")
    it.yann.sees("Complément demandé")
    it.pile.mail(it.courriel, it.number, "manque")


def others_see_who_holds_it(it: Affaire, maelle: Visite, soazig: Visite) -> None:
    """An agent of the commune reads and may take over; one without right there sees nothing at all."""
    maelle.sign_in_as_agent(MAELLE)
    find_on_desk(maelle, it.number)
    maelle.sees("Yann RIOU s’en occupe")
    maelle.misses("Rendre la décision")
    soazig.sign_in_as_agent(SOAZIG)
    soazig.open("agents", it.address)
    soazig.sees("Ce dossier n’existe pas, ou n’est pas le vôtre")
    soazig.misses(it.nom, it.number)


def answer(it: Affaire, pieces: Pieces) -> None:
    it.resident.reload()
    it.resident.sees("Les dimensions ne se lisent pas sur le croquis.", "À envoyer avant le")
    it.resident.attach("Plan de localisation", pieces.pdf)
    it.resident.press("Envoyer")
    it.resident.sees("Complément reçu")
    it.resident.misses("À envoyer avant le")


def write_to_each_other(it: Affaire) -> None:
    """What is for the person reaches her, what is for the agents does not."""
    it.yann.open("agents", it.address)
    it.yann.fill("Écrire à la personne", "Merci, votre plan est parfait.")
    it.yann.press("Envoyer")
    it.yann.fill("Ajouter une note", "Prévenir le marché du vendredi.")
    it.yann.press("Noter")
    it.yann.sees("Merci, votre plan est parfait.", "Prévenir le marché du vendredi.")
    it.pile.mail(it.courriel, it.number, "message")
    it.resident.reload()
    it.resident.sees("Merci, votre plan est parfait.")
    it.resident.misses("Prévenir le marché du vendredi.")
    it.resident.fill("Écrire au service", "Merci à vous.")
    it.resident.press("Envoyer le message")
    it.resident.sees("Merci à vous.")


def decide(it: Affaire) -> None:
    """The act names its author (CRPA L212-1)."""
    it.yann.reload()
    it.yann.sees("Merci à vous.")
    it.yann.choose("Décision", "Accepter")
    it.yann.press("Rendre la décision")
    it.yann.sees("Décision rendue")
    it.yann.misses("Redemander une pièce")
    it.resident.reload()
    it.resident.reload_until("Télécharger la décision")
    it.resident.sees("Demande acceptée", "Yann RIOU, Instructeur voirie, Voirie")
    act = pdf_text(it.resident.download("Télécharger la décision")).lower()
    for word in ("yann", "riou", "instructeur voirie", "voirie", it.number, "échafaudage"):
        assert word in act, (word, act)
    it.pile.mail(it.courriel, it.number, "décision")


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
