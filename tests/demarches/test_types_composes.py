"""Types made of several questions: rows, tables, addresses, places, computed values, identities."""

from datetime import date
from decimal import Decimal

from app.demarches.domain import afficher, entrees_de, parse_champ
from app.demarches.types import ContexteDeSaisie
from tests.demarches.champs_essai import CHAMPS, JOUR, NB, brut_de, champ

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
    value = parse_champ(field, brut_de(BAN), {}, JOUR).valeur
    assert (value["ban_id"], value["lon"], value["lat"]) == ("22070_0420_00012", -3.15, 48.56)
    assert parse_champ(field, entrees_de(field, value), {}, JOUR).valeur == value
    moved = parse_champ(field, brut_de({**BAN, "x-commune": "Pabu"}), {}, JOUR).valeur
    assert (moved["code_insee"], "ban_id" in moved) == ("22161", False)
    forged = parse_champ(field, brut_de({**BAN, "x-lat": "quelque part"}), {}, JOUR).valeur
    assert "lat" not in forged


def test_an_address_elsewhere_is_remarked_where_the_form_asks_so() -> None:
    field = champ("adresse", sur_place=True)
    here, away = ContexteDeSaisie(JOUR, code_insee="22070"), ContexteDeSaisie(JOUR, code_insee="35238")
    assert field.genre.lire(field, brut_de(BAN), here).remarque is None
    read = field.genre.lire(field, brut_de(BAN), away)
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
    read = parse_champ(field, brut_de("Saint-Nulle-Part"), {}, JOUR)
    assert read.valeur == {"code": "", "nom": "Saint-Nulle-Part", "code_postal": ""}
    assert parse_champ(field, entrees_de(field, read.valeur), {}, JOUR).valeur == read.valeur
    # Bâgé-la-Ville has been part of Bâgé-Dommartin since 2018: its INSEE code still finds it.
    assert parse_champ(field, brut_de("01144"), {}, JOUR).valeur["code"] == "01025"


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
    assert parse_champ(field, brut_de("1000000"), {}, JOUR).valeur is None
    assert parse_champ(field, brut_de("1000000"), {"x": "4"}, JOUR).valeur == "4"
    assert afficher(field, "4.5") == f"4,50{NB}€"
    assert field.genre.cellules(field, "4.5") == (Decimal("4.5"),)


def test_an_identity_keeps_what_is_right_and_names_what_is_missing() -> None:
    field = CHAMPS["identite"]
    typed = {"x-prenoms": ["Maëlle"], "x-nom_naissance": ["Le Goff"], "x-civilite": ["madame"]}
    read = field.genre.lire(field, typed, ContexteDeSaisie(JOUR))
    assert set(read.details) == {"x-naissance", "x-adresse"}
    assert read.valeur == {"civilite": "madame", "prenoms": "Maëlle", "nom_naissance": "Le Goff"}
    assert parse_champ(field, {}, {}, JOUR).valeur is None
