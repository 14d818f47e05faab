"""A page sent whole, the last check before submission, and the words of a decision."""

from datetime import date
from typing import Any

import pytest

from app.demarches.definitions import Definition, load_catalogue
from app.demarches.domain import (
    a_completer,
    avertissements,
    champs_visibles,
    pages_applicables,
    parse_page,
    remplir_modele,
    reponses_effectives,
)

JOUR = date(2026, 3, 1)
NB = "\u00a0"


def _definition(slug: str) -> Definition:
    return next(definition for definition in load_catalogue() if definition.slug == slug)


ODP = _definition("occupation-domaine-public")
ACTE = _definition("acte-naissance")
ADRESSE = {"ligne": "12 rue Notre-Dame", "complement": "", "code_postal": "22200", "commune": "Guingamp"}


def _page(
    brut: dict[str, list[str]], reponses: dict[str, Any] | None = None, page: str = "occupation"
) -> Any:
    return parse_page(ODP, ODP.page(page), brut, reponses or {}, JOUR)


OCCUPATION = {
    "nature": ["benne"],
    "surface": ["12,5"],
    "date_debut-jour": ["27"],
    "date_debut-mois": ["3"],
    "date_debut-annee": ["2026"],
    "date_fin-jour": ["28"],
    "date_fin-mois": ["3"],
    "date_fin-annee": ["2026"],
    "horaires": [""],
    "stationnement": ["non"],
    "stationnement_places": ["cent"],
    "circulation": ["non"],
    "travaux_entreprise": ["non"],
}


def test_a_page_sent_whole_gives_typed_answers_and_ignores_what_is_not_asked() -> None:
    saisie = _page(OCCUPATION)
    assert saisie.valide
    assert saisie.valeurs == {
        "nature": "benne",
        "surface": "12.5",
        "date_debut": "2026-03-27",
        "date_fin": "2026-03-28",
        "horaires": None,
        "stationnement": False,
        "circulation": False,
        "travaux_entreprise": False,
    }
    assert saisie.brut["stationnement_places"] == ("cent",)


def test_an_empty_page_says_for_each_mandatory_question_what_to_do() -> None:
    saisie = _page({})
    assert saisie.erreurs["date_debut"] == "Indiquez la date de début, par exemple 27 3 2026."
    assert saisie.ancres["date_debut"] == "date_debut-jour"
    assert saisie.erreurs["nature"] == "Choisissez ce que vous allez installer ou faire."
    assert saisie.erreurs["surface"] == "Indiquez la surface occupée."
    assert "horaires" not in saisie.erreurs
    assert "stationnement_places" not in saisie.erreurs


def test_an_answer_just_given_decides_which_questions_are_asked() -> None:
    saisie = _page({**OCCUPATION, "stationnement": ["oui"]})
    phrase = "Indiquez le nombre de places à réserver par un nombre entier, par exemple 12."
    assert saisie.erreurs == {"stationnement_places": phrase}
    assert saisie.valeurs["stationnement_places"] is None


def test_a_wrong_answer_replaces_the_stored_one_by_nothing() -> None:
    saisie = _page({**OCCUPATION, "surface": ["grande"]}, {"surface": "3"})
    assert saisie.valeurs["surface"] is None
    assert saisie.brut["surface"] == ("grande",)


def test_an_error_inside_a_date_leads_to_the_part_that_is_missing() -> None:
    saisie = _page({**OCCUPATION, "date_debut-mois": [""]})
    assert saisie.ancres["date_debut"] == "date_debut-mois"
    assert "il manque le mois" in saisie.erreurs["date_debut"]


def test_the_last_day_cannot_come_before_the_first() -> None:
    saisie = _page({**OCCUPATION, "date_fin-jour": ["26"]})
    assert saisie.erreurs == {"date_fin": f"Indiquez la date de fin{NB}: à partir du 27{NB}mars 2026."}


def test_pages_that_do_not_concern_the_person_are_skipped() -> None:
    own = {"type_acte": "extrait_sans_filiation", "pour_qui": "moi"}
    other = {"type_acte": "copie_integrale", "pour_qui": "autre"}
    assert [page.id for page in pages_applicables(ACTE, own)] == ["document", "vous"]
    assert [page.id for page in pages_applicables(ACTE, other)] == ["document", "personne", "parents", "vous"]
    assert [page.id for page in pages_applicables(ACTE, {})] == ["document", "vous"]


def test_proof_of_the_link_is_asked_only_for_somebody_elses_parentage() -> None:
    page, other = ACTE.page("personne"), {"pour_qui": "autre"}
    whole = [champ.id for champ in champs_visibles(ACTE, page, other | {"type_acte": "copie_integrale"})]
    short = [
        champ.id for champ in champs_visibles(ACTE, page, other | {"type_acte": "extrait_sans_filiation"})
    ]
    assert "justificatif_lien" in whole
    assert short == ["personne_nom", "personne_prenoms", "personne_date_naissance"]


def test_an_answer_to_a_question_no_longer_asked_counts_for_nothing() -> None:
    answers = {
        "qualite": "particulier",
        "siret": "21350238800019",
        "nature": "terrasse",
        "travaux_entreprise": True,
    }
    answers |= {"travaux_entreprise_nom": "BTP Argoat", "inconnu": 1}
    assert reponses_effectives(ODP, answers) == {"qualite": "particulier", "nature": "terrasse"}
    asked = [champ.id for champ in champs_visibles(ODP, ODP.page("occupation"), answers)]
    assert "travaux_entreprise_nom" not in asked


COMPLETE = {
    "qualite": "particulier",
    "nom": "Le Goff",
    "prenoms": "Maëlle",
    "adresse": ADRESSE,
    "courriel": "maelle@guingamp.example",
    "telephone": "+33261912270",
    "lieu_voie": "rue Notre-Dame",
    "gestionnaire": "commune",
    "nature": "demenagement",
    "surface": "12.5",
    "date_debut": "2026-03-27",
    "date_fin": "2026-03-28",
    "stationnement": False,
    "circulation": False,
}
PIECES = {"plan_situation", "plan_localisation", "photos"}


def test_a_complete_request_has_nothing_left_to_complete() -> None:
    assert a_completer(ODP, COMPLETE, PIECES, JOUR) == []


def test_the_last_check_names_page_field_and_what_to_do() -> None:
    works = f"Répondez par oui ou par non{NB}: {ODP.champ('travaux_entreprise').libelle}"
    answers = {key: value for key, value in COMPLETE.items() if key != "lieu_voie"} | {"nature": "benne"}
    assert a_completer(ODP, answers, PIECES - {"photos"}, JOUR) == [
        ("lieu", "lieu_voie", "Indiquez la rue, la route ou la place."),
        (
            "occupation",
            "travaux_entreprise",
            works,
        ),
        ("pieces", "photos", "Joignez au moins une photo du lieu."),
        ("pieces", "assurance", "Joignez l’attestation d’assurance."),
    ]


def test_the_last_check_sees_a_date_that_has_passed_since_it_was_typed() -> None:
    later = date(2026, 3, 28)
    assert a_completer(ODP, COMPLETE, PIECES, later) == [
        ("occupation", "date_debut", f"Indiquez la date de début{NB}: à partir du 28{NB}mars 2026.")
    ]


def test_a_start_in_less_than_fifteen_days_is_remarked_without_blocking() -> None:
    assert avertissements(ODP, COMPLETE, JOUR) == {}
    soon = avertissements(ODP, COMPLETE, date(2026, 3, 20))
    assert "moins de quinze jours" in soon["date_debut"]
    assert avertissements(ODP, {}, JOUR) == {}


def test_a_model_of_decision_is_filled_with_displayed_answers() -> None:
    assert ODP.decision is not None
    text = "\n".join(ODP.decision.articles_acceptation)
    words = {"demandeur": "Maëlle Le Goff", "commune": "Guingamp"}
    filled = remplir_modele(ODP, text, COMPLETE, words)
    assert "rue Notre-Dame à Guingamp, est accordée à Maëlle Le Goff" in filled
    assert f"du 27{NB}mars 2026 au 28{NB}mars 2026, pour une surface de 12,5{NB}m²" in filled
    assert "{" not in filled
    with pytest.raises(KeyError):
        remplir_modele(ODP, "{numero}", COMPLETE, {})
