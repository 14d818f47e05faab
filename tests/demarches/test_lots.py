"""Batches: each dossier by its own service, refusals with their reason, nothing twice however the work is cut."""

from typing import Any
from uuid import UUID

import pytest

from app.demarches.service import lots
from app.socle.jobs import REGISTRY
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def desk(portail: Portail, cast: Cast, agent: str = "maelle") -> Navigateur:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[agent], navigateur=nav)
    return nav


def clone(portail: Portail, dossier_id: UUID, number: int) -> None:
    """As many more dossiers like that one."""
    portail.base.sql(
        "INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id, canal, etat,"
        " demandeur, reponses, cree_le, modifie_le, depose_le)"
        " SELECT collectivite_id, gen_random_uuid(), (400000000000 + n)::text, slug, version_id, titre, usager_id,"
        " canal, etat, demandeur, reponses, cree_le, modifie_le, depose_le"
        " FROM demarches_dossier, generate_series(1, %s) n WHERE id = %s",
        number, dossier_id,
    )  # fmt: skip


async def launch(nav: Navigateur, path: str = "/lots/nouveau?tout=oui&requete=", **fields: str) -> Page:
    """From the desk's button to the page of progress."""
    return await (await nav.get(path)).envoyer(dict(fields), action="/lots")


def lines(portail: Portail) -> dict[str, int]:
    return dict(portail.base.sql("SELECT etat, count(*)::int FROM demarches_lot_ligne GROUP BY etat"))


async def test_a_message_of_a_template_reaches_each_with_the_words_of_its_dossier(
    portail: Portail, cast: Cast, bureau: Navigateur
) -> None:
    first = await acteurs.dossier_depose(portail)
    await acteurs.dossier_depose(portail, "yann")
    await run_jobs(portail)
    nav = bureau
    place = f"/reglages/{cast.communes['guingamp']}"
    settings = await nav.get(place)
    wrong = await settings.navigateur.post(
        f"{place}/modeles",
        dict(settings.arbre.forms[-1].form_values()) | {"nom": "Relance", "texte": "Bonjour {prenom}"},
    )
    assert wrong.statut == 422
    assert "{prenom} n’est pas connu" in wrong.texte
    await settings.navigateur.post(
        f"{place}/modeles",
        dict(settings.arbre.forms[-1].form_values())
        | {"nom": "Relance", "texte": "Bonjour {personne}, votre dossier {numero} à {commune} avance."},
    )
    chosen = await nav.get("/lots/nouveau?tout=oui&requete=")
    (template,) = chosen.liens("Relance")
    filled = await nav.get(template)
    page = await filled.envoyer(action="/lots")
    assert "En cours" in page.texte
    await run_jobs(portail)
    done = await nav.get(page.url)
    assert "Terminé. 2 faits sur 2." in done.texte
    texts = {t for (t,) in portail.base.sql("SELECT texte FROM demarches_message")}
    n = first.numero
    assert (
        f"Bonjour Rozenn Marie Annick LE GALLOU, votre dossier {n[:4]}-{n[4:8]}-{n[8:]} à Guingamp avance."
        in texts
    )
    assert sum("message" in mail.lower() for mail in sent_mails(portail)) >= 2


async def test_what_does_not_fit_is_refused_with_its_reason(portail: Portail, cast: Cast) -> None:
    free = await acteurs.dossier_depose(portail)
    held = await acteurs.dossier_depose(portail, "yann")
    await acteurs.decider(portail, held)
    nav = await desk(portail, cast)
    path = f"/lots/nouveau?d={free.id}&d={held.id}"
    page = await launch(nav, path, acte="attribuer", agent=str(cast.agents["maelle"]))
    await run_jobs(portail)
    done = await nav.get(page.url)
    assert "1 fait sur 2, 1 refusé" in done.texte
    assert "Ce dossier est terminé" in done.texte
    assert (await acteurs.relire(portail, free.id)).agent_id == cast.agents["maelle"]


async def test_a_decision_without_its_parameter_or_its_dossiers_does_not_start(
    portail: Portail, cast: Cast
) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    refused = await launch(nav, acte="sans_suite", motif="  ")
    assert refused.statut == 422
    assert "pourquoi leur demande est classée" in refused.texte
    form = await nav.get("/lots/nouveau?tout=oui&requete=")
    fields = dict(form.champs("/lots"))
    assert (await nav.post("/lots", {**fields, "acte": "supprimer"})).statut == 422
    del fields["tout"]
    none = await nav.post("/lots", {**fields, "acte": "prendre", "d": "abc"})
    assert "Aucun dossier n’est choisi" in none.texte
    assert lines(portail) == {}


async def test_sent_twice_it_is_one_batch(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    form = await nav.get("/lots/nouveau?tout=oui&requete=")
    fields = {**dict(form.champs("/lots")), "acte": "prendre"}
    first, second = await nav.post("/lots", fields), await nav.post("/lots", fields)
    assert first.url == second.url
    assert lines(portail) == {"a_faire": 1}


async def test_killed_half_way_it_resumes_and_does_nothing_twice(
    portail: Portail, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    clone(portail, dossier.id, 29)
    nav = await desk(portail, cast)
    page = await launch(nav, acte="sans_suite", motif="Demandes en double.")
    ((_, arguments),) = pending_jobs(portail)
    real, done = lots.ACTES["sans_suite"], 0

    class Killed(BaseException):
        """As SIGKILL: nothing of the transaction under way remains."""

    async def until_the_twelfth(ctx: Any, dossier_id: UUID, parametres: Any) -> None:
        nonlocal done
        await real(ctx, dossier_id, parametres)
        done += 1
        if done == 12:
            raise Killed

    monkeypatch.setitem(lots.ACTES, "sans_suite", until_the_twelfth)
    with pytest.raises(Killed):
        await REGISTRY["demarches:traiter_lot"].handler(portail.noyau, **arguments)
    assert lines(portail) == {"fait": 11, "a_faire": 19}
    assert "11 faits sur 30" in (await nav.get(page.url)).texte
    monkeypatch.setitem(lots.ACTES, "sans_suite", real)
    monkeypatch.setattr(lots, "PAR_TRAVAIL", 7)
    await run_jobs(portail)
    assert lines(portail) == {"fait": 30}
    assert portail.base.sql("SELECT count(*), count(DISTINCT dossier_id) FROM demarches_decision") == [
        (30, 30)
    ]


async def test_an_agent_who_lost_the_right_does_no_more(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    await launch(nav, acte="prendre")
    portail.base.sql("DELETE FROM socle_habilitation WHERE agent_id = %s", cast.agents["maelle"])
    await run_jobs(portail)
    assert (await acteurs.relire(portail, dossier.id)).etat == "depose"
    assert lines(portail) == {"a_faire": 1}


async def test_an_arrete_is_not_accepted_by_the_dozen(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    portail.base.sql(
        "UPDATE demarches_dossier SET version_id = (SELECT id FROM demarches_version WHERE slug ="
        " 'occupation-domaine-public') WHERE id = %s",
        dossier.id,
    )
    nav = await desk(portail, cast)
    page = await launch(nav, acte="accepter")
    await run_jobs(portail)
    assert "se prend dossier par dossier" in (await nav.get(page.url)).texte
    assert (await acteurs.relire(portail, dossier.id)).etat == "depose"
