"""A document by kind and age: one of N, what replaces it, how many; said beside each file, checked at every step."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import Decrit, a_completer, faute_pieces
from app.demarches.exports import Plan
from app.demarches.exports.classeurs import RedacteurXlsx
from tests.cast import Cast, Sain, image_jpeg
from tests.demarches.champs_essai import JOUR, NB, champ
from tests.demarches.test_regles_proprietes import DOSSIER
from tests.outillage.base import BaseEssai
from tests.outillage.navigateur import Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs
from tests.toutes_questions import DEFINITION, SLUG, ouvrir

NATURES = [
    {"valeur": "facture", "libelle": "Facture d’énergie"},
    {"valeur": "impots", "libelle": "Avis d’imposition", "moins_de_mois": 15},
    {"valeur": "heberge", "libelle": "Attestation d’hébergement", "avec": "hote"},
    {"valeur": "hote", "libelle": "Identité de l’hébergeur", "moins_de_mois": 0},
]
RECENT, VIEUX = date(2026, 1, 5), date(2025, 11, 30)


def domicile(**regles: Any) -> Champ:
    rules = {"natures": NATURES, "moins_de_mois": 3, "nombre_max": 3, **regles}
    return champ("piece", piece=rules)


FAUTES: list[tuple[list[Decrit], dict[str, Any], str]] = [
    ([Decrit("facture", RECENT)], {}, ""),
    ([Decrit("impots", date(2025, 1, 1))], {}, ""),
    ([Decrit("heberge", RECENT), Decrit("hote")], {}, ""),
    ([Decrit("facture", VIEUX)], {"trop_ancien": "signale"}, ""),
    ([Decrit("", RECENT)], {}, f"Dites quel document vous avez joint{NB}: choisissez-le dans la liste."),
    ([Decrit("facture")], {}, "Indiquez la date écrite sur le document, par exemple 27 3 2026."),
    (
        [Decrit("facture", JOUR + timedelta(1))],
        {},
        f"Vérifiez la date du document{NB}: elle est à venir.",
    ),
    (
        [Decrit("facture", VIEUX)],
        {},
        f"Ce document est du 30{NB}novembre 2025{NB}: il doit avoir moins de 3 mois. Joignez-en un plus récent.",
    ),
    (
        [Decrit("hote")],
        {},
        f"Ce qui est joint ne suffit pas. Joignez aussi un de ces documents{NB}: "
        "Facture d’énergie ; Avis d’imposition ; Attestation d’hébergement.",
    ),
    (
        [Decrit("heberge", RECENT)],
        {},
        f"Avec «{NB}Attestation d’hébergement{NB}», joignez aussi{NB}: Identité de l’hébergeur.",
    ),
    (
        [Decrit("facture", RECENT)],
        {"nombre_min": 2},
        f"Joignez ceci{NB}: 2 fichiers au moins, il y en a 1.",
    ),
]


@pytest.mark.parametrize(("documents", "regles", "sentence"), FAUTES)
def test_kinds_ages_and_numbers_are_checked(
    documents: list[Decrit], regles: dict[str, Any], sentence: str
) -> None:
    assert (faute_pieces(domicile(**regles), documents, JOUR) or "") == sentence


@pytest.mark.parametrize(
    "regles",
    [
        {"natures": [*NATURES, NATURES[0]]},
        {"natures": [{"valeur": "a", "libelle": "A", "avec": "b"}]},
        {"natures": [{"valeur": "a", "libelle": "A", "avec": "a"}]},
        {"nombre_max": 1},
        {"nombre_min": 4},
        {
            "natures": [
                {"valeur": "a", "libelle": "A", "avec": "b"},
                {"valeur": "b", "libelle": "B", "avec": "a"},
            ]
        },
    ],
)
def test_kinds_that_nobody_could_give_are_refused(regles: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        domicile(**regles)


def test_the_last_check_before_submission_looks_at_the_documents() -> None:
    piece = DEFINITION.champ("q_piece")
    old = {"q_piece": [Decrit("facture", VIEUX)]}
    said = {id_: phrase for _, id_, phrase in a_completer(DEFINITION, {}, old, JOUR)}
    assert "moins de 3 mois" in said["q_piece"]
    assert "q_piece" not in {id_ for _, id_, _ in a_completer(DEFINITION, {}, {piece.id}, JOUR)}


def _plan(definition: Definition) -> Plan:
    return Plan({("v", ""): definition}, ZoneInfo("Europe/Paris"))


def test_an_export_names_the_kind_of_each_document() -> None:
    told = {"nom": "f.pdf", "raison": "", "motif": "", "champ": "q_piece"}
    pieces = [
        {**told, "nature": "facture", "date": "2026-01-05", "etat": "acceptee"},
        {**told, "nature": "", "date": None, "etat": "jointe"},
    ]
    plan = _plan(DEFINITION)
    lines = list(plan.lignes(DOSSIER | {"reponses": {}, "pieces": pieces}))
    main = dict(zip([column.titre for column in plan.feuilles[0].colonnes], lines[0][1], strict=True))
    assert main["Justificatif de domicile"] == (
        f"Facture d’énergie, du 5{NB}janvier 2026 (accepté) ; f.pdf (à examiner)"
    )
    assert plan.feuilles[-1].nom == "Documents"
    last = len(plan.feuilles) - 1
    assert [line[1:] for sheet, line in lines if sheet == last] == [
        ["Justificatif de domicile", "Facture d’énergie", RECENT, "Accepté", None, "f.pdf"],
        ["Justificatif de domicile", None, None, "À examiner", None, "f.pdf"],
    ]
    assert _plan(DEFINITION.model_copy(update={"pages": DEFINITION.pages[:2]})).feuilles[-1].nom == "Dossiers"


def test_a_sheet_has_a_name_that_spreadsheets_take() -> None:
    page = DEFINITION.pages[2]
    bloc = DEFINITION.champ("q_bloc")
    titles = (f"Qui vit avec vous{NB}?", "documents", "Les personnes à charge de plus de dix-huit ans")
    blocs = [bloc.model_copy(update={"id": f"b{n}", "libelle": title}) for n, title in enumerate(titles)]
    pages = (page.model_copy(update={"champs": (*blocs, DEFINITION.champ("q_piece"))}),)
    plan = _plan(DEFINITION.model_copy(update={"pages": pages}))
    names = [feuille.nom for feuille in plan.feuilles]
    assert names == [
        "Dossiers",
        "Qui vit avec vous",
        "documents",
        "Les personnes à charge de plus",
        "Documents (2)",
    ]
    redacteur = RedacteurXlsx(plan, "Essai")
    redacteur.fermer()
    assert redacteur.prendre()
    redacteur.abandonner()


async def _pieces_page(portail: Portail) -> Page:
    await ouvrir(portail.noyau)
    page = await portail.navigateur("guingamp").get(f"/demarches/{SLUG}/remplir")
    page = await page.envoyer({"q_texte": "Concert", "action": "continuer"}, action="etapes/simples")
    return await page.envoyer({"action": "continuer"}, action="etapes/personnes")


def _jour(prefixe: str, jour: date) -> dict[str, str | list[str]]:
    return {
        f"{prefixe}-jour": str(jour.day),
        f"{prefixe}-mois": str(jour.month),
        f"{prefixe}-annee": str(jour.year),
    }


@pytest.mark.anyio
async def test_a_document_is_described_corrected_and_shown_without_script(
    portail: Portail, base: BaseEssai, cast: Cast
) -> None:
    portail.noyau.antivirus = Sain()
    today = portail.noyau.clock.now().date()
    page = await _pieces_page(portail)
    assert "Facture d’énergie" in page.texte
    photo = {"q_piece": ("facture.jpg", image_jpeg(), "image/jpeg")}
    page = await page.envoyer({"action": "joindre"}, action="etapes/composees", fichiers=photo)
    ((piece,),) = base.sql("SELECT id FROM demarches_piece")
    refused = await page.envoyer({"action": "continuer"}, action="etapes/composees")
    assert refused.statut == 422
    assert "Dites quel document vous avez joint" in refused.texte
    prefixe = f"q_piece-{piece.hex}"
    old = {f"{prefixe}-nature": "facture", **_jour(prefixe, today - timedelta(200))}
    refused = await refused.envoyer({**old, "action": "continuer"}, action="etapes/composees")
    assert refused.statut == 422
    assert "il doit avoir moins de 3 mois" in refused.texte
    page = await refused.envoyer(
        {**_jour(prefixe, today - timedelta(20)), "action": "continuer"}, action="etapes/composees"
    )
    assert page.chemin.endswith("/recapitulatif"), page.texte[:800]
    assert "Facture d’énergie, du" in page.texte
    nav = page.navigateur
    seen = await nav.client.get(nav.url(f"/pieces/{piece}/vignette"))
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert "sandbox" in seen.headers["content-security-policy"]
    # Taken off, its bytes and those of its thumbnail are destroyed.
    back = await nav.get(page.liens("#q_piece")[0].partition("#")[0])
    await back.envoyer({"supprimer_piece": str(piece)}, action="etapes/composees")
    await run_jobs(portail)
    assert base.sql("SELECT count(*) FROM demarches_piece") == [(0,)]
    gone = await nav.client.get(nav.url(f"/pieces/{piece}/vignette"))
    assert gone.status_code == 404
