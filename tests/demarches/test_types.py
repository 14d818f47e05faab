"""The types of fields: each reads what people type, says what is wrong, shows, exports, and tells expressions."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.demarches.definitions import Champ
from app.demarches.domain import afficher, entrees_de, parse_champ
from app.demarches.types import TYPES, ContexteDeSaisie
from app.socle.langues import traduire

JOUR = date(2026, 3, 1)
NB = "\u00a0"
NIVEAUX = [
    {
        "valeur": "voirie",
        "libelle": "Voirie",
        "options": [{"valeur": "trou", "libelle": "Trou"}, {"valeur": "panneau", "libelle": "Panneau"}],
    },
    {"valeur": "eau", "libelle": "Eau", "options": [{"valeur": "fuite", "libelle": "Fuite"}]},
]


def champ(type_: str, **attributs: Any) -> Champ:
    return Champ.model_validate(
        {"id": "x", "type": type_, "libelle": "Question", "sujet": "ceci", **attributs}
    )


CHAMPS = {
    "texte": champ("texte"),
    "texte_long": champ("texte_long"),
    "entier": champ("entier", min=0, unite="m"),
    "decimal": champ("decimal"),
    "montant": champ("montant", min="0.5", max=5000),
    "oui_non": champ("oui_non"),
    "choix": champ("choix", options=NIVEAUX[0]["options"]),
    "choix_multiple": champ("choix_multiple", options=NIVEAUX[0]["options"]),
    "listes_liees": champ("listes_liees", options=NIVEAUX, niveaux=["Famille", "Objet"]),
    "date": champ("date"),
    "heure": champ("heure", heure_min="08:00", heure_max="22:30"),
    "periode": champ("periode", date_min="aujourdhui"),
    "civilite": champ("civilite"),
    "courriel": champ("courriel"),
    "telephone": champ("telephone"),
    "adresse": champ("adresse"),
    "siret": champ("siret"),
    "rna": champ("rna"),
    "iban": champ("iban"),
    "nir": champ("nir"),
    "numero_caf": champ("numero_caf"),
    "predemande_ants": champ("predemande_ants"),
    "immatriculation": champ("immatriculation"),
    "formate": champ("formate", motif="AA-9{3}[-/]X?", exemple="AB-123-"),
    "consentement": champ("consentement"),
    "signature": champ("signature"),
    "identite": champ("identite", demande=["civilite", "naissance", "adresse"]),
    "enfant": champ("enfant", demande=["sexe"]),
    "tableau": champ(
        "tableau",
        lignes=[{"id": "achats", "libelle": "Achats"}, {"id": "salaires", "libelle": "Salaires"}],
        colonnes=[
            {"id": "prevu", "libelle": "Prévu"},
            {"id": "heures", "libelle": "Heures", "genre": "nombre"},
        ],
    ),
    "commune": champ("commune"),
    "departement": champ("departement"),
    "pays": champ("pays", anciennes=True),
    "calcul": champ("calcul", calcul="2 + 2", resultat="montant"),
    "bloc": champ(
        "bloc",
        lignes_max=200,
        ligne="Enfant",
        champs=[
            {"id": "prenom", "type": "texte", "libelle": "Prénom", "obligatoire": True},
            {"id": "naissance", "type": "date", "libelle": "Naissance", "date_max": "aujourdhui"},
            {
                "id": "repas",
                "type": "bloc",
                "libelle": "Repas",
                "champs": [{"id": "nombre", "type": "entier", "libelle": "Nombre"}],
            },
        ],
    ),
}
PERIODE = {
    "x-debut-jour": "1",
    "x-debut-mois": "mars",
    "x-debut-annee": "2026",
    "x-fin-jour": "3",
    "x-fin-mois": "4",
    "x-fin-annee": "2026",
}
IBAN = "FR7630006000011234567890189"
NIR = "269054958815780"


def _brut(typed: str | dict[str, str]) -> dict[str, list[str]]:
    return {name: [text] for name, text in (typed if isinstance(typed, dict) else {"x": typed}).items()}


# Type, what is typed, what is stored, what is shown, the cells of an export.
LU: list[tuple[str, str | dict[str, str], Any, str, tuple[Any, ...]]] = [
    ("montant", "1 234,5 €", 123450, f"1\u202f234,50{NB}€", (Decimal("1234.5"),)),
    ("montant", "12 euros", 1200, f"12{NB}€", (Decimal(12),)),
    ("heure", "14h30", "14:30", f"14{NB}h{NB}30", ("14:30",)),
    ("heure", "9 h", "09:00", f"9{NB}h", ("09:00",)),
    ("heure", "1430", "14:30", f"14{NB}h{NB}30", ("14:30",)),
    (
        "periode",
        PERIODE,
        {"debut": "2026-03-01", "fin": "2026-04-03"},
        f"du 1er{NB}mars 2026 au 3{NB}avril 2026",
        (date(2026, 3, 1), date(2026, 4, 3)),
    ),
    (
        "listes_liees",
        "voirie/trou",
        {"niveau1": "voirie", "niveau2": "trou"},
        "Voirie › Trou",
        ("Voirie", "Trou"),
    ),
    (
        "iban",
        "fr76 3000 6000 0112 3456 7890 189",
        IBAN,
        f"FR76{NB}3000{NB}6000{NB}0112{NB}3456{NB}7890{NB}189",
        (),
    ),
    ("nir", "2 69 05 49 588 157 80", NIR, f"2{NB}69{NB}05{NB}49{NB}588{NB}157{NB}80", ()),
    ("numero_caf", "1234567 a", "1234567A", f"1234567{NB}A", ()),
    ("predemande_ants", "ab12cd34ef", "AB12CD34EF", "AB12CD34EF", ()),
    ("immatriculation", "ab 123 cd", "AB123CD", "AB-123-CD", ()),
    ("immatriculation", "1234 ab 22", "1234AB22", f"1234{NB}AB{NB}22", ()),
    ("formate", "ab-123/z", "AB-123/Z", "AB-123/Z", ()),
    ("consentement", "oui", True, "Oui", ()),
    ("consentement", "", False, "Non", ()),
    (
        "signature",
        " Maëlle  Le Goff",
        {"nom": "Maëlle  Le Goff", "date": "2026-03-01"},
        f"Maëlle  Le Goff, le 1er{NB}mars 2026",
        ("Maëlle  Le Goff", JOUR),
    ),
]


@pytest.mark.parametrize(("nom", "typed", "value", "shown", "cells"), LU)
def test_what_is_typed_is_stored_shown_exported_and_put_back(
    nom: str, typed: str | dict[str, str], value: Any, shown: str, cells: tuple[Any, ...]
) -> None:
    field = CHAMPS[nom]
    read = parse_champ(field, _brut(typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (value, None)
    assert afficher(field, value) == shown
    assert parse_champ(field, entrees_de(field, value), {}, JOUR).valeur == value
    assert field.genre.cellules(field, value) == (cells or (shown,))
    assert len(field.genre.colonnes(field)) == len(field.genre.cellules(field, None))


LIGNES = {
    "x": ["r1", "r2", "r3"],
    "x-r1-prenom": ["Léa"],
    "x-r1-naissance-jour": ["1"],
    "x-r1-naissance-mois": ["3"],
    "x-r1-naissance-annee": ["2020"],
    "x-r1-repas": ["a"],
    "x-r1-repas-a-nombre": ["2"],
    "x-r2-prenom": ["Yann"],
    "x-r2-repas": ["a"],
    "x-r2-repas-a-nombre": [""],
    "x-r3-prenom": [" "],
}
LUES = [
    {"_id": "r1", "prenom": "Léa", "naissance": "2020-03-01", "repas": [{"_id": "a", "nombre": 2}]},
    {"_id": "r2", "prenom": "Yann"},
]


def test_rows_are_read_shown_exported_and_put_back() -> None:
    field = CHAMPS["bloc"]
    read = parse_champ(field, LIGNES, {}, JOUR)
    assert (read.valeur, read.erreur) == (LUES, None)
    assert read.brut == LIGNES
    assert parse_champ(field, entrees_de(field, LUES), {}, JOUR).valeur == LUES
    assert afficher(field, LUES).split("\n")[1] == f"Enfant 2{NB}– Prénom{NB}: Yann"
    assert field.genre.cellules(field, LUES) == (2,)
    assert [column.titre for column in field.genre.colonnes_lignes(field)] == ["Prénom", "Naissance", "Repas"]
    assert field.genre.cellules_lignes(field, LUES)[0][:2] == ("Léa", date(2020, 3, 1))
    assert field.genre.pour_expression(field, LUES)[0]["repas"][0]["nombre"] == Decimal(2)


def test_a_fault_inside_a_row_is_told_where_it_is_and_keeps_what_is_right() -> None:
    field = CHAMPS["bloc"]
    missing = parse_champ(field, {**LIGNES, "x-r1-prenom": [""]}, {}, JOUR)
    assert missing.erreur is None
    assert missing.details == {"x-r1-prenom": f"Indiquez votre réponse à «{NB}Prénom{NB}»."}
    assert missing.valeur[0]["naissance"] == "2020-03-01"
    wrong = parse_champ(field, {**LIGNES, "x-r1-repas-a-nombre": ["deux"]}, {}, JOUR)
    assert list(wrong.details) == ["x-r1-repas-a-nombre"]
    assert wrong.valeur is None
    (fault,) = field.genre.vue(field, wrong.brut, wrong.details).erreurs
    assert fault.cible == "x-r1-repas-a-nombre"


def test_rows_come_go_and_are_copied_by_buttons_alone() -> None:
    field = CHAMPS["bloc"]
    more = field.genre.agir(field, LIGNES, "ajouter x")
    assert more is not None
    assert more["x"][:3] == ["r1", "r2", "r3"]
    assert len(more["x"]) == 4
    twice = field.genre.agir(field, LIGNES, "dupliquer x r1")
    assert twice is not None
    copy = twice["x"][1]
    assert twice[f"x-{copy}-repas-a-nombre"] == ["2"]
    less = field.genre.agir(field, LIGNES, "retirer x r1")
    assert less is not None
    assert not [name for name in less if name.startswith("x-r1")]
    inner = field.genre.agir(field, LIGNES, "ajouter x-r1-repas")
    assert inner is not None
    assert len(inner["x-r1-repas"]) == 2
    assert field.genre.agir(field, LIGNES, "ajouter y") is None
    assert field.genre.agir(field, LIGNES, "effacer x r1") is None


def test_no_more_rows_than_allowed_and_no_fewer() -> None:
    field = CHAMPS["bloc"].model_copy(update={"lignes_min": 3})
    assert parse_champ(field, LIGNES, {}, JOUR).valeur == LUES
    assert field.genre.lire(field, LIGNES, ContexteDeSaisie(JOUR)).erreur is not None
    short = field.model_copy(update={"lignes_min": 0, "lignes_max": 1})
    read = parse_champ(short, LIGNES, {}, JOUR)
    assert read.valeur is None
    assert read.erreur == f"Retirez des lignes à ceci{NB}: 1 au plus."


BAN = {
    "x-ligne": "12 Rue Notre-Dame",
    "x-code_postal": "22200",
    "x-commune": "Guingamp",
    "x-code_insee": "22070",
    "x-ban_id": "22070_0420_00012",
    "x-lon": "-3.15",
    "x-lat": "48.56",
}


def test_what_the_address_base_says_is_kept_while_it_agrees_with_what_is_written() -> None:
    field = CHAMPS["adresse"]
    value = parse_champ(field, _brut(BAN), {}, JOUR).valeur
    assert (value["ban_id"], value["lon"], value["lat"]) == ("22070_0420_00012", -3.15, 48.56)
    assert parse_champ(field, entrees_de(field, value), {}, JOUR).valeur == value
    moved = parse_champ(field, _brut({**BAN, "x-commune": "Pabu"}), {}, JOUR).valeur
    assert (moved["code_insee"], "ban_id" in moved) == ("22161", False)
    forged = parse_champ(field, _brut({**BAN, "x-lat": "quelque part"}), {}, JOUR).valeur
    assert "lat" not in forged


def test_an_address_elsewhere_is_remarked_where_the_form_asks_so() -> None:
    field = champ("adresse", sur_place=True)
    here, away = ContexteDeSaisie(JOUR, code_insee="22070"), ContexteDeSaisie(JOUR, code_insee="35238")
    assert field.genre.lire(field, _brut(BAN), here).remarque is None
    read = field.genre.lire(field, _brut(BAN), away)
    assert read.erreur is None
    assert read.remarque == (
        "Cette adresse n’est pas à Rennes\u00a0: vérifiez qu’elle est bien celle qui est demandée."
    )


def test_a_namesake_is_chosen_among_those_that_are_near() -> None:
    field = CHAMPS["commune"]
    near = field.genre.vue(field, {"x": ["Saint-Denis"]}).donnees["choix"]
    assert {"93066", "97411"} <= {option.valeur for option in near}
    # A choice made for another name no longer counts once the name has changed.
    read = parse_champ(field, {"x": ["Guingamp"], "x-code": ["93066"]}, {}, JOUR)
    assert read.valeur["code"] == "22070"


def test_a_commune_that_is_no_more_is_taken_as_written_where_the_form_says_so() -> None:
    field = champ("commune", anciennes=True)
    read = parse_champ(field, _brut("Saint-Nulle-Part"), {}, JOUR)
    assert read.valeur == {"code": "", "nom": "Saint-Nulle-Part", "code_postal": ""}
    assert parse_champ(field, entrees_de(field, read.valeur), {}, JOUR).valeur == read.valeur
    # Bâgé-la-Ville has been part of Bâgé-Dommartin since 2018: its INSEE code still finds it.
    assert parse_champ(field, _brut("01144"), {}, JOUR).valeur["code"] == "01025"


def test_totals_are_those_of_the_cells_whatever_was_sent() -> None:
    field = CHAMPS["tableau"]
    sent = {"x-achats-prevu": ["10"], "x-total-prevu": ["9999"]}
    read = parse_champ(field, sent, {}, JOUR)
    assert read.valeur == {"lignes": {"achats": {"prevu": 1000}}}
    assert field.genre.pour_expression(field, read.valeur)["total_prevu"] == Decimal(10)
    wrong = parse_champ(field, {"x-achats-prevu": ["dix"]}, {}, JOUR)
    assert [fault.cible for fault in field.genre.vue(field, wrong.brut, wrong.details).erreurs] == [
        "x-achats-prevu"
    ]


def test_a_computed_value_is_never_read_from_the_browser() -> None:
    field = CHAMPS["calcul"]
    assert parse_champ(field, _brut("1000000"), {}, JOUR).valeur is None
    assert parse_champ(field, _brut("1000000"), {"x": "4"}, JOUR).valeur == "4"
    assert afficher(field, "4.5") == f"4,50{NB}€"
    assert field.genre.cellules(field, "4.5") == (Decimal("4.5"),)


def test_an_identity_keeps_what_is_right_and_names_what_is_missing() -> None:
    field = CHAMPS["identite"]
    typed = {"x-prenoms": ["Maëlle"], "x-nom_naissance": ["Le Goff"], "x-civilite": ["madame"]}
    read = field.genre.lire(field, typed, ContexteDeSaisie(JOUR))
    assert set(read.details) == {"x-naissance", "x-adresse"}
    assert read.valeur == {"civilite": "madame", "prenoms": "Maëlle", "nom_naissance": "Le Goff"}
    assert parse_champ(field, {}, {}, JOUR).valeur is None


REFUSE: list[tuple[str, str | dict[str, str], str]] = [
    ("montant", "beaucoup", "Indiquez ceci en euros, par exemple 12,50."),
    ("montant", "0,30", f"Indiquez ceci{NB}: 0,50{NB}€ au moins."),
    ("montant", "5000,01", f"Indiquez ceci{NB}: 5\u202f000{NB}€ au plus."),
    ("heure", "25h", "Indiquez ceci en heures et minutes, par exemple 14 h 30."),
    ("heure", "7h59", f"Indiquez ceci{NB}: à partir de 8{NB}h."),
    ("heure", "23h", f"Indiquez ceci{NB}: 22{NB}h{NB}30 au plus tard."),
    ("periode", {**PERIODE, "x-fin-mois": "2"}, f"Indiquez ceci{NB}: à partir du 1er{NB}mars 2026."),
    (
        "periode",
        {**PERIODE, "x-debut-mois": "5"},
        f"Vérifiez ceci{NB}: le dernier jour vient avant le premier.",
    ),
    ("commune", "Saint-Denis", f"Plusieurs lieux portent ce nom{NB}: choisissez ceci ci-dessous."),
    ("commune", "Trifouilly", f"Vérifiez ceci{NB}: ce nom n’est pas dans le code officiel géographique."),
    ("pays", "Syldavie", f"Vérifiez ceci{NB}: ce nom n’est pas dans le code officiel géographique."),
    ("tableau", {"x-achats-prevu": "beaucoup"}, "Complétez ou corrigez ceci."),
    ("listes_liees", "voirie/fuite", "Choisissez ceci dans la liste."),
    ("listes_liees", "voirie", "Choisissez ceci dans la liste."),
    ("iban", IBAN[:-1] + "8", f"Vérifiez ceci{NB}: un caractère n’est pas le bon. Recopiez-le de votre RIB."),
    ("nir", NIR[:-1] + "1", f"Vérifiez ceci{NB}: un des 15 chiffres n’est pas le bon."),
    (
        "numero_caf",
        "12345678",
        f"Indiquez ceci{NB}: 7 chiffres, parfois suivis d’une lettre, par exemple 1234567 A.",
    ),
    (
        "predemande_ants",
        "AB12CD34EF5",
        f"Indiquez ceci{NB}: 10 lettres et chiffres, sur le récapitulatif de la pré-demande.",
    ),
    (
        "immatriculation",
        "IO-123-UU",
        "Indiquez ceci comme sur la plaque, par exemple AB-123-CD ou 1234 AB 22.",
    ),
    (
        "formate",
        "AB-12A/Z",
        f"Vérifiez ceci{NB}: le format attendu est celui de cet exemple{NB}: AB-123-.",
    ),
]


@pytest.mark.parametrize(("nom", "typed", "sentence"), REFUSE)
def test_what_is_no_answer_gets_a_sentence_in_every_language(
    nom: str, typed: str | dict[str, str], sentence: str
) -> None:
    read = parse_champ(CHAMPS[nom], _brut(typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (None, sentence)
    assert read.ancre in CHAMPS[nom].entrees
    english = traduire(read.erreur or "", "en")
    assert "“Question”" in english
    assert "%(" not in english
    assert traduire(read.erreur or "", "fr") == sentence


def test_an_unfinished_number_is_not_reproached_while_it_is_typed() -> None:
    for nom, typed in (
        ("iban", "FR76 3000"),
        ("nir", "26905"),
        ("signature", "Maëlle"),
        ("numero_caf", "12"),
    ):
        assert parse_champ(CHAMPS[nom], _brut(typed), {}, JOUR).erreur is None


def test_a_signature_keeps_its_day_while_the_name_does_not_change() -> None:
    signed = {"x": {"nom": "Maëlle Le Goff", "date": "2026-02-01"}}
    field = CHAMPS["signature"]
    assert parse_champ(field, _brut("Maëlle Le Goff"), signed, JOUR).valeur == signed["x"]
    assert parse_champ(field, _brut("Yann Morvan"), signed, JOUR).valeur["date"] == "2026-03-01"


def test_a_mandatory_consent_that_is_not_ticked_is_missing() -> None:
    field = champ("consentement", obligatoire=True)
    assert parse_champ(field, {}, {}, JOUR).valeur is None
    assert field.genre.manque(field) == f"Cochez la case «{NB}Question{NB}» pour continuer."


def test_an_expression_computes_with_dates_euros_and_options() -> None:
    def seen(nom: str, valeur: Any) -> Any:
        return CHAMPS[nom].genre.pour_expression(CHAMPS[nom], valeur)

    assert seen("montant", 1250) == Decimal("12.5")
    assert seen("decimal", "1.5") == Decimal("1.5")
    assert seen("date", "2026-03-01") == JOUR
    assert seen("heure", "08:30") == time(8, 30)
    assert seen("periode", {"debut": "2026-03-01", "fin": "2026-03-02"})["debut"] == JOUR
    kinds = {nom: field.genre.type_expression(field) for nom, field in CHAMPS.items()}
    assert kinds["choix"] is not None
    assert kinds["choix"].options == ("trou", "panneau")
    assert {kind.genre for kind in kinds.values() if kind} >= {"booleen", "nombre", "texte", "date", "heure"}


@pytest.mark.parametrize(
    ("attributs", "reason"),
    [
        ({"type": "hologramme"}, "there is no type of field named hologramme"),
        ({"type": "texte", "min": 3}, "min means nothing for a field of type texte"),
        ({"type": "formate"}, "needs motif and exemple"),
        ({"type": "formate", "motif": "99", "exemple": "A1"}, "exemple is not of the form"),
        ({"type": "formate", "motif": "9{3", "exemple": "123"}, "braces want"),
        ({"type": "formate", "motif": "9{300}", "exemple": "123"}, "no number of times"),
        ({"type": "listes_liees", "options": NIVEAUX}, "needs niveaux"),
        ({"type": "listes_liees", "options": NIVEAUX, "niveaux": ["a", "b", "c"]}, "2 levels"),
        ({"type": "choix", "options": NIVEAUX}, "nested options"),
        ({"type": "bloc"}, "needs champs"),
        ({"type": "identite", "demande": ["prenoms"]}, "demande: parts among"),
        ({"type": "heure", "heure_min": "10:00", "heure_max": "09:00"}, "heure_min is after"),
    ],
)
def test_a_field_that_makes_no_sense_is_not_loaded(attributs: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Champ.model_validate({"id": "x", "libelle": "Question", **attributs})


def test_a_pattern_is_read_in_time_that_grows_like_the_text() -> None:
    # Each optional part could begin anywhere: a reader that goes back would need longer than the universe has.
    field = champ("formate", motif="X{0,60}X{0,60}X{0,60}9", exemple="1")
    assert parse_champ(field, _brut("A" * 400), {}, JOUR).erreur is not None


@given(st.sampled_from(sorted(CHAMPS)), st.lists(st.text(max_size=30), max_size=8), st.data())
def test_nothing_that_is_sent_breaks_a_type(nom: str, typed: list[str], data: st.DataObject) -> None:
    field = CHAMPS[nom]
    names = [*field.entrees, "x", "x-autre", "y"]
    brut = {data.draw(st.sampled_from(names)): [text] for text in typed}
    read = parse_champ(field, brut, {}, JOUR)
    assert set(read.brut) <= set(brut)
    if read.valeur is not None:
        assert (
            parse_champ(field, entrees_de(field, read.valeur), {"x": read.valeur}, JOUR).valeur == read.valeur
        )
        assert afficher(field, read.valeur)
        assert len(field.genre.cellules(field, read.valeur)) == len(field.genre.colonnes(field))
    field.genre.vue(field, read.brut)


def test_every_type_with_an_answer_is_tried_here() -> None:
    assert {nom for nom, kind in TYPES.items() if kind.repond} == set(CHAMPS)
