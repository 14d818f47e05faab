"""The editor of démarches, page by page: made, checked, published, adopted, changed; nothing lost, faults in place."""

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast
from tests.demarches.edition import make, publish, send
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs

pytestmark = pytest.mark.anyio


def state(portail: Portail, base: str) -> dict[str, Any]:
    ((contenu,),) = portail.base.sql(
        "SELECT contenu FROM demarches_chantier WHERE id = %s", UUID(base.rsplit("/", 1)[-1])
    )
    assert isinstance(contenu, dict)
    return contenu


def questions(portail: Portail, base: str) -> list[str]:
    return [champ["id"] for page in state(portail, base)["pages"] for champ in page["champs"]]


async def test_a_demarche_is_made_moved_undone_and_redone(portail: Portail, console: Navigateur) -> None:
    base, page = await make(console)
    assert questions(portail, base) == ["nom_de_l_association", "nombre_de_barnums"]
    assert "Complet" in page.texte
    page = await send(console, page, f"{base}/gestes", geste="monter_champ", cible="nombre_de_barnums")
    assert questions(portail, base) == ["nombre_de_barnums", "nom_de_l_association"]
    page = await send(console, page, f"{base}/gestes", geste="retirer_champ", cible="nombre_de_barnums")
    page = await send(console, page, f"{base}/gestes", geste="annuler")
    page = await send(console, page, f"{base}/gestes", geste="annuler", key="2")
    assert questions(portail, base) == ["nom_de_l_association", "nombre_de_barnums"]
    page = await send(console, page, f"{base}/gestes", geste="refaire")
    assert questions(portail, base) == ["nombre_de_barnums", "nom_de_l_association"]
    await send(console, page, f"{base}/gestes", geste="dupliquer_page", cible="demande")
    assert questions(portail, base)[2:] == ["nombre_de_barnums_2", "nom_de_l_association_2"]


async def test_faults_are_said_in_french_beside_their_place(portail: Portail, console: Navigateur) -> None:
    base, page = await make(console)
    page = await console.get(f"{base}/champs/nombre_de_barnums")
    page = await page.envoyer({"min": "8", "max": "2"}, action="/champs/")
    assert "Le minimum dépasse le maximum." in page.texte
    await (await console.get(f"{base}/champs/nombre_de_barnums")).envoyer(
        {"min": "", "max": ""}, action="/champs/"
    )
    rule = f"{base}/regles/champs.nombre_de_barnums.si"
    page = await send(console, await console.get(rule), rule, geste="enregistrer", texte='absente = "x"')
    assert page.chemin.startswith(rule)
    assert "absente" in page.arbre.xpath("string(//*[@class='govuk-error-message'])")
    assert page.arbre.xpath("string(//textarea[@name='texte'])") == 'absente = "x"'
    page = await send(console, page, rule, geste="enregistrer", texte="nom_de_l_association =")
    assert "il manque quelque chose à la fin" in page.texte
    assert "À corriger" in (await console.get(base)).texte
    publication = await console.get(f"{base}/publication")
    assert "Publier cette version" not in publication.texte


async def test_two_editors_lose_nothing(portail: Portail, console: Navigateur, cast: Cast) -> None:
    base, _ = await make(console)
    other = portail.navigateur("opsn")
    await portail.ouvrir_session("opsn", agent=cast.agents["gwenole"], navigateur=other)
    mine = await console.get(f"{base}/champs/nombre_de_barnums")
    theirs = await other.get(f"{base}/champs/nombre_de_barnums")
    elsewhere = await other.get(f"{base}/champs/nom_de_l_association")
    await theirs.envoyer({"libelle": "Combien de barnums"}, action="/champs/")
    refused = await mine.envoyer({"libelle": "Nombre de tentes"}, action="/champs/")
    assert refused.statut == 409
    assert "Rien n’a été écrasé" in refused.texte
    assert "Combien de barnums" in refused.texte
    assert dict(refused.champs("/champs/"))["libelle"] == "Nombre de tentes"
    # Another question, from a page just as old: both changes stand.
    assert (await elsewhere.envoyer({"aide": "Son nom déclaré."}, action="/champs/")).statut == 200
    assert (await refused.envoyer(action="/champs/")).statut == 200
    first, second = state(portail, base)["pages"][0]["champs"]
    assert (first["aide"], second["libelle"]) == ("Son nom déclaré.", "Nombre de tentes")


async def test_the_preview_stores_nothing(portail: Portail, console: Navigateur) -> None:
    base, _ = await make(console)
    page = await console.get(f"{base}/champs/nom_de_l_association")
    await page.envoyer({"obligatoire": "oui"}, action="/champs/")
    before = portail.base.sql("SELECT count(*) FROM demarches_dossier")
    page = await (await console.get(f"{base}/apercu")).envoyer(action="/apercu")
    assert page.statut == 422
    page = await page.envoyer({"nom_de_l_association": "Les Baladins"}, action="/apercu")
    assert "le dossier pourrait être déposé" in page.texte
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier") == before


async def test_published_adopted_with_an_overlay_then_a_second_version(
    portail: Portail, console: Navigateur, bureau: Navigateur, cast: Cast
) -> None:
    base, _ = await make(console)
    assert "Version publiée." in (await publish(console, base)).texte
    guingamp = str(cast.communes["guingamp"])
    page = await bureau.get("/demarches")
    await send(bureau, page, "/demarches/adoptions", collectivite=guingamp, slug="pret-de-barnum")
    page = await bureau.get(f"/demarches/adoptions/{guingamp}/pret-de-barnum")
    page = await page.envoyer(
        {
            "cout": "Caution de 100 €.",
            "champs_masques": ["nombre_de_barnums"],
            "champs_ajoutes.0.libelle": "Quartier",
            "champs_ajoutes.0.type": "choix",
            "champs_ajoutes.0.choix": "Castel-Pic ; Roudourou",
            "champs_ajoutes.0.page": "demande",
        },
        action="/adoptions/",
    )
    assert "Adaptation enregistrée" in page.texte
    public = await portail.navigateur("guingamp").get("/demarches/pret-de-barnum")
    assert "Caution de 100 €." in public.texte
    page = await bureau.get(f"/demarches/adoptions/{guingamp}/pret-de-barnum")
    assert dict(page.champs("/adoptions/"))["champs_ajoutes.0.id"] == "local_quartier"

    page = await send(console, await console.get("/demarches"), "/demarches/chantiers", slug="pret-de-barnum")
    base = page.chemin.split("?")[0]
    page = await console.get(f"{base}/champs/nombre_de_barnums")
    await page.envoyer({"max": "3"}, action="/champs/")
    page = await console.get(f"{base}/publication")
    assert "Maximum : ajouté" in page.texte
    assert "gardent leur version et choisissent" in page.texte
    await publish(console, base)
    page = await bureau.get("/demarches")
    assert "touche ce que vous avez adapté" in page.texte
    choice = f"/demarches/adoptions/{guingamp}/pret-de-barnum/version"
    page = await bureau.get(choice)
    assert "Maximum : ajouté" in page.texte
    assert (await send(bureau, page, choice, decision="garder")).statut == 200
    ((numero,),) = portail.base.sql(
        "SELECT p.numero FROM demarches_adoption a JOIN demarches_publication p USING (version_id)"
        " WHERE a.slug = 'pret-de-barnum' AND a.collectivite_id = %s", cast.communes["guingamp"],
    )  # fmt: skip
    assert numero == 2
    assert "touche ce que vous avez adapté" not in (await bureau.get("/demarches")).texte


async def test_what_a_commune_writes_is_its_own(portail: Portail, bureau: Navigateur, cast: Cast) -> None:
    guingamp = str(cast.communes["guingamp"])
    base, _ = await make(bureau, "Carte de plage", collectivite=guingamp)
    await publish(bureau, base)
    ((version_id, owner),) = portail.base.sql(
        "SELECT id, proprietaire_id FROM demarches_version WHERE slug = 'local-carte-de-plage'"
    )
    assert owner == cast.communes["guingamp"]
    assert (await portail.navigateur("guingamp").get("/demarches/local-carte-de-plage")).statut == 200
    assert (await portail.navigateur("rennes").get("/demarches/local-carte-de-plage")).statut == 404
    with pytest.raises(Exception, match="may not offer"):
        portail.base.sql(
            "UPDATE demarches_adoption SET version_id = %s WHERE collectivite_id = %s AND slug = 'acte-naissance'",
            version_id, cast.communes["rennes"],
        )  # fmt: skip


async def test_a_file_goes_out_and_comes_back_and_a_bad_one_makes_nothing(
    portail: Portail, console: Navigateur
) -> None:
    text = (await console.get("/demarches/versions/acte-naissance/1.yaml")).answer.text
    page = await console.get("/demarches")
    token = page.arbre.xpath("string(//input[@name='jeton_csrf']/@value)")

    async def bring(content: bytes) -> Page:
        files = [("jeton_csrf", (None, token)), ("fichier", ("d.yaml", content, "application/yaml"))]
        return await console.post("/demarches/importer/fichier", files=files)

    for bad, told in (
        (
            text.replace("type: choix", "type: surprise", 1).encode(),
            "« surprise » n’est pas un type de question connu",
        ),
        (b"a: &x [1]\nb: *x", "renvois"),
        (b"- " * 2000, "trop de choses les unes dans les autres"),
        (b"x: " + b"y" * 1_050_000, "trop"),
    ):
        refused = await bring(bad)
        assert refused.statut in (413, 422)
        assert told in refused.texte, refused.texte
    assert portail.base.sql("SELECT count(*) FROM demarches_chantier") == [(0,)]
    page = await bring(text.encode())
    base = page.chemin.split("?")[0]
    publication = await console.get(f"{base}/publication")
    assert "Aucune différence." in publication.texte
    assert (await send(console, publication, f"{base}/publication")).statut == 422


async def test_open_dossiers_are_counted_then_follow_if_the_editor_says_so(
    portail: Portail, console: Navigateur, cast: Cast
) -> None:
    from tests import cast as acteurs

    done = await acteurs.dossier_depose(portail)
    draft = await acteurs.brouillon_rempli(portail, personne="yann")
    page = await send(console, await console.get("/demarches"), "/demarches/chantiers", slug="acte-naissance")
    base = page.chemin.split("?")[0]
    page = await send(
        console, page, f"{base}/gestes", geste="ajouter_champ", cible="document", titre="Motif", type="texte"
    )
    page = await (await console.get(f"{base}/champs/motif")).envoyer(
        {"obligatoire": "oui"}, action="/champs/"
    )
    page = await console.get(f"{base}/publication")
    assert "1 ouvert : 0 sans effet, 1 demande une réponse." in page.texte
    assert "« Motif » : réponse à donner : 1" in page.texte
    assert "1 brouillon : 1 peut suivre" in page.texte
    page = await (await console.get(f"{base}/champs/motif")).envoyer({"obligatoire": []}, action="/champs/")
    page = await console.get(f"{base}/publication")
    assert "1 ouvert : 1 sans effet" in page.texte
    await publish(console, base, brouillons="deplacer", deposes="deplacer")
    await run_jobs(portail)
    ((version_id,),) = portail.base.sql(
        "SELECT version_id FROM demarches_publication WHERE slug = 'acte-naissance' AND numero = 2"
    )
    rows = dict(portail.base.sql("SELECT id, version_id FROM demarches_dossier"))
    assert rows == {done.id: version_id, draft.id: version_id}
    assert portail.base.sql("SELECT deplaces, laisses, finie_le IS NOT NULL FROM demarches_bascule") == [
        (2, 0, True)
    ]


async def test_dossiers_that_stay_are_told_with_their_reason(
    portail: Portail, console: Navigateur, cast: Cast
) -> None:
    from tests import cast as acteurs

    done = await acteurs.dossier_depose(portail)
    await acteurs.brouillon_rempli(portail, personne="yann")
    page = await send(console, await console.get("/demarches"), "/demarches/chantiers", slug="acte-naissance")
    base = page.chemin.split("?")[0]
    await send(
        console, page, f"{base}/gestes", geste="ajouter_champ", cible="document", titre="Motif", type="texte"
    )
    await (await console.get(f"{base}/champs/motif")).envoyer({"obligatoire": "oui"}, action="/champs/")
    page = await publish(console, base, brouillons="deplacer", deposes="deplacer")
    assert page.chemin.startswith("/demarches/versions/acte-naissance/dossiers")
    assert "Version publiée." in page.texte
    assert "En cours." in page.texte
    await run_jobs(portail)
    page = await console.get("/demarches/versions/acte-naissance/dossiers")
    assert "Terminé. 1 dossier sur 2 a suivi, 1 garde sa version" in page.texte
    assert "« Motif » : réponse à donner : 1" in page.texte.replace("\u00a0", " ")
    ((number,),) = portail.base.sql("SELECT numero FROM demarches_dossier WHERE id = %s", done.id)
    ((refus,),) = portail.base.sql("SELECT refus FROM demarches_bascule")
    assert [one["numero"] for one in refus] == [number]


async def test_editing_is_for_administrators(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["katell"], navigateur=nav)
    page = await nav.get("/demarches")
    assert "Vous n’administrez aucune collectivité" in page.texte
    rennes, guingamp = str(cast.communes["rennes"]), str(cast.communes["guingamp"])
    assert (await nav.get(f"/demarches/adoptions/{rennes}/acte-naissance")).statut == 403
    assert (await nav.get(f"/demarches/adoptions/{guingamp}/acte-naissance")).statut == 404
    assert (await portail.navigateur("opsn").get("/demarches", suivre=False)).statut == 303


async def test_tariffs_are_set_by_each_collectivite(
    portail: Portail, console: Navigateur, bureau: Navigateur, cast: Cast
) -> None:
    base, _ = await make(console)
    page = await console.get(f"{base}/parties/presentation")
    fields = {"tarifs.0.id": "barnum", "tarifs.0.libelle": "Un barnum", "tarifs.0.montant": "trente"}
    refused = await page.envoyer(fields, action="/parties/presentation")
    assert "Ligne 1 : Indiquez ce montant en euros, par exemple 12,50." in refused.texte
    await page.envoyer(fields | {"tarifs.0.montant": "30,00"}, action="/parties/presentation")
    await publish(console, base)
    guingamp = str(cast.communes["guingamp"])
    await send(
        bureau,
        await bureau.get("/demarches"),
        "/demarches/adoptions",
        collectivite=guingamp,
        slug="pret-de-barnum",
    )
    page = await bureau.get(f"/demarches/adoptions/{guingamp}/pret-de-barnum")
    assert "Version partagée : 30 €" in page.texte.replace("\u00a0", " ")
    refused = await page.envoyer({"tarif_barnum": "-5"}, action="/adoptions/")
    assert "Indiquez ce montant en euros, par exemple 12,50." in refused.texte
    await page.envoyer({"tarif_barnum": "45,50 €"}, action="/adoptions/")
    public = await portail.navigateur("guingamp").get("/demarches/pret-de-barnum")
    assert "Un barnum : 45,50\u00a0€" in public.answer.text.replace("&nbsp;", "\u00a0")
