"""A rule written without knowing its language: rows of menus, groups, rows of a block, as text and back."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.navigateur.aides import Visite
from tests.navigateur.conftest import Arrivee
from tests.navigateur.pile import Pile
from tests.navigateur.test_edition import OPSN

EXEMPLE = Path(__file__).resolve().parent / "sejour-jeunes.yaml"


def pick(visite: Visite, id_: str, option: str) -> None:
    """Takes an option of a menu; without script, a button draws the menus that follow."""
    menu = visite.page.locator(f"[id='{id_}']")
    if visite.javascript:
        with visite.page.expect_response(lambda response: "/regles/" in response.url):
            menu.select_option(label=option)
        visite.page.wait_for_timeout(100)
    else:
        menu.select_option(label=option)
        visite.press("Mettre les menus à jour")


def gesture(visite: Visite, words: str, wait: str) -> None:
    """Presses a gesture on the rows: smooth with script, a page without."""
    # The buttons of the whole come after those of the groups in it.
    button = visite.page.get_by_role("button", name=words, exact=True).last
    if visite.javascript:
        button.click()
    else:
        visite.press(words, within=button.locator("xpath=.."))
    visite.page.locator(f"[id='{wait}']").wait_for()


def begin(visite: Visite, folder: Path) -> str:
    """A form with a block, from a file; the address of the work."""
    slug = f"sejour-{uuid4().hex[:6]}"
    path = folder / f"{slug}.yaml"
    path.write_text(
        EXEMPLE.read_text(encoding="utf-8").replace("slug: sejour-jeunes", f"slug: {slug}"), "utf-8"
    )
    visite.sign_in_as_agent(OPSN, "opsn")
    visite.open("opsn", "/demarches")
    visite.unfold("Créer une démarche")
    visite.attach("Ou importer un fichier (YAML)", path)
    visite.press("Importer")
    return "/" + visite.here.split("/", 1)[1].split("?")[0]


@pytest.mark.parametrize("maniere", ["ordinaire", "sobre"])
def test_a_rule_is_written_by_rows_of_menus(
    arrive: Arrivee, pile: Pile, tmp_path: Path, maniere: str
) -> None:
    del pile
    opsn = arrive(maniere)
    work = begin(opsn, tmp_path)
    opsn.open("opsn", f"{work}/champs/remarque")
    opsn.fill("Aide", "Allergies, traitement en cours.")
    opsn.press("Ajouter : Quand elle se montre")
    pick(opsn, "champ-r.0", "Formule")
    pick(opsn, "operateur-r.0", "est l’un de")
    opsn.page.get_by_label("Journée", exact=True).check()
    opsn.page.get_by_label("Nuit comprise").check()
    gesture(opsn, "Ajouter une condition", "champ-r.1")
    pick(opsn, "champ-r.1", "Premier jour")
    pick(opsn, "operateur-r.1", "est dans au moins")
    opsn.page.locator("[id='valeur-r.1']").fill("15")
    gesture(opsn, "Ajouter un groupe", "champ-r.2.0")
    pick(opsn, "champ-r.2.0", "Revenu mensuel")
    pick(opsn, "operateur-r.2.0", "est moins de")
    opsn.page.locator("[id='valeur-r.2.0']").fill("1 200,50")
    gesture(opsn, "Regarder les lignes de « Enfants »", "champ-r.3.0")
    pick(opsn, "champ-r.3.0", "L’âge d’après « Date de naissance »")
    pick(opsn, "operateur-r.3.0", "est moins de")
    opsn.press("Enregistrer la règle")
    opsn.sees("Donnez une valeur à comparer")
    opsn.page.locator("[id='valeur-r.3.0']").fill("6")
    opsn.press("Enregistrer la règle")
    opsn.sees("Montrée quand « Formule » est l’un de « Journée » ou « Nuit comprise »")
    opsn.sees("« Premier jour » est dans au moins 15 jours", "« Revenu mensuel » est moins de 1200,50 €")
    opsn.sees(
        "pour au moins une ligne de « Enfants », l’âge d’après « Date de naissance » est moins de 6 ans"
    )
    assert opsn.field("Aide").input_value() == "Allergies, traitement en cours."

    opsn.press("Modifier : Quand elle se montre")
    opsn.page.locator("[id='lien-r']").select_option(label="aucune de ces conditions n’est vraie")
    if maniere == "ordinaire":
        opsn.page.get_by_text("rien de ceci n’est vrai").wait_for()
    gesture(opsn, "Écrire en texte", "texte")
    text = opsn.page.locator("#texte").input_value()
    assert text == (
        'non (formule parmi ("jour", "nuit") ou debut >= aujourdhui + 15 jours ou revenu < 1200,50 euros'
        " ou au_moins_un(enfants, age(naissance) < 6))"
    )
    opsn.page.locator("#texte").fill("habitant et surprise > 3")
    opsn.press("Enregistrer la règle")
    opsn.sees("« surprise » n’est pas une question de ce formulaire", "À cet endroit :")
    opsn.page.locator("#texte").fill('habitant et (formule = "jour" ou habitant)')
    opsn.press("Enregistrer la règle")
    opsn.sees("le reste de la règle le dit déjà")
    assert opsn.page.locator("#groupe-r .k-remarque").count() == 1
    gesture(opsn, "Écrire en texte", "texte")
    opsn.page.locator("#texte").fill("revenu * 2 > 1000 et habitant")
    gesture(opsn, "Revenir aux menus", "texte")
    opsn.sees("les menus ne savent pas montrer « revenu * 2 > 1000 »")
