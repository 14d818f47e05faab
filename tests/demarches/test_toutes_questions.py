"""Every type of field through the pages, without script: filled, refused in place, reviewed, submitted."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.demarches.definitions import Champ
from app.demarches.models import Dossier
from app.demarches.types import TYPES
from tests.cast import Cast
from tests.outillage.navigateur import Page
from tests.outillage.portail import Portail
from tests.toutes_questions import DEFINITION, SLUG, ouvrir

pytestmark = pytest.mark.anyio

SIMPLES = {
    "q_texte": "Concert",
    "q_montant": "12,50",
    "q_listes_liees": "voirie/trou",
    "q_heure": "14h30",
    "q_consentement": "oui",
    "q_choix_multiple": ["un", "deux"],
}
PERSONNES = {
    "q_commune": "Saint-Denis",
    "q_adresse-ligne": "1 rue du Parc",
    "q_adresse-code_postal": "35000",
    "q_adresse-commune": "Rennes",
    "q_iban": "FR7630006000011234567890189",
    "q_formate": "ab-2026",
}


async def _begin(portail: Portail) -> Page:
    await ouvrir(portail.noyau)
    return await portail.navigateur("guingamp").get(f"/demarches/{SLUG}/remplir")


async def _next(page: Page, etape: str, **values: str | list[str]) -> Page:
    return await page.envoyer({**values, "action": "continuer"}, action=f"etapes/{etape}")


async def test_every_type_is_filled_without_script_and_read_by_the_person(
    portail: Portail, cast: Cast
) -> None:
    page = await _begin(portail)
    page = await _next(page, "simples", **SIMPLES)
    assert page.chemin.endswith("/personnes"), page.texte[:800]
    refused = await _next(page, "personnes", **PERSONNES)
    assert refused.statut == 422
    assert "Plusieurs lieux portent ce nom" in refused.texte
    assert "Cette adresse n’est pas à Guingamp" in refused.texte
    page = await _next(refused, "personnes", **{"q_commune-code": "93066"})
    assert page.chemin.endswith("/composees"), page.texte[:800]
    page = await page.envoyer(
        {"q_bloc-r1-prenom": "Léa", "ligne": "ajouter q_bloc"}, action="etapes/composees"
    )
    assert "Enfant 2" in page.texte
    (second,) = [
        value for name, value in page.champs("etapes/composees") if name == "q_bloc" and value != "r1"
    ]
    page = await page.envoyer({"ligne": f"dupliquer q_bloc {second}"}, action="etapes/composees")
    page = await page.envoyer({"ligne": f"retirer q_bloc {second}"}, action="etapes/composees")
    assert next(v for n, v in page.champs("etapes/composees") if n == "q_bloc") == "r1"
    wrong = {
        "q_bloc-r1-naissance-jour": "45",
        "q_bloc-r1-naissance-mois": "1",
        "q_bloc-r1-naissance-annee": "2020",
    }
    refused = await _next(page, "composees", **wrong, **{"q_tableau-achats-prevu": "dix"})
    assert refused.statut == 422
    assert "le 45 1 2020 n’existe pas" in refused.texte
    assert "Indiquez un nombre" in refused.texte
    right = {
        **wrong,
        "q_bloc-r1-naissance-jour": "5",
        "q_tableau-achats-prevu": "1 200",
        "q_signature": "Soizic Le Bras",
        "q_bloc-r1-cantine": "oui",
    }
    hidden = "//*[@data-k-partie='q_bloc-r1-regime' and @hidden]"
    assert refused.arbre.xpath(hidden)
    page = await _next(refused, "composees", **right)
    # What an answer calls for in its row is asked, not reproached; then it is due.
    assert (page.statut, page.arbre.xpath(hidden)) == (200, [])
    assert "il reste quelques questions" in page.texte
    page = await _next(page, "composees")
    assert page.statut == 422
    assert "Indiquez le régime alimentaire" in page.texte
    page = await _next(page, "composees", **{"q_bloc-r1-regime": "Sans sel"})
    assert page.chemin.endswith("/recapitulatif"), page.texte[:1200]
    for words in (
        "Voirie › Nid-de-poule",
        "Saint-Denis (93200)",
        "AB-2026",
        "Enfant 1",
        "Sans sel",
        "1 200 €",
        "Soizic Le Bras, le",
    ):
        assert words in page.texte.replace("\u202f", " ").replace("\u00a0", " "), words
    done = await page.envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose")
    async with portail.noyau.db.hors_cloison("essai") as session:
        (answers,) = (await session.scalars(select(Dossier.reponses).where(Dossier.slug == SLUG))).all()
    assert answers is not None
    assert answers["q_montant"] == 1250
    assert answers["q_calcul"] == "1200"
    assert answers["q_bloc"][0]["naissance"] == "2020-01-05"
    assert _cells("q_tableau", answers)[-2:] == (Decimal(1200), Decimal(0))
    assert DEFINITION.champ("q_bloc").genre.cellules_lignes(
        DEFINITION.champ("q_bloc"), answers["q_bloc"]
    ) == (("Léa", date(2020, 1, 5), "Oui", "Sans sel", None, None, None),)


def _cells(id_: str, answers: dict[str, object]) -> tuple[object, ...]:
    champ: Champ = DEFINITION.champ(id_)
    return champ.genre.cellules(champ, answers.get(id_))


async def test_typing_says_what_each_row_asks_and_what_it_hides_is_not_submitted(
    portail: Portail, cast: Cast
) -> None:
    page = await _begin(portail)
    page = await _next(page, "simples", **SIMPLES)
    page = await _next(page, "personnes", **PERSONNES | {"q_commune": "Guingamp"})
    token = dict(page.champs("etapes/composees"))["jeton_csrf"]
    url = page.chemin.replace("etapes/composees", "champs")
    sent = {
        "jeton_csrf": token,
        "etape": "composees",
        "champ": "q_bloc",
        "q_bloc": "r1",
        "q_bloc-r1-prenom": "Léa",
    }

    async def taper(**typed: str) -> dict[str, str]:
        body = sent | {f"q_bloc-r1-{name}": text for name, text in typed.items()}
        answer = (await page.navigateur.post(url, body)).answer.json()
        found: dict[str, str] = answer["parties"]
        return found

    assert await taper() == {"q_bloc-r1-regime": "cachee"}
    assert await taper(cantine="oui", regime="Sans sel") == {"q_bloc-r1-regime": "obligatoire"}
    assert await taper(cantine="non", regime="Sans sel") == {"q_bloc-r1-regime": "cachee"}
    page = await page.navigateur.get(page.chemin)
    page = await _next(page, "composees", **{"q_signature": "Soizic Le Bras"})
    assert page.chemin.endswith("/recapitulatif"), page.texte[:1200]
    assert "Sans sel" not in page.texte
    assert (await page.envoyer({"declaration": "oui"}, action="/deposer")).chemin.endswith("/depose")
    async with portail.noyau.db.hors_cloison("essai") as session:
        (answers,) = (await session.scalars(select(Dossier.reponses).where(Dossier.slug == SLUG))).all()
    assert answers is not None
    assert answers["q_bloc"] == [{"_id": "r1", "prenom": "Léa", "cantine": False}]


async def test_inputs_edited_in_the_browsers_tools_are_refused_or_ignored(
    portail: Portail, cast: Cast
) -> None:
    page = await _begin(portail)
    form = dict(page.champs("etapes/simples"))
    nav = page.navigateur
    sent = [
        *form.items(),
        ("q_texte", "x" * 300),
        ("q_choix", "troisieme"),
        ("q_listes_liees", "voirie/fuite"),
        ("q_calcul", "99"),
        ("q_inconnu", "1"),
        ("action", "continuer"),
    ]
    refused = await nav.post(
        page.formulaire("etapes/simples").get("action"), files=[(name, (None, value)) for name, value in sent]
    )
    assert refused.statut == 422
    assert "Raccourcissez l’objet" in refused.texte
    assert refused.texte.count("dans la liste") >= 2


def test_the_demonstration_asks_every_type() -> None:
    assert {champ.type for champ in DEFINITION.champs()} == TYPES.keys()
