"""A change shows everywhere within a second; until then public pages come from memory, in each reader’s language."""

import asyncio
import time

import pytest

from tests.cast import Cast, compte
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


async def rename(portail: Portail, nom: str) -> None:
    portail.base.sql("UPDATE socle_collectivite SET nom = %s WHERE slug = 'guingamp'", nom)


async def test_a_change_shows_within_a_second(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    before = await nav.get("/")
    assert "Guingamp" in before.texte
    await rename(portail, "Gwengamp")
    began = time.monotonic()
    while "Gwengamp" not in (await nav.get("/")).texte:
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.01)


async def test_a_closed_collectivite_and_a_new_host_are_known_within_a_second(
    portail: Portail, cast: Cast
) -> None:
    new = portail.navigateur("mairie-nouvelle")
    assert (await new.get("/")).statut == 404
    portail.base.sql(
        "INSERT INTO socle_hote (nom, collectivite_id, principal) VALUES (%s, %s, false)",
        portail.hote("mairie-nouvelle"), cast.communes["guingamp"],
    )  # fmt: skip
    portail.base.sql("UPDATE socle_collectivite SET etat = 'close' WHERE slug = 'rennes'")
    await asyncio.sleep(0.2)
    assert (await new.get("/")).statut == 200
    assert (await portail.navigateur("rennes").get("/")).statut == 404


async def test_a_public_page_comes_from_memory_and_is_validated(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    first = await nav.get("/demarches")
    etag = first.answer.headers["etag"]
    with count_statements() as sent:
        again = await nav.get("/demarches")
        unchanged = await nav.get("/demarches", headers={"if-none-match": etag})
        head = await nav.requete("HEAD", "/demarches")
    assert sent == []
    assert again.answer.content == first.answer.content
    assert (unchanged.statut, unchanged.answer.content) == (304, b"")
    assert unchanged.answer.headers["etag"] == etag
    assert (head.statut, head.answer.content) == (200, b"")
    await rename(portail, "Gwengamp")
    await asyncio.sleep(0.2)
    changed = await nav.get("/demarches", headers={"if-none-match": etag})
    assert changed.statut == 200
    assert changed.answer.headers["etag"] != etag


async def test_memory_mixes_neither_communes_nor_languages_nor_people(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur()
    french = await nav.get("/demarches/acte-naissance")
    other = await portail.navigateur("rennes").get("/demarches/acte-naissance")
    assert "Rennes" in other.texte
    assert "Guingamp" not in other.texte
    breton = portail.navigateur()
    page = await breton.get("/langue/br?suite=/demarches/acte-naissance")
    assert page.chemin == "/demarches/acte-naissance"
    assert page.arbre.get("lang") == "br"
    assert french.arbre.get("lang") == "fr"
    assert (await nav.get("/demarches/acte-naissance")).arbre.get("lang") == "fr"
    signed = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=signed)
    mine = await signed.get("/demarches/acte-naissance")
    assert "Rozenn" in mine.texte
    assert "Rozenn" not in (await nav.get("/demarches/acte-naissance")).texte
    assert "no-store" in mine.answer.headers["cache-control"]


async def test_an_unknown_language_is_not_taken_and_nobody_is_led_elsewhere(
    portail: Portail, cast: Cast
) -> None:
    nav = portail.navigateur()
    assert (await nav.get("/langue/xx")).statut == 404
    page = await nav.get("/langue/en?suite=//ailleurs.example", suivre=False)
    assert page.answer.headers["location"] == "/"
