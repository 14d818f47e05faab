"""A form with rules, from page to page: what it shows, refuses, computes and keeps."""

from typing import Any

import pytest

from app.demarches.definitions import Definition, load_catalogue
from app.demarches.domain import duree_de, etat_du_formulaire, router
from app.demarches.service import catalogue
from tests.cast import Cast, compte
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

NB = "\u00a0"
PAGES = [
    {
        "id": "sejour",
        "titre": "Le séjour",
        "champs": [{"id": "habitant", "type": "oui_non", "libelle": "Habitant ?", "obligatoire": True}],
        "sections": [
            {
                "id": "enfants",
                "titre": "Les enfants",
                "si": "habitant",
                "champs": [
                    {"id": "nombre_enfants", "type": "entier", "libelle": "Combien ?", "obligatoire": True},
                    {
                        "id": "nombre_repas",
                        "type": "entier",
                        "libelle": "Repas",
                        "sujet": "les repas",
                        "obligatoire_si": "nombre_enfants > 1",
                    },
                ],
            }
        ],
        "controles": [
            {"regle": "nombre_repas <= nombre_enfants * 2", "phrase": "Deux repas par enfant au plus."}
        ],
    },
    {
        "id": "suite",
        "titre": "La suite",
        "si": "nombre_enfants > 2",
        "champs": [
            {
                "id": "accord",
                "type": "oui_non",
                "libelle": "Accord ?",
                "obligatoire": True,
                "controles": [{"regle": "accord", "phrase": "Sans accord, appelez la mairie."}],
            },
            {"id": "precision", "type": "texte", "libelle": "Une précision", "obligatoire": False},
        ],
    },
]
REGLES = {
    "pages": PAGES,
    "decision": None,
    "eligibilite": [{"regle": "habitant", "phrase": "Cette aide est réservée aux habitants."}],
    "prix": "valeur_ou(nombre_repas, 0) * 3,50 euros",
    "routage": [{"si": "nombre_enfants > 2", "groupe": "Familles"}],
}
BASE = next(d for d in load_catalogue() if d.slug == "acte-naissance")
DEFINITION = Definition.model_validate(BASE.model_dump() | REGLES)


async def commencer(portail: Portail, definition: Definition = DEFINITION) -> tuple[Navigateur, Page]:
    """A person before the first page of that form, offered by every commune in place of the birth certificate."""
    async with portail.noyau.db.hors_cloison("essai") as session:
        published = await catalogue.publish(session, [definition], portail.clock.now())
        communes = [id_ for (id_,) in portail.base.sql("SELECT id FROM socle_collectivite")]
        await catalogue.adopt_all(session, communes, published)
    who = await compte(portail)
    nav = portail.navigateur()
    await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
    return nav, await nav.get("/demarches/acte-naissance/remplir")


async def test_who_may_not_ask_is_told_why_and_cannot_submit(portail: Portail, cast: Cast) -> None:
    _, first = await commencer(portail)
    assert "Combien" not in first.texte
    review = await first.envoyer({"habitant": "non", "action": "continuer"})
    assert "réservée aux habitants" in review.texte
    refused = await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert "réservée aux habitants" in refused.texte
    assert portail.base.sql("SELECT count(*) FROM demarches_dossier WHERE etat <> 'brouillon'") == [(0,)]


async def test_a_form_with_rules_is_filled_checked_priced_and_submitted(portail: Portail, cast: Cast) -> None:
    _, first = await commencer(portail)
    more = await first.envoyer({"habitant": "oui", "action": "continuer"})
    assert "Les enfants" in more.texte
    assert "il reste quelques questions" in more.texte
    missing = await more.envoyer({"nombre_enfants": "3", "action": "continuer"})
    assert (missing.statut, "Indiquez les repas." in missing.texte) == (422, True)
    many = await missing.envoyer({"nombre_repas": "9", "action": "continuer"})
    assert (many.statut, "Deux repas par enfant au plus." in many.texte) == (422, True)
    second = await many.envoyer({"nombre_repas": "6", "action": "continuer"})
    assert f"Prix{NB}: 21{NB}€." in second.arbre.text_content()
    refused = await second.envoyer({"accord": "non", "action": "continuer"})
    assert "Sans accord, appelez la mairie." in refused.texte
    review = await refused.envoyer({"accord": "oui", "action": "continuer"})
    assert "Le séjour – Les enfants" in review.texte
    assert "Prix : 21 €" in review.texte.replace(NB, " ")
    done = await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose")
    ((answers, price),) = portail.base.sql("SELECT reponses, prix_centimes FROM demarches_dossier")
    assert answers == {"habitant": True, "nombre_enfants": 3, "nombre_repas": 6, "accord": True}
    assert price == 2100
    assert router(DEFINITION, answers) == "Familles"


async def test_hidden_answers_stay_in_the_draft_and_are_not_submitted(portail: Portail, cast: Cast) -> None:
    nav, first = await commencer(portail)
    more = await first.envoyer({"habitant": "oui", "action": "continuer"})
    await more.envoyer({"nombre_enfants": "1", "nombre_repas": "2", "action": "continuer"})
    back = await nav.get(more.chemin)
    alone = await back.envoyer({"habitant": "non", "action": "enregistrer"})
    assert alone.statut == 200
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse"))
    assert kept == {"habitant": False, "nombre_enfants": 1, "nombre_repas": 2}
    etat = etat_du_formulaire(DEFINITION, kept)
    assert etat.reponses == {"habitant": False}


async def test_typing_is_answered_with_what_the_rules_now_say(portail: Portail, cast: Cast) -> None:
    nav, first = await commencer(portail)
    form = first.formulaire("/etapes/")

    async def taper(etape: str, **valeurs: str) -> Any:
        sent = [("jeton_csrf", dict(first.champs())["jeton_csrf"]), ("etape", etape)]
        sent += [("champ", name) for name in valeurs] + list(valeurs.items())
        return (await nav.post(form.get("data-k-autosave"), sent)).answer.json()

    assert (await taper("sejour", habitant="non"))["annonces"][0] == "Cette aide est réservée aux habitants."
    said = await taper("sejour", habitant="oui", nombre_enfants="3", nombre_repas="8")
    assert said["champs"] == ["habitant", "nombre_enfants", "nombre_repas"]
    assert said["annonces"] == ["Deux repas par enfant au plus.", f"Prix{NB}: 28{NB}€."]
    assert (await taper("suite", accord="non"))["controles"] == {"accord": "Sans accord, appelez la mairie."}
    assert (await taper("suite", accord="oui"))["controles"] == {}
    apart = await taper("suite", precision="Le soir")
    assert apart["versions"].startswith("precision:1:")
    assert "champs" not in apart, "no rule reads it: the page is as it was"
    kept = dict(portail.base.sql("SELECT champ_id, valeur FROM demarches_reponse"))
    assert (kept["precision"], kept["accord"]) == ("Le soir", True)


async def test_computed_values_totals_and_requirements_move_while_typing(
    portail: Portail, cast: Cast
) -> None:
    budget = {
        "id": "budget",
        "type": "tableau",
        "libelle": "Budget",
        "lignes": [{"id": "repas", "libelle": "Repas"}, {"id": "car", "libelle": "Car"}],
        "colonnes": [{"id": "cout", "libelle": "Coût", "genre": "montant"}],
    }
    parts = {
        "id": "parts",
        "type": "calcul",
        "libelle": "Repas par enfant",
        "calcul": "arrondi(nombre_repas / nombre_enfants, 1)",
        "unite": "repas",
    }
    page = {**PAGES[0], "champs": [*PAGES[0]["champs"], budget]}
    section = {**page["sections"][0], "champs": [*page["sections"][0]["champs"], parts]}
    pages = [{**page, "sections": [section]}, PAGES[1]]
    definition = Definition.model_validate(BASE.model_dump() | REGLES | {"pages": pages})
    nav, first = await commencer(portail, definition)

    async def taper(**valeurs: str) -> Any:
        sent = [("jeton_csrf", dict(first.champs())["jeton_csrf"]), ("etape", "sejour")]
        sent += [("champ", name) for name in dict.fromkeys(name.split("-")[0] for name in valeurs)]
        form = first.formulaire("/etapes/")
        return (await nav.post(form.get("data-k-autosave"), sent + list(valeurs.items()))).answer.json()

    said = (await taper(habitant="oui", nombre_enfants="1"))["mouvements"]
    assert said == {"calculs": {"parts": ""}, "obligatoires": {"nombre_repas": False}}
    said = (await taper(nombre_enfants="4", nombre_repas="6"))["mouvements"]
    assert (said["calculs"], said["obligatoires"]) == ({"parts": f"1,5{NB}repas"}, {"nombre_repas": True})
    said = await taper(**{"budget-repas-cout": "12,50", "budget-car-cout": "100"})
    assert said["totaux"] == {"budget": [f"112,50{NB}€"]}
    # What a draft shows at once is what its page shows when it is drawn again.
    again = (await nav.get(f"{first.formulaire('/etapes/').get('action')}")).texte.replace(NB, " ")
    assert "1,5 repas" in again
    assert "112,50 €" in again


async def test_answers_may_give_a_dossier_its_own_term_of_retention(portail: Portail, cast: Cast) -> None:
    durees = [
        {"si": "nombre_enfants > 5", "dua_annees": 9, "motif": "Très grande famille."},
        {"si": "nombre_enfants > 2", "dua_annees": 5, "motif": "Contrôle de la caisse."},
    ]
    kept = {**BASE.model_dump()["conservation"], "durees": durees}
    definition = Definition.model_validate(BASE.model_dump() | REGLES | {"conservation": kept})
    assert [duree_de(definition, {"nombre_enfants": n}) for n in (1, 3, 6)] == [None, 5, 9]
    nav, first = await commencer(portail, definition)
    more = await first.envoyer({"habitant": "oui", "action": "continuer"})
    third = await more.envoyer({"nombre_enfants": "3", "nombre_repas": "6", "action": "continuer"})
    review = await third.envoyer({"accord": "oui", "action": "continuer"})
    done = await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert portail.base.sql("SELECT dua_annees FROM demarches_dossier") == [(5,)]
    seen = await nav.get(done.chemin.removesuffix("/depose"))
    assert f"Durée de conservation après la décision{NB}: 5{NB}ans." in seen.arbre.text_content()
    told = (await nav.get("/donnees-personnelles")).texte.replace(NB, " ")
    assert "5 ans quand « Combien ? » est plus de 2 (Contrôle de la caisse.)" in told
