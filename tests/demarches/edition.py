"""Making a démarche through the pages of the editor, for the tests that begin there."""

from typing import Any

from tests.outillage.navigateur import Navigateur, Page

PRESENTATION = {
    "theme": "associations",
    "resume": "Empruntez un barnum de la commune.",
    "pour_qui": "Les associations de la commune.",
    "cout": "Gratuit.",
}


async def send(nav: Navigateur, page: Page, path: str, key: str = "", **fields: Any) -> Page:
    """A form of that page, sent as its button would, with the revision that the page shows."""
    form: dict[str, Any] = {
        "jeton_csrf": page.arbre.xpath("string(//input[@name='jeton_csrf']/@value)"),
        "cle_idempotence": page.arbre.xpath("string(//input[@name='cle_idempotence']/@value)")
        + key
        + str(fields),
        "revision": page.arbre.xpath("string(//input[@name='revision']/@value)"),
        **fields,
    }
    form["cle_idempotence"] = form["cle_idempotence"][:100]
    return await nav.post(path, form)


async def make(nav: Navigateur, titre: str = "Prêt de barnum", **fields: Any) -> tuple[str, Page]:
    """A démarche of one page and two questions, ready to be published; its address and its page."""
    page = await send(
        nav, await nav.get("/demarches"), "/demarches/chantiers", titre=titre, genre="teleservice", **fields
    )
    base = page.chemin.split("?")[0]
    page = await send(
        nav,
        page,
        f"{base}/gestes",
        geste="ajouter_champ",
        cible="demande",
        titre="Nom de l’association",
        type="texte",
    )
    page = await send(
        nav,
        await nav.get(base),
        f"{base}/gestes",
        geste="ajouter_champ",
        cible="demande",
        titre="Nombre de barnums",
        type="entier",
    )
    page = await nav.get(f"{base}/parties/presentation")
    page = await page.envoyer(PRESENTATION, action="/parties/presentation")
    return base, await nav.get(base)


async def publish(nav: Navigateur, base: str, **fields: Any) -> Page:
    page = await nav.get(f"{base}/publication")
    assert "Publier cette version" in page.texte, page.texte
    return await send(nav, page, f"{base}/publication", **fields)
