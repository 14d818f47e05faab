"""How agents share the work: groups and routing, labels, absences, saved views, columns, a page of their own."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app.socle.db import fetch, savepoint, write_in
from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.test_lots import desk, launch
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs

pytestmark = pytest.mark.anyio


async def send(nav: Navigateur, path: str, to: str, **fields: str) -> Page:
    """Posts one of the forms of a page of settings."""
    page = await nav.get(path)
    form = next(f for f in page.arbre.forms if (f.get("action") or "").endswith(to))
    kept = {k: v for k, v in form.form_values() if k in ("jeton_csrf", "cle_idempotence", "requete")}
    key = f"{kept.get('cle_idempotence', '')}{sorted(fields.items())!r}"[:90]
    return await nav.post(form.get("action"), {**kept, "cle_idempotence": key, **fields})


# Everything that the page of settings changes.
STATE = """
SELECT (SELECT jsonb_agg(to_jsonb(e) ORDER BY id) FROM demarches_etiquette e),
  (SELECT jsonb_agg(to_jsonb(g) ORDER BY id) FROM demarches_groupe g),
  (SELECT jsonb_agg(to_jsonb(a)) FROM demarches_groupe_agent a),
  (SELECT jsonb_agg(to_jsonb(r)) FROM demarches_routage r),
  (SELECT jsonb_agg(to_jsonb(m) ORDER BY id) FROM demarches_modele m)
"""


def rows(page: Page) -> list[str]:
    return [" ".join(row.text_content().split()) for row in page.arbre.xpath("//tbody/tr")]


async def test_settings_are_read_by_all_agents_and_changed_by_administrators(
    portail: Portail, cast: Cast, bureau: Navigateur
) -> None:
    place = f"/reglages/{cast.communes['guingamp']}"
    maelle = str(cast.agents["maelle"])
    await send(bureau, place, "/etiquettes", nom="Urgent", ton="refus")
    await send(bureau, place, "/groupes", nom="État civil", membres=maelle)
    ((groupe,),) = portail.base.sql("SELECT id FROM demarches_groupe")
    ((etiquette,),) = portail.base.sql("SELECT id FROM demarches_etiquette")
    await send(bureau, place, "/routage", **{"groupe-acte-naissance": str(groupe)})
    await send(bureau, place, "/modeles", nom="Relance", texte="Bonjour {personne}.")
    ((modele,),) = portail.base.sql("SELECT id FROM demarches_modele")
    other = await desk(portail, cast, "yann")
    page = await other.get(place)
    assert page.statut == 200
    for words in ("Urgent", "État civil", "Relance", "Bonjour {personne}.", "Seuls les administrateurs"):
        assert words in page.texte
    assert not [form for form in page.arbre.forms if place in (form.get("action") or "")]
    token = dict((await other.get("/affichage")).arbre.forms[-1].form_values())["jeton_csrf"]
    before = portail.base.sql(STATE)
    forms: list[tuple[str, dict[str, str]]] = [
        ("etiquettes", {"nom": "Autre", "ton": "refus"}),
        ("etiquettes", {"retirer": str(etiquette)}),
        ("groupes", {"nom": "Voirie"}),
        ("groupes", {"groupe": str(groupe), "membres": ""}),
        ("groupes", {"retirer": str(groupe)}),
        ("routage", {}),
        ("modeles", {"nom": "Autre", "texte": "Bonjour."}),
        ("modeles", {"retirer": str(modele)}),
    ]
    for number, (quoi, fields) in enumerate(forms):
        sent = {"jeton_csrf": token, "cle_idempotence": f"cle-{number}", **fields}
        answer = await other.post(f"{place}/{quoi}", sent)
        assert answer.statut == 403, (quoi, fields)
    assert portail.base.sql(STATE) == before


async def test_a_routed_demarche_goes_to_its_group_when_it_is_submitted(
    portail: Portail, cast: Cast, bureau: Navigateur
) -> None:
    nav = bureau
    place = f"/reglages/{cast.communes['guingamp']}"
    maelle = str(cast.agents["maelle"])
    await send(nav, place, "/groupes", nom="État civil", membres=maelle)
    again = await send(nav, place, "/groupes", nom="état civil")
    assert "Un groupe porte déjà ce nom" in again.texte
    ((groupe,),) = portail.base.sql("SELECT id FROM demarches_groupe")
    await send(
        nav, place, "/routage", **{"groupe-acte-naissance": str(groupe), "groupe-inconnue": str(groupe)}
    )
    await acteurs.dossier_depose(portail)
    assert portail.base.sql("SELECT groupe_id FROM demarches_dossier") == [(groupe,)]
    assert len(rows(await nav.get("/?groupe=miens"))) == 1
    assert len(rows(await nav.get(f"/?groupe={groupe}"))) == 1
    await send(nav, place, "/groupes", groupe=str(groupe), membres="")
    assert rows(await nav.get("/?groupe=miens")) == []
    await send(nav, place, "/groupes", retirer=str(groupe))
    await acteurs.dossier_depose(portail, "yann")
    found = portail.base.sql("SELECT count(*) FROM demarches_dossier WHERE groupe_id IS NULL")
    assert found == [(1,)], "a group out of use receives nothing more"


async def test_a_label_is_a_word_on_the_row_and_a_filter(
    portail: Portail, cast: Cast, bureau: Navigateur
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    await acteurs.dossier_depose(portail, "yann")
    nav = bureau
    place = f"/reglages/{cast.communes['guingamp']}"
    await send(nav, place, "/etiquettes", nom="Urgent", ton="refus")
    ((etiquette,),) = portail.base.sql("SELECT id FROM demarches_etiquette")
    for acte in ("etiqueter", "etiqueter"):
        await launch(nav, f"/lots/nouveau?d={dossier.id}", acte=acte, etiquette=str(etiquette))
        await run_jobs(portail)
    assert portail.base.sql("SELECT etat, count(*)::int FROM demarches_lot_ligne GROUP BY 1 ORDER BY 1") == [
        ("fait", 1),
        ("refuse", 1),
    ]
    (row,) = rows(await nav.get(f"/?etiquette={etiquette}"))
    assert "Urgent" in row
    await launch(nav, f"/lots/nouveau?d={dossier.id}", acte="desetiqueter", etiquette=str(etiquette))
    await run_jobs(portail)
    assert rows(await nav.get(f"/?etiquette={etiquette}")) == []


async def test_the_substitute_sees_the_dossiers_of_who_is_away(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav, other = await desk(portail, cast), await desk(portail, cast, "yann")
    await launch(nav, f"/lots/nouveau?d={dossier.id}", acte="attribuer", agent=str(cast.agents["maelle"]))
    await run_jobs(portail)
    assert len(rows(await nav.get("/?agent=moi"))) == 1
    assert rows(await other.get("/?agent=moi")) == []
    today = portail.clock.now().date()
    days = {"du": str(today), "au": str(today + timedelta(days=3)), "remplacant": str(cast.agents["yann"])}
    wrong = await send(nav, "/affichage", "/absences", **{**days, "au": str(today - timedelta(days=1))})
    assert wrong.statut == 422
    await send(nav, "/affichage", "/absences", **days)
    (row,) = rows(await other.get("/?agent=moi"))
    assert "que vous remplacez" in row
    await send(nav, "/affichage", "/absences", retirer=f"{days['du']}_{days['au']}")
    assert rows(await other.get("/?agent=moi")) == []


async def test_views_and_columns_are_each_agents_own(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav, other = await desk(portail, cast), await desk(portail, cast, "yann")
    empty = await send(nav, "/affichage?etat=depose&tri=recents", "/vues", nom=" ")
    assert empty.statut == 422
    await send(nav, "/affichage?etat=depose&tri=recents", "/vues", nom="Mes nouveautés")
    page = await nav.get("/")
    (address,) = page.liens("Mes nouveautés")
    assert address.endswith("/?etat=depose&tri=recents")
    assert len(rows(await nav.get(address))) == 1
    assert not (await other.get("/")).liens("Mes nouveautés")
    await send(nav, "/affichage", "/preferences", colonnes="canal", resume="aucun", heure="8", jour="1")
    heads = (await nav.get("/")).arbre.xpath("//thead//th/text()")
    assert "Canal" in heads
    assert "Délai" not in heads
    assert "Délai" in (await other.get("/")).arbre.xpath("//thead//th/text()")
    ((vue,),) = portail.base.sql("SELECT id FROM demarches_vue_bureau")
    assert (await send(other, "/affichage?etat=depose", "/vues", retirer=str(vue))).statut == 404


@pytest.mark.parametrize(
    "query",
    ["commune=x", "etat=brouillon'", "agent=%27", "du=hier", "tri=nom", "apres=%%%", "apres=YWJj", "situation=1",
     "etiquette=00000000-0000-0000-0000-000000000000", "q=%22%22%22", "groupe=miens", "agent=aucun&retard=oui"],
)  # fmt: skip
async def test_an_odd_address_is_a_list_and_never_an_error(portail: Portail, cast: Cast, query: str) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    assert (await nav.get(f"/?{query}")).statut == 200


async def test_a_savepoint_takes_back_what_fetch_wrote_and_where_it_might_write(
    portail: Portail, cast: Cast
) -> None:
    here = Perimetre(lecture=(cast.communes["guingamp"],), instruction=True)
    insert = "INSERT INTO socle_limite (cle, fenetre, compte) VALUES ($1, now(), 1)"
    async with portail.noyau.db.session(here) as session:
        await fetch(session, insert, "avant")

        async def broken() -> None:
            async with savepoint(session):
                await fetch(session, insert, "dedans")
                await write_in(session, cast.communes["guingamp"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await broken()
        assert session.info["perimetre"] == here
        ((writable,),) = await fetch(session, "SELECT collectivite_courante()")
        assert writable is None
        with pytest.raises(DBAPIError):
            async with savepoint(session):
                await fetch(session, "SELECT 1 / 0")
        await fetch(session, insert, "apres")
    kept = {row[0] for row in portail.base.sql("SELECT cle FROM socle_limite")}
    assert {"avant", "apres"} <= kept
    assert "dedans" not in kept
