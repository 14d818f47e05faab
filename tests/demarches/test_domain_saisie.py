"""Reading a page: right answers are typed, wrong ones get a sentence, nothing typed is lost."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demarches.definitions import Champ, Definition, Option, load_catalogue
from app.demarches.domain import (
    afficher,
    entrees_de,
    nettoyer,
    parse_champ,
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
    "siret": Champ(id="x", type="siret", libelle="Siret", sujet="le numéro SIRET"),
    "rna": Champ(id="x", type="rna", libelle="RNA", sujet="le numéro RNA"),
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
        {**ADRESSE, "code_insee": "22070"},
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


def test_nothing_is_shown_as_nothing_rather_than_as_a_blank() -> None:
    assert afficher(CHAMPS["texte"], None) == "Non renseigné"
    assert afficher(CHAMPS["oui_non"], False) == "Non"
    assert afficher(CHAMPS["entier"], 0) == f"0{NB}km"
