"""What is said of the rules of a form before it is published."""

from typing import Any

import pytest

from app.demarches.definitions import Definition, load_catalogue, verifier

NB = "\u00a0"
BASE = next(d for d in load_catalogue() if d.slug == "acte-naissance")
OPTIONS = [{"valeur": o, "libelle": o.upper()} for o in "abc"]
LETTRE = {"id": "lettre", "type": "choix", "libelle": "Lettre", "options": OPTIONS}
NOMBRE = {"id": "nombre", "type": "entier", "libelle": "Nombre", "min": 0, "max": 10}
DEBUT = {"id": "debut", "type": "date", "libelle": "Début", "date_min": "aujourdhui+15"}
FIN = {"id": "fin", "type": "date", "libelle": "Fin", "date_min": "debut"}
OUI = {"id": "oui_", "type": "oui_non", "libelle": "Oui ?"}
DERNIER = {"id": "dernier", "type": "texte", "libelle": "Dernier"}


def _remarques(champs: list[dict[str, Any]], *suite: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    pages = [{"id": "une", "titre": "Une", "champs": champs}, *suite]
    data = BASE.model_dump() | {"pages": pages, "decision": None} | more
    definition = Definition.model_validate(data, context={"regles": "a_verifier"})
    return [(remark.lieu, remark.code) for remark in verifier(definition)]


def _dernier(si: str) -> list[tuple[str, str]]:
    return [(lieu.partition("dernier].")[2], code) for lieu, code in _remarques(
        [LETTRE, NOMBRE, DEBUT, FIN, OUI, DERNIER | {"si": si}]
    ) if "dernier" in lieu]  # fmt: skip


@pytest.mark.parametrize(
    "si",
    [
        'lettre = "a" et lettre = "b"',
        'lettre parmi ("a", "b") et lettre = "c"',
        'lettre ≠ "a" et lettre ≠ "b" et lettre ≠ "c"',
        "nombre > 10",
        "nombre < 3 et nombre > 5",
        "nombre + 1 < nombre",
        "debut < aujourdhui + 10 jours",
        "fin < debut",
        "fin < aujourdhui et renseigne(debut)",
        "debut > fin et renseigne(lettre)",
        "debut < 2020-01-01 et aujourdhui > 2026-01-01",
        "oui_ et non oui_",
        "oui_ et oui_ = non",
        "renseigne(debut) et (nombre > 12 ou fin < aujourdhui + 3 jours)",
        "nombre > 2 et non renseigne(nombre)",
        "age(debut) < 0",
        "si oui_ alors nombre > 10 sinon fin < debut",
    ],
)
def test_a_rule_that_no_accepted_answer_makes_true_is_told(si: str) -> None:
    assert _dernier(si) == [("si", "jamais_montre")]


@pytest.mark.parametrize(
    "si",
    [
        "nombre <= 10",
        "fin >= debut",
        'lettre parmi ("a", "b", "c")',
        "oui_ ou non oui_",
        "nombre(lettres) >= 0",
    ][:4],
)
def test_a_rule_that_is_never_false_is_told(si: str) -> None:
    assert _dernier(si) == [("si", "toujours_vrai")]


@pytest.mark.parametrize(
    ("si", "code"),
    [
        ('oui_ et (nombre > 10 ou lettre = "a")', "partie_inutile"),
        ('lettre = "a" et lettre ≠ "b"', "partie_inutile"),
        ("nombre > 3 et nombre > 2", "partie_inutile"),
        ("si nombre > 10 alors oui_ sinon non oui_", "cas_mort"),
    ],
)
def test_a_part_that_changes_nothing_is_told(si: str, code: str) -> None:
    assert {("si", code)} == set(_dernier(si))


@pytest.mark.parametrize(
    "si",
    [
        'lettre = "a" ou nombre = 3',
        "debut > aujourdhui + 20 jours",
        "fin >= debut + 1 mois",
        "nombre * 2 = 4",
        "oui_",
    ],
)
def test_nothing_is_said_of_a_rule_that_serves(si: str) -> None:
    assert _dernier(si) == []


def test_conditions_of_other_fields_count() -> None:
    shown = NOMBRE | {"si": 'lettre = "a"'}
    assert _remarques([LETTRE, shown, DERNIER | {"si": 'nombre > 3 et lettre = "b"'}]) == [
        ("pages[une].champs[dernier].si", "jamais_montre")
    ]


def test_a_page_never_reached_and_a_mandatory_field_never_asked_are_told() -> None:
    lost = {"id": "deux", "titre": "Deux", "si": "nombre > 20", "champs": [DERNIER]}
    hidden = {
        "id": "trois",
        "titre": "Trois",
        "champs": [DERNIER | {"id": "x", "obligatoire": True, "si": "nombre > 20"}],
    }
    assert _remarques([NOMBRE], lost, hidden) == [
        ("pages[deux].si", "jamais_montre"),
        ("pages[trois].champs[x].si", "jamais_montre"),
        ("pages[trois]", "page_jamais_atteinte"),
    ]


def test_checks_options_limits_and_conditions_of_the_demarche_are_looked_at() -> None:
    check = [
        {"regle": 'lettre ≠ "c"', "phrase": "Pas C."},
        {"regle": 'lettre parmi ("a", "b", "c")', "phrase": "…"},
    ]
    limits = DEBUT | {"date_max": "aujourdhui+3"}
    found = _remarques(
        [LETTRE | {"controles": check}, limits, NOMBRE | {"obligatoire_si": 'lettre = "a" et lettre = "b"'}],
        eligibilite=[{"regle": "nombre > 50", "phrase": "Trop peu."}],
        routage=[{"si": "nombre >= 0", "groupe": "Tous"}],
    )
    assert found == [
        ("pages[une].champs[lettre].options[c]", "option_inutilisable"),
        ("pages[une].champs[lettre].controles[2].regle", "toujours_vrai"),
        ("pages[une].champs[debut]", "aucune_reponse"),
        ("pages[une].champs[nombre].obligatoire_si", "jamais_vrai"),
        ("eligibilite[1].regle", "jamais_vrai"),
        ("routage[1].si", "toujours_vrai"),
    ]


def test_wrong_rules_are_all_told_with_their_place_and_a_sentence_to_act_on() -> None:
    pages = [
        {
            "id": "une",
            "titre": "Une",
            "champs": [NOMBRE, DERNIER | {"si": "nombr > 3", "obligatoire_si": "nombre"}],
        }
    ]
    data = BASE.model_dump() | {"pages": pages, "decision": None, "prix": "renseigne(nombre)"}
    remarks = verifier(Definition.model_validate(data, context={"regles": "a_verifier"}))
    assert [(r.lieu, r.gravite, r.debut, r.fin) for r in remarks] == [
        ("pages[une].champs[dernier].si", "bloquant", 0, 5),
        ("pages[une].champs[dernier].obligatoire_si", "bloquant", 0, 6),
        ("prix", "bloquant", 0, 17),
    ]
    assert f"Vouliez-vous «{NB}nombre{NB}»" in remarks[0].phrase


@pytest.mark.parametrize("definition", load_catalogue(), ids=lambda definition: definition.slug)
def test_nothing_is_said_of_the_shipped_rules(definition: Definition) -> None:
    assert verifier(definition) == []
