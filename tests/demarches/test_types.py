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
from app.demarches.types import TYPES
from app.socle.langues import traduire
from tests.demarches.champs_essai import CHAMPS, IBAN, JOUR, NB, NIR, NIVEAUX, PERIODE, brut_de, champ

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
    read = parse_champ(field, brut_de(typed), {}, JOUR)
    assert (read.valeur, read.erreur) == (value, None)
    assert afficher(field, value) == shown
    assert parse_champ(field, entrees_de(field, value), {}, JOUR).valeur == value
    assert field.genre.cellules(field, value) == (cells or (shown,))
    assert len(field.genre.colonnes(field)) == len(field.genre.cellules(field, None))


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
    read = parse_champ(CHAMPS[nom], brut_de(typed), {}, JOUR)
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
        assert parse_champ(CHAMPS[nom], brut_de(typed), {}, JOUR).erreur is None


def test_a_signature_keeps_its_day_while_the_name_does_not_change() -> None:
    signed = {"x": {"nom": "Maëlle Le Goff", "date": "2026-02-01"}}
    field = CHAMPS["signature"]
    assert parse_champ(field, brut_de("Maëlle Le Goff"), signed, JOUR).valeur == signed["x"]
    assert parse_champ(field, brut_de("Yann Morvan"), signed, JOUR).valeur["date"] == "2026-03-01"


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
    assert parse_champ(field, brut_de("A" * 400), {}, JOUR).erreur is not None


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
