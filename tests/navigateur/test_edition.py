"""A démarche from its first title to a resident: written, tried, published, adopted, filed, published again."""

from uuid import uuid4

import pytest

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.parcours import submit
from tests.navigateur.pile import Pile

OPSN = "gwenole.kerjean@opsn.example"
SOAZIG = "soazig.penven@loc-envel.example"


def add_question(visite: Visite, page: str, titre: str, type_: str) -> None:
    section = visite.page.locator(f"#page-{page}")
    section.locator("summary").click()
    section.get_by_label("Intitulé").fill(titre)
    section.get_by_label("Type de réponse").select_option(label=type_)
    visite.press("Ajouter la question", within=section)


def write(visite: Visite, titre: str) -> str:
    """Two pages, a rule, the texts; the address of the work."""
    visite.sign_in_as_agent(OPSN, "opsn")
    visite.open("opsn", "/demarches")
    visite.unfold("Créer une démarche")
    visite.page.locator("#titre").fill(titre)
    visite.press("Commencer")
    work = "/" + visite.here.split("/", 1)[1].split("?")[0]
    add_question(visite, "demande", "Nom de l’association", "Texte court")
    visite.tick("Réponse obligatoire")
    visite.press("Enregistrer")
    visite.fill("Titre d’une nouvelle page", "Le matériel")
    visite.press("Ajouter la page")
    visite.sees("Cette page n’a pas de question")
    add_question(visite, "le-materiel", "Avez-vous besoin de tables", "Oui ou non")
    visite.press("Enregistrer")
    add_question(visite, "le-materiel", "Nombre de tables", "Nombre entier")
    visite.tick("Réponse obligatoire")
    visite.press("Ajouter : Quand elle se montre")
    visite.select("Ce qu’on regarde", "Avez-vous besoin de tables")
    visite.press("Enregistrer la règle")
    visite.sees("Montrée quand « Avez-vous besoin de tables » est oui")
    visite.follow("Présentation", within=visite.page.get_by_role("navigation", name="Parties de la démarche"))
    visite.select("Thème", "Associations, salles et fêtes")
    visite.fill("Résumé", "Empruntez le matériel de la commune.")
    visite.fill("Pour qui", "Les associations.")
    visite.press("Enregistrer")
    visite.open("opsn", work)
    visite.sees("Complet")
    return work


def try_it(visite: Visite, work: str) -> None:
    """The preview, then a test dossier to its submission."""
    visite.open("opsn", f"{work}/apercu")
    visite.press("Continuer")
    assert visite.errors(), "an obligatory question left empty is told"
    visite.open("opsn", f"{work}/essais")
    visite.press("Commencer un essai")
    visite.follow("Essai à remplir")
    visite.sign_in_as_agent(OPSN, "")
    visite.sees("Mode essai")
    visite.fill("Nom de l’association", "Les Baladins")
    visite.press("Continuer")
    visite.choose("Avez-vous besoin de tables", "Oui")
    visite.press("Continuer")
    visite.fill("Nombre de tables", "4")
    visite.press("Continuer")
    visite.tick("J’ai relu ces réponses")
    visite.press("Déposer")
    visite.sees("Mode essai")
    visite.open("opsn", f"{work}/essais")
    visite.page.locator("#nom-1").fill("Quatre tables")
    visite.press("Enregistrer comme essai automatique")
    visite.sees("Réussi")


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_from_the_first_title_to_a_second_version(arrive: Arrivee, pile: Pile, maniere: str) -> None:
    del pile
    titre = f"Prêt de matériel {uuid4().hex[:6]}"
    opsn = arrive(maniere)
    work = write(opsn, titre)
    try_it(opsn, work)
    opsn.open("opsn", f"{work}/publication")
    opsn.press("Publier cette version")
    opsn.sees("Version publiée")

    soazig = arrive(maniere)
    soazig.sign_in_as_agent(SOAZIG)
    soazig.open("agents", "/demarches")
    form = soazig.page.locator("form[action='/demarches/adoptions']").last
    form.get_by_label("Adopter une démarche partagée").select_option(label=titre)
    soazig.press("Adopter", within=form)
    soazig.follow(f"Adapter {titre}")
    soazig.fill("Coût", "Caution de 50 euros.")
    soazig.press("Enregistrer")
    soazig.sees("Adaptation enregistrée")

    resident = arrive(maniere)
    resident.open("ouessant", "/demarches")
    resident.follow(titre)
    resident.sees("Caution de 50 euros.")
    resident.follow("Recevoir un code par courriel")
    resident.sign_in_by_code(f"anna.{uuid4().hex[:8]}@courriel.example")
    resident.fill("Nom de l’association", "Les Voiles")
    resident.press("Continuer")
    resident.choose("Avez-vous besoin de tables", "Non")
    resident.press("Continuer")
    submit(resident)

    opsn.open("opsn", "/demarches")
    row = opsn.page.get_by_role("row", name=titre)
    opsn.press(f"Modifier {titre}", within=row)
    opsn.follow("Nom de l’association")
    opsn.fill("Nombre de caractères au plus", "5")
    opsn.press("Enregistrer")
    opsn.follow("Publier")
    opsn.sees("Nombre de caractères au plus : ajouté", "1 ouvert : 0 sans effet, 1 demande une réponse")
    opsn.sees("« Nom de l’association » : réponse à corriger : 1", "Échoué")
