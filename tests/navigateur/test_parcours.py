"""The instruction in a browser: an expert answers by a link, a refused piece is replaced, an EPCI takes over."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import make_pieces, submit_occupation, today
from tests.navigateur.pile import Pile, text_of
from tests.navigateur.test_instruction import YANN, find_on_desk

NOLWENN = "nolwenn.lebris@agglo-guingamp.example"
EXPERT = "lignes@transport.example"


def take(
    arrive: Arrivee, tmp_path: Path, person: str, maniere: str = "ordinaire"
) -> tuple[Visite, Visite, str]:
    """A resident's dossier, taken by Yann: (resident, yann, number)."""
    resident, yann = arrive(maniere), arrive(maniere)
    number = submit_occupation(resident, person, make_pieces(tmp_path))
    resident.follow("Suivre mon dossier")
    yann.sign_in_as_agent(YANN)
    find_on_desk(yann, number)
    yann.press("Je m’en occupe")
    yann.sees("Étape :", "Recevabilité")
    return resident, yann, number


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_an_opinion_inside_then_one_by_a_link(
    arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str
) -> None:
    _, yann, _ = take(arrive, tmp_path, "Katell" if maniere == "ordinaire" else "Sasha", maniere)
    courriel = f"{maniere}.{EXPERT}"
    yann.press("Demander l’avis de la voirie")
    yann.sees("Avis de la voirie", "Passer à la décision : attend ce qui est demandé à cette étape")
    yann.unfold("Voir tout le parcours")
    yann.sees("« Consulter un gestionnaire extérieur » mène à « Avis extérieur »")
    yann.unfold("Rendre cet avis")
    yann.select("Sens de l’avis", "Favorable")
    yann.press("Enregistrer l’avis")
    yann.sees("Yann RIOU, Instructeur voirie")
    yann.press("Consulter un gestionnaire extérieur")
    yann.fill("Adresse électronique, si la personne est extérieure", courriel)
    yann.press("Demander l’avis")
    yann.sees("attendu", courriel)

    text = text_of(pile.mail(courriel))
    link = re.search(r"https?://([^.]+)\.localhost:\d+(/avis/\S+)", text)
    code = re.search(r"^([2-9a-z]{4}(?: [2-9a-z]{4}){2})\s*$", text, flags=re.MULTILINE)
    assert link, text
    assert code, text
    expert = arrive(maniere)
    expert.open(link[1], link[2])
    expert.fill("Code reçu par courriel", "2222 2222 2222")
    expert.press("Ouvrir le dossier")
    expert.sees("Ce code n’ouvre rien")
    expert.fill("Code reçu par courriel", code[1])
    expert.press("Ouvrir le dossier")
    expert.sees("Cette occupation gêne-t-elle votre réseau", "Rue Notre-Dame")
    expert.choose("Votre avis", "Défavorable")
    expert.press("Envoyer mon avis")
    expert.sees("Écrivez votre avis.")
    expert.choose("Votre avis", "Défavorable")
    expert.fill("Vos observations", "La ligne 3 passe là le vendredi.")
    expert.press("Envoyer mon avis")
    expert.sees("Votre avis est enregistré")
    yann.reload()
    yann.sees("La ligne 3 passe là le vendredi.", "défavorable")
    yann.press("Passer à la décision")
    yann.sees("Étape : Décision")


def test_a_refused_piece_is_the_only_one_asked_again(arrive: Arrivee, pile: Pile, tmp_path: Path) -> None:
    resident, yann, _ = take(arrive, tmp_path, "Fatou")
    yann.unfold("Examiner les pièces une par une")
    pieces = yann.page.get_by_role("group", name="Plan de localisation")
    pieces.get_by_role("combobox").select_option(label="Refusé : Le document n’est pas lisible.")
    pieces.get_by_role("textbox").fill("Les cotes sont floues.")
    yann.press("Enregistrer l’examen")
    yann.sees("Redemander ce qui est refusé, en une lettre")
    yann.fill_date("À renvoyer avant le", today() + timedelta(days=21))
    yann.press("Redemander ces pièces")
    yann.sees("En attente du demandeur", "Ce qui est attendu")
    resident.reload()
    resident.sees("Les cotes sont floues.", "À envoyer avant le")
    assert resident.page.locator("section.k-demande").count() == 1
    resident.attach("Plan de localisation", make_pieces(tmp_path).pdf)
    resident.press("Envoyer")
    resident.sees("Complément reçu")
    yann.reload()
    yann.sees("En cours d’instruction", "plan.pdf")


def test_a_dossier_goes_from_guingamp_to_its_agglomeration(
    arrive: Arrivee, pile: Pile, tmp_path: Path
) -> None:
    resident, yann, _ = take(arrive, tmp_path, "Yann")
    yann.follow("Transmettre à l’administration compétente…")
    yann.press("Transmettre le dossier")
    assert len(yann.errors()) == 2
    yann.select("Une collectivité de ce portail", "Guingamp-Paimpol Agglomération")
    yann.fill(
        "Pourquoi cette demande relève-t-elle d’une autre administration ?",
        "Cette rue est d’intérêt communautaire.",
    )
    yann.press("Transmettre le dossier")
    yann.sees("Transmis à l’administration compétente", "Transmis à Guingamp-Paimpol Agglomération")
    yann.misses("Rendre la décision")
    resident.reload_until("Suivre la demande transmise")
    nolwenn = arrive()
    nolwenn.sign_in_as_agent(NOLWENN)
    for _ in range(40):
        nolwenn.open("agents", "/?q=Notre-Dame")
        if "1 dossier" in nolwenn.text:
            break
        nolwenn.page.wait_for_timeout(250)
    nolwenn.follow("Occuper la rue ou une place", within=nolwenn.page.get_by_role("row").nth(1))
    nolwenn.sees("Dossier transmis par : Guingamp", "Cette rue est d’intérêt communautaire.")
    nolwenn.press("Je m’en occupe")
    resident.follow("Suivre la demande transmise")
    resident.sees("Guingamp-Paimpol Agglomération", "En cours d’instruction")
