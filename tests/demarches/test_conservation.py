"""The end of a dossier: at its term only, validated by an agent, destroyed whole, with nothing left but numbers."""

from datetime import timedelta

import pytest

from app.demarches.service import conservation
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.test_lots import desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs, sent_mails

pytestmark = pytest.mark.anyio
CHIEF = (
    "UPDATE socle_habilitation SET role = 'administrateur'"
    " WHERE agent_id = (SELECT id FROM socle_agent WHERE prenom = 'Maëlle')"
)
UNDER = ("piece", "document", "message", "evenement", "complement", "envoi", "decision", "recherche")


async def test_nothing_is_proposed_before_its_term(portail: Portail, cast: Cast) -> None:
    await acteurs.decider(portail, await acteurs.dossier_instruit(portail))
    portail.base.sql(CHIEF)
    nav = await desk(portail, cast)
    portail.avancer(days=300)
    nav = await desk(portail, cast)
    page = await nav.get("/conservation")
    assert "Sortis de la base active1" in page.texte
    assert "Au terme dans les trois mois1" in page.texte
    assert not page.arbre.xpath("//form[contains(@action, 'eliminations')]")
    place = cast.communes["guingamp"]
    form = dict((await nav.get("/affichage")).arbre.forms[0].form_values())
    refused = await nav.post(
        f"/conservation/{place}/eliminations", {**form, "slug": "acte-naissance", "certain": "oui"}
    )
    assert refused.statut == 409
    assert portail.base.sql("SELECT count(*) FROM demarches_elimination") == [(0,)]


async def test_what_is_due_goes_whole_and_leaves_numbers(
    portail: Portail, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = [await acteurs.dossier_instruit(portail, personne=p) for p in ("rozenn", "yann")]
    for dossier in due:
        await acteurs.decider(portail, dossier)
    elsewhere = await acteurs.dossier_instruit(portail, agent="katell", personne="yann", commune="rennes")
    await acteurs.decider(portail, elsewhere, agent="katell")
    await run_jobs(portail)
    portail.avancer(days=400)
    nav = await desk(portail, cast)
    assert not (await nav.get("/conservation")).arbre.xpath("//form[contains(@action, 'eliminations')]")
    # Each person is told first, and has time.
    await run_now(portail.noyau, "demarches:annoncer_suppressions")
    await run_jobs(portail)
    assert not (await nav.get("/conservation")).arbre.xpath("//form[contains(@action, 'eliminations')]")
    portail.avancer(days=15)
    open_ = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    agent = await desk(portail, cast, "yann")
    page = await agent.get("/conservation")
    assert "Un administrateur de la collectivité peut valider leur destruction." in page.texte
    assert not page.arbre.xpath("//form[contains(@action, 'eliminations')]")
    form = dict((await agent.get("/affichage")).arbre.forms[0].form_values())
    place = f"/conservation/{cast.communes['guingamp']}/eliminations"
    assert (await agent.post(place, {**form, "slug": "acte-naissance", "certain": "oui"})).statut == 403
    assert portail.base.sql("SELECT count(*) FROM demarches_elimination") == [(0,)]
    portail.base.sql(CHIEF)
    nav = await desk(portail, cast)
    page = await nav.get("/conservation")
    untold = await page.envoyer(action="eliminations")
    assert "Cochez la case" in untold.texte
    await page.envoyer({"certain": "oui"}, action="eliminations")
    ((name, arguments),) = pending_jobs(portail)
    monkeypatch.setattr(conservation, "PAR_TRAVAIL", 1)
    await run_now(portail.noyau, name, **arguments)
    assert portail.base.sql("SELECT prevus, dossiers, fini_le FROM demarches_elimination") == [(2, 1, None)]
    # As if the worker had been killed and the job given back: the same job again goes on, it does not begin again.
    await run_now(portail.noyau, name, **arguments)
    await run_jobs(portail)
    left = {id_ for (id_,) in portail.base.sql("SELECT id FROM demarches_dossier")}
    assert left == {elsewhere.id, open_.id}
    for table in UNDER:
        gone = f"SELECT count(*) FROM demarches_{table} WHERE dossier_id = ANY(%s)"
        assert portail.base.sql(gone, [d.id for d in due]) == [(0,)], table
    for dossier in due:
        with pytest.raises(Exception, match=r".+"):
            await portail.noyau.objets.lire(("collectivite", dossier.collectivite_id), dossier.piece_id)
    told = (await nav.get("/conservation")).texte
    assert "2 dossiers détruits sur 2, 2 pièces. Terminé." in told
    assert "Maëlle" in told
    assert due[0].numero not in str(portail.base.sql("SELECT * FROM demarches_elimination"))


async def test_a_person_is_told_once_with_the_day_and_how_to_keep_it(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_instruit(portail)
    await acteurs.decider(portail, dossier)
    await run_jobs(portail)
    before = len(sent_mails(portail))
    portail.avancer(days=334)
    await run_now(portail.noyau, "demarches:annoncer_suppressions")
    assert portail.base.sql("SELECT suppression_le FROM demarches_dossier WHERE clos_le IS NOT NULL") == [
        (None,)
    ]
    portail.avancer(days=3)
    for _ in range(2):
        await run_now(portail.noyau, "demarches:annoncer_suppressions")
        await run_jobs(portail)
    (told,) = [mail for mail in sent_mails(portail)[before:] if "Votre dossier" in mail or "supprim" in mail]
    assert "23 novembre 2027" in told.replace("=C2=A0", " ").replace("\xa0", " ").replace("=\n", "")
    account = await acteurs.compte(portail)
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=account.paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    assert "sera supprimé à partir du 23 novembre 2027" in page.texte.replace("\xa0", " ")
    ((lines,),) = portail.base.sql(
        "SELECT count(*) FROM demarches_evenement WHERE genre = 'suppression_annoncee'"
    )
    assert lines == 1


async def test_who_is_told_late_still_has_a_fortnight(portail: Portail, cast: Cast) -> None:
    await acteurs.decider(portail, await acteurs.dossier_instruit(portail))
    await run_jobs(portail)
    portail.avancer(days=500)
    await run_now(portail.noyau, "demarches:annoncer_suppressions")
    ((day,),) = portail.base.sql("SELECT suppression_le FROM demarches_dossier WHERE clos_le IS NOT NULL")
    assert day == portail.clock.now().date() + timedelta(days=15)


async def test_agents_are_reminded_once_a_month(portail: Portail, cast: Cast) -> None:
    await acteurs.decider(portail, await acteurs.dossier_instruit(portail))
    await run_jobs(portail)
    before = len(sent_mails(portail))
    await run_now(portail.noyau, "demarches:rappeler_conservation")
    await run_jobs(portail)
    assert len(sent_mails(portail)) == before
    portail.avancer(days=320)
    for _ in range(2):
        await run_now(portail.noyau, "demarches:rappeler_conservation")
        await run_jobs(portail)
    told = [mail for mail in sent_mails(portail)[before:] if "maelle" in mail.lower()]
    assert len(told) == 1
    assert "1 dans les trois mois" in told[0].replace("=C2=A0", " ")
    portail.avancer(days=31)
    await run_now(portail.noyau, "demarches:rappeler_conservation")
    await run_jobs(portail)
    assert len([mail for mail in sent_mails(portail)[before:] if "maelle" in mail.lower()]) == 2


async def test_a_dossier_whose_answers_gave_it_a_longer_term_is_kept(portail: Portail, cast: Cast) -> None:
    long, short = [await acteurs.dossier_instruit(portail, personne=p) for p in ("rozenn", "yann")]
    for dossier in (long, short):
        await acteurs.decider(portail, dossier)
    portail.base.sql("UPDATE demarches_dossier SET dua_annees = 5 WHERE id = %s RETURNING 1", long.id)
    portail.avancer(days=400)
    await run_now(portail.noyau, "demarches:annoncer_suppressions")
    assert portail.base.sql("SELECT id FROM demarches_dossier WHERE suppression_le IS NOT NULL") == [
        (short.id,)
    ]
    portail.avancer(days=16)
    portail.base.sql(CHIEF)
    nav = await desk(portail, cast)
    page = await nav.get("/conservation")
    assert "durée 1 à 5 ans" in page.texte
    await page.envoyer({"certain": "oui"}, action="eliminations")
    await run_jobs(portail)
    assert portail.base.sql("SELECT id FROM demarches_dossier") == [(long.id,)]
