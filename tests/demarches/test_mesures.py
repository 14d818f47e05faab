"""What is counted and told: statistics, the delay that residents read, one anonymous question, the agents' summary."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.socle.clock import FixedClock
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.test_lots import desk
from tests.demarches.test_partage import send
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def decided(portail: Portail, number: int) -> None:
    """So many dossiers, decided in 1, 2, 3… days."""
    dossier = await acteurs.dossier_depose(portail)
    await acteurs.decider(portail, dossier)
    await run_jobs(portail)
    if number > 1:
        portail.base.sql(
            "INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id, canal,"
            " etat, demandeur, reponses, cree_le, modifie_le, depose_le, clos_le)"
            " SELECT collectivite_id, gen_random_uuid(), (400000000000 + n)::text, slug, version_id, titre, usager_id,"
            " canal, etat, demandeur, reponses, cree_le, modifie_le, depose_le, depose_le + n * interval '1 day'"
            " FROM demarches_dossier, generate_series(2, %s) n WHERE id = %s",
            number, dossier.id,
        )  # fmt: skip
    portail.base.sql(
        "UPDATE demarches_dossier SET clos_le = depose_le + interval '1 day' WHERE id = %s", dossier.id
    )


async def test_a_delay_is_told_to_residents_from_twenty_decisions_on(portail: Portail, cast: Cast) -> None:
    await decided(portail, 19)
    nav = portail.navigateur("guingamp")
    await run_now(portail.noyau, "demarches:publier_delais")
    assert "La moitié des demandes" not in (await nav.get("/demarches/acte-naissance")).texte
    portail.base.sql(
        "INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id, canal, etat,"
        " demandeur, reponses, cree_le, modifie_le, depose_le, clos_le)"
        " SELECT collectivite_id, gen_random_uuid(), '499999999999', slug, version_id, titre, usager_id, canal, etat,"
        " demandeur, reponses, cree_le, modifie_le, depose_le, depose_le + interval '20 day'"
        " FROM demarches_dossier LIMIT 1"
    )
    await run_now(portail.noyau, "demarches:publier_delais")
    # Of 1 to 20 days, the middle is 10.5: told in whole days, never less than it was.
    told = "La moitié des demandes reçoivent une réponse en 11 jours"
    for _ in range(100):
        page = await portail.navigateur("guingamp").get("/demarches/acte-naissance")
        if told in page.texte:
            break
        await asyncio.sleep(0.01)
    assert told in page.texte
    versions = portail.base.sql("SELECT version FROM socle_collectivite WHERE slug = 'guingamp'")
    await run_now(portail.noyau, "demarches:publier_delais")
    assert portail.base.sql("SELECT version FROM socle_collectivite WHERE slug = 'guingamp'") == versions


async def test_statistics_in_few_statements(portail: Portail, cast: Cast) -> None:
    await decided(portail, 20)
    await acteurs.brouillon_rempli(portail, "yann")
    portail.avancer(days=2)
    nav = await desk(portail, cast)
    with count_statements() as sent:
        page = await nav.get("/statistiques?demarche=acte-naissance")
    assert len(sent) <= 6
    assert "La moitié reçoit une réponse en11 jours" in page.texte
    assert "Neuf sur dix, en19 jours" in page.texte
    assert "21 demandes commencées" in page.texte
    stops = page.arbre.xpath("//caption[contains(., 'arrête')]/following-sibling::tbody/tr")
    assert [" ".join(row.text_content().split()) for row in stops] == ["Vous 1"]
    other = await (await desk(portail, cast, "katell")).get("/statistiques")
    assert "Aucune demande reçue" in other.texte


async def test_a_purged_draft_stays_counted_where_it_stopped(portail: Portail, cast: Cast) -> None:
    await acteurs.brouillon_rempli(portail)
    portail.avancer(days=400)
    for _ in range(2):
        await run_now(portail.noyau, "demarches:purger_brouillons")
    assert portail.base.sql("SELECT slug, page, nombre FROM demarches_abandon") == [
        ("acte-naissance", "vous", 1)
    ]


async def test_one_question_once_and_nobody_knows_who_answered(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    assert "Donner votre avis" not in (await nav.get(f"/dossiers/{dossier.id}")).texte
    await acteurs.decider(portail, dossier)
    await run_jobs(portail)
    (address,) = (await nav.get(f"/dossiers/{dossier.id}")).liens("Donner votre avis")
    assert any("/satisfaction/" in mail.replace("=\n", "") for mail in sent_mails(portail))
    anyone = portail.navigateur("guingamp")
    page = await anyone.get(address)
    assert portail.base.sql("SELECT * FROM demarches_satisfaction") == []
    assert (await page.envoyer(action="/satisfaction")).statut == 422
    thanks = await page.envoyer({"note": "3"}, action="/satisfaction")
    assert "sans votre nom" in thanks.texte
    again = await page.envoyer({"note": "1"}, action="/satisfaction")
    assert "déjà prise en compte" in again.texte
    assert portail.base.sql("SELECT note, nombre FROM demarches_satisfaction") == [(3, 1)]
    assert "Donner votre avis" not in (await nav.get(f"/dossiers/{dossier.id}")).texte
    forged = address.rsplit("/", 1)[0] + "/" + "x" * 24
    assert (await anyone.get(forged)).statut == 404
    agent = await desk(portail, cast)
    assert "100 %" in (await agent.get("/statistiques")).texte


async def test_one_summary_at_the_hour_asked_and_none_when_there_is_nothing(
    portail: Portail, cast: Cast
) -> None:
    nav = await desk(portail, cast)
    await send(nav, "/affichage", "/preferences", colonnes="etat", resume="quotidien", heure="10", jour="1")

    async def hour(**delta: float) -> int:
        portail.avancer(**delta)
        await run_now(portail.noyau, "demarches:resumes")
        asked = [name for name, _ in pending_jobs(portail)].count("demarches:resumer")
        await run_jobs(portail)
        return asked

    clock = portail.clock
    assert isinstance(clock, FixedClock)
    clock.instant = datetime(2026, 11, 23, 8, 2, tzinfo=clock.instant.tzinfo)
    assert await hour() == 0
    assert await hour(hours=1) == 1
    assert sent_mails(portail) == [], "nothing to see, nothing sent"
    await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    before = len(sent_mails(portail))
    assert await hour() == 0, "once a day"
    assert await hour(days=1) == 1
    (mail,) = sent_mails(portail)[before:]
    assert "1 nouvelle demande" in mail.replace("=\n", "")
    assert "Rozenn" not in mail
    for _ in range(2):
        await run_now(
            portail.noyau, "demarches:resumer", agent_id=str(cast.agents["maelle"]), jour="2026-11-24"
        )
    assert len(sent_mails(portail)) == before + 1
    saturday = timedelta(days=4)
    assert await hour(seconds=saturday.total_seconds()) == 0
