"""Test mode: a version is played from end to end before it is published, apart from everything real."""

import pytest

from tests.cast import Cast
from tests.demarches.edition import make, publish, send
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def play(portail: Portail, agent: object, base: str, nav: Navigateur) -> Page:
    """Begins a test, fills it on the host of tests and submits it; the page of the number."""
    page = await nav.get(f"{base}/essais")
    page = await send(nav, page, f"{base}/essais")
    (address,) = page.liens("Essai à remplir")
    assert address.startswith(portail.url("essais"))
    desk = portail.navigateur("essais")
    await portail.ouvrir_session("essais", agent=agent, navigateur=desk)  # type: ignore[arg-type]
    page = await desk.get(address)
    page = await page.envoyer(
        {"nom_de_l_association": "Les Baladins", "nombre_de_barnums": "2"}, action="/etapes/"
    )
    page = await page.envoyer({"declaration": "oui"}, action="/deposer")
    assert page.statut == 200, page.texte
    return page


async def test_a_version_is_played_before_it_is_published_and_the_test_survives_it(
    portail: Portail,
    console: Navigateur,
    cast: Cast,
) -> None:
    base, _ = await make(console)
    page = await play(portail, cast.agents["gwenole"], base, console)
    assert "Mode essai" in page.texte
    ((numero, essai),) = portail.base.sql("SELECT numero, essai FROM demarches_dossier")
    assert essai
    assert numero.startswith("0")
    await run_jobs(portail)
    mails = sent_mails(portail)
    assert len(mails) == 1
    assert "gwenole.kerjean@opsn.example" in mails[0]
    # The desk of real dossiers knows nothing of it; that of tests does.
    real, tests = portail.navigateur("agents"), portail.navigateur("essais")
    await portail.ouvrir_session("agents", agent=cast.agents["gwenole"], navigateur=real)
    await portail.ouvrir_session("essais", agent=cast.agents["gwenole"], navigateur=tests)
    ((dossier,),) = portail.base.sql("SELECT id FROM demarches_dossier")
    assert (await real.get(f"/dossiers/{dossier}")).statut == 404
    assert (await tests.get(f"/dossiers/{dossier}")).statut == 200
    await publish(console, base)
    assert (await tests.get(f"/dossiers/{dossier}")).statut == 200


async def test_a_recorded_test_is_replayed_and_stops_a_publication(
    portail: Portail,
    bureau: Navigateur,
    cast: Cast,
) -> None:
    guingamp = str(cast.communes["guingamp"])
    base, _ = await make(bureau, "Prêt de barnum", collectivite=guingamp)
    await play(portail, cast.agents["maelle"], base, bureau)
    ((dossier,),) = portail.base.sql("SELECT id FROM demarches_dossier")
    page = await bureau.get(f"{base}/essais")
    assert (await send(bureau, page, f"{base}/essais/{dossier}", action="enregistrer", nom="")).statut == 422
    page = await send(bureau, page, f"{base}/essais/{dossier}", action="enregistrer", nom="Deux barnums")
    assert "Réussi" in page.texte
    question = await bureau.get(f"{base}/champs/nombre_de_barnums")
    await question.envoyer({"max": "1"}, action="/champs/")
    page = await bureau.get(f"{base}/publication")
    assert "Échoué" in page.texte
    assert "« Nombre de barnums » est refusée" in page.texte
    assert "Publier cette version" not in page.texte
    page = await bureau.get(f"{base}/essais")
    ((scenario,),) = portail.base.sql("SELECT id FROM demarches_scenario")
    page = await send(bureau, page, f"{base}/essais/{scenario}", action="accepter")
    assert "Réussi" in page.texte
    await publish(bureau, base)


PARCOURS = """
- id: etude
  titre: Étude
  actions:
    - {genre: avis, nom: Voirie, objet: "Qu’en pensez-vous ?"}
  suites:
    - {vers: commission, libelle: Passer en commission, si: "nombre_de_barnums > 1"}
    - {vers: decision, libelle: Décider}
- id: commission
  titre: Commission
  suites:
    - {vers: decision, libelle: Décider}
"""


async def test_steps_and_opinions_are_played_again_before_publication(
    portail: Portail, bureau: Navigateur, cast: Cast
) -> None:
    guingamp = str(cast.communes["guingamp"])
    base, _ = await make(bureau, "Prêt de barnum", collectivite=guingamp)
    general = await bureau.get(f"{base}/parties/autres")
    await general.envoyer({"parcours.etapes": PARCOURS}, action="/parties/autres")
    await play(portail, cast.agents["maelle"], base, bureau)
    ((dossier,),) = portail.base.sql("SELECT id FROM demarches_dossier")
    desk = portail.navigateur("essais")
    await portail.ouvrir_session("essais", agent=cast.agents["maelle"], navigateur=desk)
    page = await (await desk.get(f"/dossiers/{dossier}")).envoyer({"action": "prendre"}, action="/prise")
    for vers in ("commission", "decision"):
        form = dict(page.champs(f"/dossiers/{dossier}/etape"))
        page = await desk.post(f"/dossiers/{dossier}/etape", form | {"vers": vers})
        assert page.statut == 200, page.texte
    page = await bureau.get(f"{base}/essais")
    await send(bureau, page, f"{base}/essais/{dossier}", action="enregistrer", nom="Par la commission")
    ((kept,),) = portail.base.sql("SELECT contenu FROM demarches_scenario")
    assert [one["etape"] for one in kept["parcours"]] == ["etude", "commission", "decision"]
    assert kept["etats"] == ["brouillon", "depose", "en_instruction"]
    assert "Réussi" in (await bureau.get(f"{base}/essais")).texte

    changed = PARCOURS.replace("nombre_de_barnums > 1", "nombre_de_barnums > 5").replace("Voirie", "Élus")
    general = await bureau.get(f"{base}/parties/autres")
    await general.envoyer({"parcours.etapes": changed}, action="/parties/autres")
    told = (await bureau.get(f"{base}/publication")).texte.replace("\u00a0", " ")
    assert "Échoué" in told
    assert "Publier cette version" not in told
    assert "L’étape « Étude » ne mène plus à « Commission » pour ces réponses." in told
    assert "L’étape « Étude » ne donne plus l’avis « Voirie »." in told
    assert "L’étape « Étude » donne maintenant l’avis « Élus »." in told
    page = await bureau.get(f"{base}/essais")
    ((scenario,),) = portail.base.sql("SELECT id FROM demarches_scenario")
    page = await send(bureau, page, f"{base}/essais/{scenario}", action="accepter")
    assert "Réussi" in page.texte
