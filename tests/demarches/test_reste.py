"""What a person still has to do: what each draft misses, drafts shared with them, totals and links that fill."""

import pytest

from tests.cast import Cast, compte
from tests.demarches import adhesion
from tests.demarches.test_acces import offered, signed
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
FICHE = f"/demarches/{adhesion.SLUG}"


async def begun(portail: Portail, query: str = "") -> tuple[Navigateur, Page]:
    await adhesion.ouvrir(portail.noyau, representation=[])
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=nav)
    return nav, await nav.get(f"{FICHE}/remplir{query}")


async def espace(portail: Portail, personne: str = "rozenn") -> Navigateur:
    mon = portail.navigateur("mon")
    await portail.ouvrir_session("mon", usager=(await compte(portail, personne)).paire, navigateur=mon)
    return mon


async def test_what_a_draft_misses_is_listed_with_the_way_to_each(portail: Portail, cast: Cast) -> None:
    nav, _ = await begun(portail)
    (id_,) = portail.base.sql("SELECT id FROM demarches_dossier")[0]
    own = await nav.get(f"/dossiers/{id_}")
    assert own.chemin == f"/dossiers/{id_}/enregistre"
    mon = await espace(portail)
    for page in (own, await mon.get("/")):
        assert "Il manque 1 réponse et 1 document" in page.texte
        for champ in ("formule", "photo"):
            assert page.liens(f"{id_}/etapes/formule#{champ}")
    there = await nav.get(own.liens("#formule")[0])
    assert there.arbre.xpath("//*[@id='formule']")


async def test_the_list_costs_as_much_for_one_draft_as_for_many(portail: Portail, cast: Cast) -> None:
    nav, _ = await begun(portail)
    mon = await espace(portail)
    await mon.get("/")
    with count_statements() as few:
        await mon.get("/")
    for slug in ("acte-mariage", "acte-deces", "reservation-salle"):
        assert (await nav.get(f"/demarches/{slug}/remplir")).statut == 200
    await mon.get("/")
    with count_statements() as many:
        page = await mon.get("/")
    assert page.texte.count("Il manque") == 4
    assert len(many) == len(few) <= 10, many


async def test_a_draft_shared_with_me_is_in_my_space_until_it_is_taken_back(
    portail: Portail, cast: Cast
) -> None:
    rozenn, base, code = await offered(portail, "invitation")
    yann = await signed(portail, "yann")
    mon = await espace(portail, "yann")
    assert "On vous a invité" not in (await mon.get("/")).texte
    await (await (await yann.get("/suivi")).envoyer({"code": code})).envoyer(action="/suivi")
    page = await mon.get("/")
    assert "On vous a invité" in page.texte
    (link,) = page.liens(f"{base}/reprendre")
    assert (await yann.get(link)).chemin == f"{base}/recapitulatif"
    await (await rozenn.get(f"{base}/acces")).envoyer(action="/retirer")
    assert "On vous a invité" not in (await mon.get("/")).texte


async def test_the_totals_of_a_table_come_back_as_it_is_typed(portail: Portail, cast: Cast) -> None:
    nav, page = await begun(portail)
    token = dict(page.champs("/etapes/"))["jeton_csrf"]
    base = str(page.formulaire("/etapes/").get("action")).split("/etapes/")[0]
    sent = {"jeton_csrf": token, "champ": "budget", "etape": "formule", "origine": "essai-essai-essai"}
    cells = {"budget-achats-prevu": "1 250,50", "budget-dons-prevu": "deux"}
    answer = (await nav.post(f"{base}/champs", {**sent, **cells})).answer.json()
    shown = await nav.get(f"{base}/etapes/formule")
    assert answer["totaux"] == {"budget": [shown.arbre.xpath("string(//tfoot//td)").strip()]}
    assert answer["totaux"]["budget"][0].startswith("1\u202f250,50")


async def test_a_link_fills_what_the_form_lets_it_fill_and_says_so(portail: Portail, cast: Cast) -> None:
    query = "?formule=mois&motif=D%C3%A9m%C3%A9nagement&secret=1234&nom=INTRUS&photo=x&inconnu=1"
    nav, page = await begun(portail, query)
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse WHERE valeur IS NOT NULL"))
    assert (kept["formule"], kept["motif"], kept["nom"]) == ("mois", "Déménagement", "LE GALLOU")
    assert "secret" not in kept
    page = await nav.get(page.formulaire("/etapes/").get("action"))
    assert page.texte.count("Prérempli par le lien") == 2
    # What was typed, an emptied answer too, is not replaced; it is no longer the link's.
    await page.envoyer({"formule": "an", "motif": "", "action": "enregistrer"}, action="/etapes/")
    await nav.get(f"{FICHE}/remplir{query}")
    page = await nav.get(page.chemin)
    values = dict(page.champs("/etapes/"))
    assert (values["formule"], values["motif"]) == ("an", "")
    assert "Prérempli par le lien" not in page.texte


@pytest.mark.parametrize("query", ["?formule=couronne", f"?motif={'a' * 201}", "?formule=", "?motif=%00%ff"])
async def test_what_a_link_may_not_say_is_left_out(portail: Portail, cast: Cast, query: str) -> None:
    _, page = await begun(portail, query)
    assert page.statut == 200
    rows = portail.base.sql("SELECT champ_id FROM demarches_reponse WHERE champ_id IN ('formule', 'motif')")
    assert rows == [] or query.startswith("?motif=%00")


async def test_a_link_goes_through_the_page_of_the_demarche_and_a_sign_in(
    portail: Portail, cast: Cast
) -> None:
    await adhesion.ouvrir(portail.noyau, representation=[], identites=["franceconnect", "courriel"])
    nav = portail.navigateur()
    page = await nav.get(f"{FICHE}?formule=an&secret=1")
    (way,) = page.liens("/connexion/franceconnect")
    assert "secret" not in way
    landed = await nav.connecter_usager(suite=f"{FICHE}/remplir?formule=an")
    assert landed.statut == 200
    assert portail.base.sql("SELECT valeur FROM demarches_reponse WHERE champ_id = 'formule'") == [("an",)]
