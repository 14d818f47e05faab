"""Rules written in the editor by rows of menus: each gesture, what is kept, what is refused, what is proved."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from app.demarches.edition import lieux
from app.demarches.edition.epreuve import eprouver
from app.demarches.edition.fautes import verifier_contenu
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
EXEMPLE = Path(__file__).resolve().parents[1] / "navigateur/sejour-jeunes.yaml"
CONTENU: dict[str, Any] = yaml.safe_load(EXEMPLE.read_text(encoding="utf-8"))


async def begin(console: Navigateur) -> str:
    page = await console.get("/demarches")
    file = ("sejour.yaml", EXEMPLE.read_bytes(), "application/yaml")
    page = await page.envoyer(action="/importer/fichier", fichiers={"fichier": file})
    return page.chemin.split("?")[0]


def rule(portail: Portail, base: str, nom: str) -> dict[str, Any]:
    ((contenu,),) = portail.base.sql(
        "SELECT contenu FROM demarches_chantier WHERE id = %s", UUID(base.rsplit("/", 1)[-1])
    )
    return lieux.lire(contenu, lieux.lieu_de(contenu, nom))


async def press(nav: Navigateur, page: Page, url: str, geste: str, **typed: str) -> Page:
    """Presses a button of the form of the rule, after typing into some of its inputs."""
    pairs = [(name, value) for name, value in page.champs("/regles/") if name not in typed]
    return await nav.post(url, [*pairs, *typed.items(), ("geste", geste)])


def inputs(page: Page) -> dict[str, str]:
    return dict(page.champs("/regles/"))


async def test_rows_are_added_grouped_removed_and_kept(portail: Portail, console: Navigateur) -> None:
    base = await begin(console)
    url = f"{base}/regles/champs.remarque.si"
    page = await console.get(url)
    page = await press(console, page, url, "relire", **{"champ-r.0": "habitant"})
    assert inputs(page)["operateur-r.0"] == "oui"
    page = await press(console, page, url, "ajouter r")
    page = await press(console, page, url, "grouper r.1", **{"champ-r.1": "formule"})
    page = await press(
        console,
        page,
        url,
        "enregistrer",
        **{
            "operateur-r.1.0": "egal",
            "valeur-r.1.0": "nuit",
            "champ-r.1.1": "revenu",
            "operateur-r.1.1": "plus",
        },
    )
    assert page.statut == 422
    assert "Donnez une valeur à comparer à « Revenu mensuel »" in page.texte.replace("\u00a0", " ")
    page = await press(console, page, url, "enregistrer", **{"valeur-r.1.1": "1 200,50"})
    assert page.chemin.startswith(f"{base}/champs/remarque")
    kept = 'habitant et (formule = "nuit" ou revenu > 1200,50 euros)'
    assert rule(portail, base, "champs.remarque.si") == {"texte": kept}
    page = await console.get(url)
    page = await press(console, page, url, "degrouper r.1")
    page = await press(console, page, url, "retirer r.0")
    page = await press(console, page, url, "enregistrer")
    assert rule(portail, base, "champs.remarque.si") == {
        "texte": 'formule = "nuit" et revenu > 1200,50 euros'
    }
    page = await press(console, await console.get(url), url, "effacer")
    assert rule(portail, base, "champs.remarque.si") == {}


async def test_every_kind_of_rule_has_its_page(portail: Portail, console: Navigateur) -> None:
    """Checks, eligibility, routing, price, retention: each kept with what goes with it, in its order."""
    base = await begin(console)

    async def write(nom: str, geste: str = "enregistrer", **typed: str) -> Page:
        url = f"{base}/regles/{nom}"
        page = await console.get(url)
        if "texte" in typed and "texte" not in inputs(page):
            page = await press(console, page, url, "texte")
        return await press(console, page, url, geste, **typed)

    page = await write("champs.debut.controles.1", texte="debut >= aujourdhui + 15 jours")
    assert (page.statut, "Remplissez « Message" in page.texte.replace("\u00a0", " ")) == (422, True)
    await write(
        "champs.debut.controles.1", texte="debut >= aujourdhui + 15 jours", phrase="Quinze jours avant."
    )
    await write("eligibilite.1", texte="habitant", phrase="Réservé aux habitants.")
    await write("routage.1", texte="nombre(enfants) > 3", groupe="Familles nombreuses")
    await write("routage.2", texte='formule = "nuit"', groupe="Séjours")
    await write("routage.2", "monter")
    await write("prix", texte="somme(enfants.jours) * tarif.jour")
    await write("durees.1", texte="non habitant", dua_annees="5", motif="Convention avec la commune voisine.")
    await write("pages.complements.si", texte="nombre(enfants) > 0")
    assert rule(portail, base, "champs.debut.controles.1")["phrase"] == "Quinze jours avant."
    assert [rule(portail, base, f"routage.{n}")["groupe"] for n in (1, 2)] == [
        "Séjours",
        "Familles nombreuses",
    ]
    assert rule(portail, base, "durees.1")["dua_annees"] == 5
    general = (await console.get(f"{base}/parties/autres")).texte.replace("\u00a0", " ")
    assert "Reçue quand « Formule » est « Nuit comprise »" in general
    assert "Le prix est le total de « Nombre de jours » dans « Enfants » fois Prix d’une journée" in general
    kept = (await console.get(f"{base}/parties/conservation")).texte.replace("\u00a0", " ")
    assert "Gardée ainsi quand « Habitez-vous la commune » est non" in kept
    assert "Complet" in (await console.get(base)).texte
    # Saving what stands around a rule leaves it.
    page = await (await console.get(f"{base}/parties/conservation")).envoyer(
        {"conservation.dua_annees": "3"}, action="/parties/"
    )
    page = await (await console.get(f"{base}/champs/debut")).envoyer({"aide": "Un lundi."}, action="/champs/")
    assert rule(portail, base, "durees.1")["dua_annees"] == 5
    assert rule(portail, base, "champs.debut.controles.1")["texte"] == "debut >= aujourdhui + 15 jours"
    assert (await console.get(f"{base}/regles/routage.7")).statut == 404
    assert (await console.get(f"{base}/regles/champs.absente.si")).statut == 404


async def test_proofs_stand_beside_the_row_they_speak_of(portail: Portail, console: Navigateur) -> None:
    base = await begin(console)
    url = f"{base}/regles/champs.remarque.si"
    page = await press(console, await console.get(url), url, "texte")
    page = await press(
        console,
        page,
        url,
        "enregistrer",
        texte='habitant et (formule = "nuit" ou habitant) et nombre(enfants) > 30',
    )
    # It is kept; what is proved of it is said under the row, with the form, and before publishing.
    assert page.chemin.startswith(url)
    told = [
        " ".join(p.text_content().split())
        for p in page.arbre.xpath("//*[@id='groupe-r.1']//p[@class='k-remarque']")
    ]
    assert len(told) == 1, told
    assert "le reste de la règle le dit déjà" in told[0]
    for place in (base, f"{base}/publication"):
        listed = await console.get(place)
        assert "À relire (n’empêche pas de publier)" in listed.texte
        assert listed.arbre.xpath(f"//a[contains(@href, '{url}')]")
    page = await press(console, await console.get(url), url, "texte")
    page = await press(console, page, url, "enregistrer", texte='formule = "nuit" et formule = "jour"')
    assert "qui est toujours fausse" in page.texte
    # A rule of two questions that rest on one another is told as a loop, beside the text.
    url = f"{base}/regles/champs.debut.si"
    page = await press(console, await console.get(url), url, "texte")
    page = await press(console, page, url, "enregistrer", texte="revenu > 3")
    assert "vient plus loin dans le formulaire" in page.texte


async def test_two_editors_of_one_rule_lose_nothing(portail: Portail, console: Navigateur) -> None:
    base = await begin(console)
    url = f"{base}/regles/champs.remarque.si"
    mine = await press(console, await console.get(url), url, "texte")
    theirs = await press(console, await console.get(url), url, "texte")
    await press(console, theirs, url, "enregistrer", texte="habitant")
    refused = await press(console, mine, url, "enregistrer", texte="non habitant")
    assert refused.statut == 409
    assert "« Habitez-vous la commune » est oui" in refused.texte.replace("\u00a0", " ")
    assert rule(portail, base, "champs.remarque.si") == {"texte": "habitant"}


def test_a_rule_is_tried_even_while_the_form_is_unfinished() -> None:
    lieu = lieux.lieu_de(CONTENU, "champs.remarque.si")
    wrong = lieux.ecrire({**CONTENU, "titre": ""}, lieu, "habitant + 1 = 2", {})
    assert "non" not in [remark.code for remark in eprouver(wrong, lieu)]
    assert eprouver(wrong, lieu)[0].gravite == "bloquant"
    right = lieux.ecrire({**CONTENU, "titre": ""}, lieu, "habitant", {})
    assert eprouver(right, lieu) == []
    assert verifier_contenu(right)[0] is None


@pytest.mark.parametrize(
    "nom", ["champs.remarque.si", "pages.sejour.controles.1", "eligibilite.1", "durees.1", "prix"]
)
def test_a_remark_finds_its_rule_again(nom: str) -> None:
    lieu = lieux.lieu_de(CONTENU, nom)
    assert lieux.de_remarque(lieu.remarque) == nom
