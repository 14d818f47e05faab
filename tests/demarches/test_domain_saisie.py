"""Reading a page: right answers are typed, wrong ones get a sentence, nothing typed is lost."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demarches.definitions import Champ, Definition, Option, load_catalogue
from app.demarches.domain import (
    a_completer,
    afficher,
    avertissements,
    champs_visibles,
    entrees_de,
    nettoyer,
    pages_applicables,
    parse_champ,
    parse_page,
    remplir_modele,
    reponses_effectives,
    visible,
)

JOUR = date(2026, 3, 1)
NB = "\u00a0"


def _definition(slug: str) -> Definition:
    return next(definition for definition in load_catalogue() if definition.slug == slug)


ODP = _definition("occupation-domaine-public")
ACTE = _definition("acte-naissance")
LETTRES = tuple(Option(valeur=value, libelle=value.upper()) for value in "abc")
CHAMPS = {
    "texte": Champ(id="x", type="texte", libelle="Texte", sujet="le texte", longueur_max=10),
    "texte_long": Champ(id="x", type="texte_long", libelle="Texte", sujet="le texte"),
    "siret": Champ(id="x", type="texte", format="siret", libelle="Siret", sujet="le numéro SIRET"),
    "rna": Champ(id="x", type="texte", format="rna", libelle="RNA", sujet="le numéro RNA"),
    "entier": Champ.model_validate(
        {
            "id": "x",
            "type": "entier",
            "libelle": "Places",
            "sujet": "le nombre",
            "min": 1,
            "max": 2000,
            "unite": "km",
        }
    ),
    "decimal": Champ.model_validate(
        {"id": "x", "type": "decimal", "libelle": "Surface", "sujet": "la surface", "min": 0.5, "unite": "m²"}
    ),
    "date": Champ(
        id="x",
        type="date",
        libelle="Début",
        sujet="la date de début",
        date_min="aujourdhui",
        date_max="aujourdhui+365",
    ),
    "choix": Champ(id="x", type="choix", libelle="Lettre", sujet="une lettre", options=LETTRES),
    "choix_multiple": Champ(
        id="x", type="choix_multiple", libelle="Lettres", sujet="les lettres", options=LETTRES
    ),
    "oui_non": Champ(id="x", type="oui_non", libelle="Vraiment ?"),
    "civilite": Champ(id="x", type="civilite", libelle="Civilité", sujet="votre civilité"),
    "courriel": Champ(id="x", type="courriel", libelle="Adresse", sujet="votre adresse électronique"),
    "telephone": Champ(id="x", type="telephone", libelle="Téléphone", sujet="votre numéro"),
    "adresse": Champ(id="x", type="adresse", libelle="Adresse", sujet="votre adresse"),
    "etranger": Champ(id="x", type="adresse", libelle="Adresse", sujet="votre adresse", etranger=True),
}


def _brut(champ: Champ, *typed: str) -> dict[str, list[str]]:
    if len(champ.entrees) == 1:
        return {champ.id: list(typed)}
    return {name: [text] for name, text in zip(champ.entrees, typed, strict=True)}


ADRESSE = {"ligne": "12 rue Notre-Dame", "complement": "", "code_postal": "22200", "commune": "Guingamp"}
DROITS = {**ADRESSE, "code_postal": "H2X 1Y4".replace(" ", ""), "commune": "Montréal, Canada"}

READ: list[tuple[str, tuple[str, ...], Any, str]] = [
    ("texte", ("  Łucja 🐚 ",), "Łucja 🐚", "Łucja 🐚"),
    ("texte", ("e\u0301te\u0301",), "été", "été"),
    ("texte", ("a\x00b\u202ec\r\nd",), "abc d", "abc d"),
    ("texte_long", ("un\r\ndeux\x07",), "un\ndeux", "un\ndeux"),
    ("siret", ("213 502 388 00019",), "21350238800019", f"213{NB}502{NB}388{NB}00019"),
    ("rna", ("w 224 001 234",), "W224001234", "W224001234"),
    ("entier", ("1 200",), 1200, f"1\u202f200{NB}km"),
    ("entier", ("12 km",), 12, f"12{NB}km"),
    ("decimal", ("12,50 m²",), "12.5", f"12,5{NB}m²"),
    ("decimal", ("100",), "100", f"100{NB}m²"),
    ("date", ("27", "3", "2026"), "2026-03-27", f"27{NB}mars 2026"),
    ("date", ("1er", "avril", "2026"), "2026-04-01", f"1er{NB}avril 2026"),
    ("date", ("08", "Août", "2026"), "2026-08-08", f"8{NB}août 2026"),
    ("date", ("27/03/2026", "", ""), "2026-03-27", f"27{NB}mars 2026"),
    ("choix", ("b",), "b", "B"),
    ("choix_multiple", ("c", "a"), ["a", "c"], "A, C"),
    ("oui_non", ("non",), False, "Non"),
    ("oui_non", ("oui",), True, "Oui"),
    ("civilite", ("madame",), "madame", "Madame"),
    ("courriel", ("maelle@Guingamp.Example",), "maelle@guingamp.example", "maelle@guingamp.example"),
    ("telephone", ("02.61.91.22.70",), "+33261912270", f"02{NB}61{NB}91{NB}22{NB}70"),
    ("telephone", ("+32 470 12 34 56",), "+32470123456", f"+32{NB}470{NB}12{NB}34{NB}56"),
    (
        "adresse",
        ("12 rue Notre-Dame", "", "22 200", "Guingamp"),
        ADRESSE,
        "12 rue Notre-Dame, 22200 Guingamp",
    ),
    (
        "etranger",
        ("12 rue Notre-Dame", "", "H2X1Y4", "Montréal, Canada"),
        DROITS,
        "12 rue Notre-Dame, H2X1Y4 Montréal, Canada",
    ),
]


@pytest.mark.parametrize(("kind", "typed", "value", "shown"), READ)
def test_what_is_typed_is_read_shown_in_french_and_put_back_in_the_form(
    kind: str, typed: tuple[str, ...], value: Any, shown: str
) -> None:
    champ = CHAMPS[kind]
    read = parse_champ(champ, _brut(champ, *typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (value, None)
    assert read.brut == _brut(champ, *typed)
    assert afficher(champ, value) == shown
    assert parse_champ(champ, entrees_de(champ, value), {}, JOUR).valeur == value


WRONG: list[tuple[str, tuple[str, ...], str]] = [
    ("texte", ("trop long vraiment",), f"Raccourcissez le texte{NB}: 10 caractères au plus, il y en a 18."),
    ("siret", ("21350238800018",), f"Vérifiez le numéro SIRET{NB}: un des 14 chiffres n’est pas le bon."),
    (
        "rna",
        ("X224001234",),
        f"Indiquez le numéro RNA{NB}: la lettre W puis 9 chiffres, par exemple W224001234.",
    ),
    ("entier", ("douze",), "Indiquez le nombre par un nombre entier, par exemple 12."),
    ("entier", ("1,5",), "Indiquez le nombre par un nombre entier, par exemple 12."),
    ("entier", ("0",), f"Indiquez le nombre{NB}: 1 km au moins."),
    ("entier", ("2001",), f"Indiquez le nombre{NB}: 2\u202f000 km au plus."),
    ("decimal", ("beaucoup",), "Indiquez la surface par un nombre, par exemple 12,5."),
    ("decimal", ("0,4",), f"Indiquez la surface{NB}: 0,5 m² au moins."),
    (
        "date",
        ("31", "2", "2026"),
        f"Vérifiez la date de début{NB}: le 31 2 2026 n’existe pas dans le calendrier.",
    ),
    (
        "date",
        ("27", "germinal", "2026"),
        f"Vérifiez la date de début{NB}: écrivez-la en chiffres, par exemple 27 3 2026.",
    ),
    ("date", ("28", "2", "2026"), f"Indiquez la date de début{NB}: à partir du 1er{NB}mars 2026."),
    ("date", ("2", "3", "2027"), f"Indiquez la date de début{NB}: au plus tard le 1er{NB}mars 2027."),
    ("date", ("1", "1", "0026"), "Vérifiez l’année de la date de début."),
    ("choix", ("z",), "Choisissez une lettre dans la liste."),
    ("choix_multiple", ("a", "z"), "Choisissez les lettres dans la liste."),
    ("oui_non", ("peut-être",), "Répondez par oui ou par non : Vraiment ?".replace(" :", f"{NB}:")),
    ("civilite", ("docteur",), "Choisissez votre civilité."),
    (
        "courriel",
        ("a b@exemple.fr",),
        f"Vérifiez votre adresse électronique{NB}: écrivez-la comme nom@exemple.fr, sans espace.",
    ),
    (
        "telephone",
        ("09999999999999",),
        f"Vérifiez votre numéro{NB}: 10 chiffres, par exemple 02 61 91 00 00, "
        "ou + et l’indicatif d’un autre pays.",
    ),
    (
        "adresse",
        ("1 rue", "", "2220A", "Guingamp"),
        f"Complétez votre adresse{NB}: le code postal a 5 chiffres, par exemple 22200.",
    ),
]


@pytest.mark.parametrize(("kind", "typed", "phrase"), WRONG)
def test_what_cannot_be_an_answer_gets_a_sentence_and_is_kept_as_typed(
    kind: str, typed: tuple[str, ...], phrase: str
) -> None:
    champ = CHAMPS[kind]
    read = parse_champ(champ, _brut(champ, *typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (None, phrase)
    assert read.brut == _brut(champ, *typed)


UNFINISHED: list[tuple[str, tuple[str, ...]]] = [
    ("texte", ("",)),
    ("siret", ("213 502",)),
    ("rna", ("W22",)),
    ("date", ("27", "", "")),
    ("date", ("27", "3", "202")),
    ("courriel", ("maelle",)),
    ("courriel", ("maelle@",)),
    ("telephone", ("02 61",)),
    ("adresse", ("12 rue Notre-Dame", "", "", "")),
    ("adresse", ("12 rue Notre-Dame", "", "22", "Guingamp")),
]


@pytest.mark.parametrize(("kind", "typed"), UNFINISHED)
def test_a_field_that_saves_itself_does_not_scold(kind: str, typed: tuple[str, ...]) -> None:
    champ = CHAMPS[kind]
    read = parse_champ(champ, _brut(champ, *typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (None, None)
    assert read.brut == _brut(champ, *typed)


@given(st.text(), st.booleans())
def test_cleaning_keeps_what_can_be_stored_and_is_stable(text: str, lignes: bool) -> None:
    clean = nettoyer(text, lignes=lignes)
    assert nettoyer(clean, lignes=lignes) == clean
    assert "\x00" not in clean
    clean.encode("utf-8")
    assert lignes or "\n" not in clean


@given(st.sampled_from(sorted(CHAMPS)), st.lists(st.text(max_size=30), min_size=4, max_size=4))
def test_no_input_whatever_breaks_the_reading(kind: str, typed: list[str]) -> None:
    champ = CHAMPS[kind]
    brut = {name: [text] for name, text in zip(champ.entrees, typed, strict=False)}
    read = parse_champ(champ, brut, {}, JOUR)
    assert read.brut == brut
    if read.valeur is not None:
        assert parse_champ(champ, entrees_de(champ, read.valeur), {}, JOUR).valeur == read.valeur
        assert afficher(champ, read.valeur)


@given(st.dates(date(2026, 3, 1), date(2027, 3, 1)))
def test_every_day_within_the_limits_is_read_and_put_back(day: date) -> None:
    champ = CHAMPS["date"]
    assert parse_champ(champ, entrees_de(champ, day.isoformat()), {}, JOUR).valeur == day.isoformat()


def test_conditions_nest_and_look_at_several_kinds_of_answers() -> None:
    both = {"tous": [{"champ": "n", "egal": 3}, {"champ": "liste", "contient": "a"}]}
    rule = {"un": [both, {"champ": "t", "renseigne": True}]}
    last = Champ.model_validate({"id": "fin", "type": "texte", "libelle": "Fin", "si": rule})
    assert not visible(last, {})
    assert not visible(last, {"n": 3, "liste": ["b"], "t": ""})
    assert visible(last, {"n": 3, "liste": ["b", "a"]})
    assert visible(last, {"t": "x"})
    empty = {"champ": "t", "renseigne": False}
    unanswered = Champ.model_validate({"id": "fin", "type": "texte", "libelle": "Fin", "si": empty})
    assert visible(unanswered, {})
    assert not visible(unanswered, {"t": "x"})


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
    page = ACTE.page("personne")
    whole = [champ.id for champ in champs_visibles(page, {"type_acte": "copie_integrale"})]
    short = [champ.id for champ in champs_visibles(page, {"type_acte": "extrait_sans_filiation"})]
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
    asked = [champ.id for champ in champs_visibles(ODP.page("occupation"), answers)]
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


def test_nothing_is_shown_as_nothing_rather_than_as_a_blank() -> None:
    assert afficher(CHAMPS["texte"], None) == "Non renseigné"
    assert afficher(CHAMPS["oui_non"], False) == "Non"
    assert afficher(CHAMPS["entier"], 0) == f"0{NB}km"
