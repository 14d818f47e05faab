"""Acting for somebody: asked first, attested, not filled with the account's own identity, said on every paper."""

import pytest

from app.demarches.service import papiers
from tests.cast import Cast, DossierEssai, compte, decider, relire
from tests.demarches import adhesion
from tests.demarches.edition import make
from tests.demarches.test_documents import text_of
from tests.demarches.test_saisie import begin, desk
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs

pytestmark = pytest.mark.anyio
MALO = {
    "prenoms": "Malo", "nom_naissance": "LE BIHAN", "naissance-jour": "3", "naissance-mois": "4",
    "naissance-annee": "2015", "qualite": "mere", "attestation": "oui",
}  # fmt: skip
JEANNE = {**MALO, "prenoms": "Jeanne Marie", "naissance-annee": "1940", "qualite": "proche"}
REMPLIR = f"/demarches/{adhesion.SLUG}/remplir"


async def rozenn(portail: Portail) -> Navigateur:
    await adhesion.ouvrir(portail.noyau)
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=nav)
    return nav


async def acting(nav: Navigateur, genre: str, **who: str) -> Page:
    asked = await nav.get(REMPLIR)
    page = await asked.envoyer({"pour_qui": genre}, action="/pour-qui")
    return await page.envoyer({k: v for k, v in who.items() if v}, action=f"/pour-qui/{genre}")


def answers(portail: Portail) -> dict[str, object]:
    return dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse WHERE valeur IS NOT NULL"))


async def test_for_whom_is_asked_before_the_first_page(portail: Portail, cast: Cast) -> None:
    nav = await rozenn(portail)
    asked = await nav.get(REMPLIR)
    assert asked.chemin.endswith("/pour-qui")
    assert answers(portail).keys() == {"courriel"}
    assert (await asked.envoyer(action="/pour-qui")).statut == 422
    first = await asked.envoyer({"pour_qui": "soi"}, action="/pour-qui")
    assert first.chemin.endswith("/etapes/formule")
    assert "pour vous-même" in first.texte
    assert answers(portail)["nom"] == "LE GALLOU"
    assert (await nav.get(REMPLIR)).chemin == REMPLIR


async def test_the_account_s_identity_never_becomes_the_represented_person_s(
    portail: Portail, cast: Cast
) -> None:
    nav = await rozenn(portail)
    page = await acting(nav, "enfant", **MALO)
    assert "Malo LE BIHAN" in page.texte
    assert {"nom": "LE BIHAN", "prenoms": "Malo", "naissance": "2015-04-03"}.items() <= answers(
        portail
    ).items()
    assert "L’enfant peut rentrer seul" in (await nav.get(page.chemin.replace("formule", "abonne"))).texte
    # Changing one's mind changes what we filled, and not what was typed.
    first = await nav.get(page.chemin.replace("formule", "abonne"))
    await first.envoyer({"prenoms": "Malou", "action": "enregistrer"}, action="/etapes/abonne")
    asked = await nav.get(first.chemin.replace("etapes/abonne", "pour-qui"))
    await asked.envoyer({"pour_qui": "soi"}, action="/pour-qui")
    assert {"nom": "LE GALLOU", "prenoms": "Malou"}.items() <= answers(portail).items()


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"attestation": ""}, "Cochez la case"),
        ({"nom_naissance": ""}, "le nom de naissance"),
        ({"naissance-annee": "1990"}, "18 ans ou plus"),
        ({"qualite": ""}, "qui vous êtes"),
    ],
)
async def test_nothing_is_kept_until_all_is_said(
    portail: Portail, cast: Cast, change: dict[str, str], phrase: str
) -> None:
    refused = await acting(await rozenn(portail), "enfant", **{**MALO, **change})
    assert refused.statut == 422
    assert phrase in refused.texte
    assert portail.base.sql("SELECT beneficiaire FROM demarches_dossier") == [(None,)]


async def test_a_representation_that_is_not_offered_is_refused(portail: Portail, cast: Cast) -> None:
    nav = await rozenn(portail)
    await adhesion.ouvrir(portail.noyau, representation=["mandat"])
    asked = await nav.get(REMPLIR)
    refused = await nav.post(asked.chemin, {**dict(asked.champs("/pour-qui")), "pour_qui": "enfant"})
    assert refused.statut == 422
    fields = {**dict(asked.champs("/pour-qui")), **MALO}
    assert (await nav.post(f"{asked.chemin}/enfant", fields)).statut == 404


async def test_agent_and_papers_name_both(portail: Portail, cast: Cast) -> None:
    nav = await rozenn(portail)
    page = await acting(nav, "mandat", **JEANNE)
    page = await page.envoyer(
        {"formule": "an", "action": "continuer"},
        action="/etapes/formule",
        fichiers={"photo": ("p.jpg", adhesion.image(), "image/jpeg")},
    )
    done = await page.envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose"), done.texte[:500]
    dossier_id = portail.base.sql("SELECT id FROM demarches_dossier")[0][0]
    dossier = await relire(portail, dossier_id)
    assert papiers.nom_de(dossier.demandeur) == "Rozenn Marie Annick LE GALLOU"
    await run_jobs(portail)
    followed = await nav.get(f"/dossiers/{dossier_id}")
    assert "Jeanne Marie LE BIHAN" in followed.texte
    desk = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=desk)
    seen = await desk.get(f"/dossiers/{dossier_id}")
    assert (
        "agit pour Jeanne Marie LE BIHAN, né(e) le 3 avril 1940 (par mandat écrit donné à un proche"
        in seen.texte
    )
    raw = portail.navigateur(verifier=False)
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=raw)
    (receipt,) = followed.liens("/documents/")
    for address in (receipt, f"/dossiers/{dossier_id}/imprimer"):
        text = text_of((await raw.get(address)).answer.content)
        assert "Pour le compte de Jeanne Marie LE BIHAN" in text
        assert "LE GALLOU" in text
    here = DossierEssai(dossier_id, dossier.collectivite_id, dossier.usager_id, "guingamp")
    await decider(portail, here)
    await run_jobs(portail)
    (act,) = portail.base.sql("SELECT id FROM demarches_document WHERE genre = 'decision'")[0]
    text = text_of((await raw.get(f"/documents/{act}")).answer.content)
    assert "Demande faite pour Jeanne Marie LE BIHAN" in text
    assert "Rozenn Marie Annick LE GALLOU" in text
    audit = "SELECT details FROM socle_audit WHERE action = 'demarches:dossier:representer'"
    assert portail.base.sql(audit) == [({"genre": "mandat", "qualite": "proche"},)]


async def test_whoever_takes_a_draft_over_says_for_whom_again(portail: Portail, cast: Cast) -> None:
    nav = await rozenn(portail)
    page = await acting(nav, "mandat", **JEANNE)
    base = page.chemin.split("/etapes/")[0]
    fields = {"genre": "transfert", "nom": "Yann"}
    shared = await (await nav.get(f"{base}/acces")).envoyer(fields, action=f"{base}/acces")
    code = shared.arbre.xpath("string(//*[@class='k-depose__numero'])").strip()
    yann = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail, "yann")).paire, navigateur=yann)
    explained = await (await yann.get("/suivi")).envoyer({"code": code})
    await explained.envoyer(action="/suivi")
    assert (await yann.get(REMPLIR)).chemin == f"{base}/pour-qui"


async def test_at_the_counter_too_the_person_may_act_for_somebody(portail: Portail, cast: Cast) -> None:
    await adhesion.ouvrir(portail.noyau)
    nav = await desk(portail, cast)
    asked = await begin(nav, demarche=adhesion.SLUG)
    assert asked.chemin.endswith("/pour-qui")
    who = await asked.envoyer({"pour_qui": "mandat"}, action="/pour-qui")
    assert "« vous » désigne cette personne" in who.texte
    assert not who.arbre.xpath("//input[@name='demandeur_nom']"), "the agent has given it"
    page = await who.envoyer(JEANNE, action="/pour-qui/mandat")
    assert "Jeanne Marie LE BIHAN" in page.texte
    assert answers(portail)["nom"] == "LE BIHAN"


async def test_who_has_no_proven_name_gives_their_own_too(portail: Portail, cast: Cast) -> None:
    """Signed in by a code, or not at all: the papers must name who acts."""
    await adhesion.ouvrir(portail.noyau)
    nav = portail.navigateur()
    refused = await acting(nav, "mandat", **JEANNE)
    assert "vos prénoms" in refused.texte
    mine = {**JEANNE, "demandeur_prenoms": "Tugdual", "demandeur_nom": "MORVAN"}
    page = await refused.envoyer(mine, action="/pour-qui/mandat")
    assert "/etapes/" in page.chemin
    ((person,),) = portail.base.sql("SELECT demandeur FROM demarches_dossier")
    assert person == {"prenoms": ["Tugdual"], "nom_naissance": "MORVAN"}
    assert answers(portail)["nom"] == "LE BIHAN"


async def test_the_editor_says_for_whom_a_demarche_may_be_done(portail: Portail, console: Navigateur) -> None:
    base, _ = await make(console)
    page = await console.get(f"{base}/parties/presentation")
    page = await page.envoyer({"representation": ["mandat"]}, action="/parties/presentation")
    again = await console.get(f"{base}/parties/presentation")
    assert again.arbre.xpath("//input[@name='representation'][@checked]/@value") == ["mandat"]
    champ = await console.get(f"{base}/champs/nom_de_l_association")
    champ = await champ.envoyer(
        {"prerempli": "beneficiaire.nom_naissance", "lien": "oui"}, action="/champs/nom_de_l_association"
    )
    assert champ.statut == 200
    written = (await console.get(f"{base}/fichier.yaml")).answer.text
    assert "representation:" in written
    assert "lien: true" in written
    assert "prerempli: beneficiaire.nom_naissance" in written
