"""The desk: every collectivité of the agent, most urgent first, in a constant number of statements."""

from urllib.parse import quote

import pytest

from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

STATEMENTS = 6


async def desk(portail: Portail, cast: Cast, agent: str = "maelle") -> Navigateur:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[agent], navigateur=nav)
    return nav


def rows(page: Page) -> list[str]:
    return [" ".join(row.text_content().split()) for row in page.arbre.xpath("//tbody/tr")]


async def test_an_empty_desk_says_that_all_is_done(portail: Portail, cast: Cast) -> None:
    page = await (await desk(portail, cast)).get("/")
    assert "tout est traité" in page.texte


async def test_it_shows_the_dossiers_of_the_collectivites_served_and_no_other(
    portail: Portail, cast: Cast
) -> None:
    await acteurs.dossier_depose(portail, commune="guingamp")
    await acteurs.dossier_depose(portail, commune="ouessant")
    assert len(rows(await (await desk(portail, cast, "maelle")).get("/"))) == 1
    (row,) = rows(await (await desk(portail, cast, "soazig")).get("/"))
    assert "Ouessant" in row
    assert rows(await (await desk(portail, cast, "katell")).get("/")) == []


async def test_it_takes_as_many_statements_for_thirty_dossiers_as_for_one(
    portail: Portail, cast: Cast
) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    with count_statements() as few:
        await nav.get("/")
    portail.base.sql(
        "INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id, canal, etat,"
        " demandeur, reponses, cree_le, modifie_le, depose_le)"
        " SELECT collectivite_id, gen_random_uuid(), (400000000000 + n)::text, slug, version_id, titre, usager_id,"
        " canal, etat, demandeur, reponses, cree_le, modifie_le, depose_le"
        " FROM demarches_dossier, generate_series(1, 59) n"
    )
    with count_statements() as many:
        page = await nav.get("/")
    assert len(rows(page)) == 50
    assert "60 dossiers" in page.texte
    assert len(many) == len(few) <= STATEMENTS
    (more,) = page.liens("Dossiers suivants")
    with count_statements() as second:
        rest = await nav.get(more)
    assert len(second) <= STATEMENTS
    assert len(rows(rest)) == 10
    assert not set(rows(rest)) & set(rows(page))
    assert rest.liens("Revenir au début")
    assert not rest.liens("Dossiers suivants")
    with count_statements() as searched:
        await nav.get("/?q=rozenn")
    assert len(searched) <= STATEMENTS


async def test_a_number_is_found_however_it_is_typed_and_a_name_or_word_too(
    portail: Portail, cast: Cast
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    n = dossier.numero
    for words in (
        n,
        f"{n[:4]}-{n[4:8]}-{n[8:]}",
        f"n° {n[:4]} {n[4:8]} {n[8:]}",
        "le gallou",
        "ROZENN",
        "naissance",
    ):
        assert len(rows(await nav.get(f"/?q={quote(words)}"))) == 1, words
    page = await nav.get("/?q=introuvable")
    assert rows(page) == []
    assert "Aucun dossier ne correspond à ces mots" in page.texte
    assert (await (await desk(portail, cast, "katell")).get(f"/?q={n}")).texte.count("Rozenn") == 0


async def test_filters_and_counters(portail: Portail, cast: Cast) -> None:
    first = await acteurs.dossier_instruit(portail)
    await acteurs.dossier_depose(portail, "yann")
    nav = await desk(portail, cast)
    page = await nav.get("/")
    assert "2 ouverts" in page.texte
    assert "1 à prendre" in page.texte
    assert "1 à moi" in page.texte
    assert len(rows(await nav.get("/?etat=depose"))) == 1
    (mine,) = rows(await nav.get("/?vue=miens"))
    assert f"{first.numero[:4]}" in mine
    assert rows(await nav.get("/?demarche=occupation-domaine-public")) == []


async def test_the_list_alone_comes_for_htmx_and_nothing_when_nothing_changed(
    portail: Portail, cast: Cast
) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    page = await nav.get("/")
    address = page.arbre.xpath("//*[@id='tableau']/@data-hx-get")[0]
    fragment = {"headers": {"hx-request": "true"}}
    assert (await nav.get(address, **fragment)).statut == 204
    await acteurs.dossier_depose(portail, "yann")
    changed = await nav.get(address, **fragment)
    assert changed.statut == 200
    assert "<html" not in changed.answer.text
    assert len(rows(changed)) == 2
