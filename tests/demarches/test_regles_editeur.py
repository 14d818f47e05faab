"""Rules written in the editor by rows of menus: each gesture, what is kept, what is refused, what is proved."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from app.demarches.edition import lieux
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
