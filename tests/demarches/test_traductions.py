"""Titles and summaries of démarches in Breton and English: shown, searched, marked when they stay French."""

import pytest

from app.demarches.definitions import Traduction, Traductions, load_catalogue
from app.demarches.presentation import Entete, entete_of

pytestmark = pytest.mark.anyio

NAISSANCE = next(d for d in load_catalogue() if d.slug == "acte-naissance")


@pytest.mark.parametrize("langue", ["br", "en"])
async def test_a_translated_demarche_is_called_in_the_readers_language(portail, langue):
    navigateur = portail.navigateur("guingamp")
    wanted = NAISSANCE.traductions.dans(langue)
    assert wanted
    for path in ("/demarches", "/", "/demarches/acte-naissance", "/plan-du-site"):
        page = await navigateur.get(f"/langue/{langue}?suite={path}")
        shown = page.arbre.xpath(f"//*[normalize-space()='{wanted.titre}']")
        assert shown, path
        assert not any(node.get("lang") for node in shown), path
    page = await navigateur.get("/demarches/acte-naissance")
    assert wanted.resume in page.texte


async def test_what_has_no_translation_is_french_and_says_so():
    bare = NAISSANCE.model_copy(update={"traductions": Traductions(en=Traduction(titre="Birth certificate"))})
    assert entete_of(bare, "en") == Entete("Birth certificate", bare.resume, False, True)
    assert entete_of(bare, "br") == entete_of(bare, "fr") == Entete(bare.titre, bare.resume, True, True)


async def test_a_demarche_is_found_by_its_words_in_any_language(portail):
    page = await portail.navigateur("guingamp").get("/demarches?q=birth+certificate")
    assert portail.url("guingamp", "/demarches/acte-naissance") in page.liens()
