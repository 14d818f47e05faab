"""Rules inside the rows of a block: each row asks its own questions, and what it does not ask counts for nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.demarches.definitions import Definition, load_catalogue
from app.demarches.definitions.surcouche import Surcouche, SurcoucheRefuseeError, appliquer
from app.demarches.domain import a_completer, etat_du_formulaire, parse_page
from app.demarches.edition.fautes import verifier_contenu
from app.demarches.expressions import Circonstances
from app.demarches.types import ContexteDeSaisie
from tests.demarches.champs_essai import JOUR

AUTOUR = Circonstances(JOUR, JOUR)
_BASE = next(d for d in load_catalogue() if d.slug == "acte-naissance")
NIVEAUX = [{"valeur": v, "libelle": v} for v in ("primaire", "college")]


def partie(id_: str, type_: str, **attributs: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, "libelle": id_.capitalize(), **attributs}


PARTIES = [
    partie("prenom", "texte", obligatoire=True),
    partie("scolarise", "oui_non"),
    partie("note", "explication", si="scolarise"),
    partie("niveau", "choix", options=NIVEAUX, si="scolarise", obligatoire=True),
    partie("age", "entier", min=0, max=20, si="scolarise et transport"),
    partie("arret", "texte", si="age >= 3", obligatoire_si='niveau = "college"'),
]


def forme(parties: list[dict[str, Any]], **suite: Any) -> Definition:
    pages = [
        {
            "id": "avant",
            "titre": "Avant",
            "champs": [partie("transport", "oui_non"), partie("age", "entier")],
        },
        {
            "id": "enfants",
            "titre": "Enfants",
            "champs": [partie("enfants", "bloc", lignes_max=200, champs=parties), partie("apres", "oui_non")],
        },
    ]
    return Definition.model_validate(_BASE.model_dump() | {"pages": pages, "decision": None} | suite)


FORME = forme(PARTIES)
PAGE = FORME.page("enfants")
BLOC = FORME.champ("enfants")


def tape(*lignes: dict[str, str]) -> dict[str, list[str]]:
    rows = {f"r{n}": row for n, row in enumerate(lignes, 1)}
    inputs = {f"enfants-{id_}-{name}": [text] for id_, row in rows.items() for name, text in row.items()}
    return {"enfants": list(rows), **inputs}


LEA = {"prenom": "Léa", "scolarise": "oui", "niveau": "college", "age": "12", "arret": "Mairie"}
YANN = {"prenom": "Yann", "scolarise": "non", "niveau": "", "age": "douze", "arret": ""}


def test_each_row_asks_its_own_questions_and_reproaches_no_other() -> None:
    read = parse_page(FORME, PAGE, tape(LEA, YANN), {"transport": True}, AUTOUR)
    assert read.erreurs == {}
    assert read.etat.reponses["enfants"] == [
        {"_id": "r1", "prenom": "Léa", "scolarise": True, "niveau": "college", "age": 12, "arret": "Mairie"},
        {"_id": "r2", "prenom": "Yann", "scolarise": False},
    ]
    wrong = parse_page(FORME, PAGE, tape(LEA | {"niveau": ""}, YANN), {"transport": True}, AUTOUR)
    assert list(wrong.erreurs) == ["enfants", "enfants-r1-niveau"]
    due = parse_page(FORME, PAGE, tape(LEA | {"arret": ""}), {"transport": True}, AUTOUR)
    assert list(due.erreurs) == ["enfants", "enfants-r1-arret"]
    free = tape(LEA | {"arret": "", "niveau": "primaire"})
    assert parse_page(FORME, PAGE, free, {"transport": True}, AUTOUR).valide
    assert not parse_page(FORME, PAGE, tape(LEA | {"age": "douze"}), {"transport": True}, AUTOUR).valide


def test_what_a_row_hides_counts_for_nothing_and_comes_back_with_its_question() -> None:
    kept = dict(parse_page(FORME, PAGE, tape(LEA), {"transport": True}, AUTOUR).valeurs)
    without = etat_du_formulaire(FORME, kept | {"transport": False}, AUTOUR)
    assert without.reponses["enfants"] == [
        {"_id": "r1", "prenom": "Léa", "scolarise": True, "niveau": "college"}
    ]
    back = etat_du_formulaire(FORME, kept | {"transport": True}, AUTOUR)
    assert back.reponses["enfants"][0]["arret"] == "Mairie"
    # A value that hides another is that of the row: the form has an age too.
    other = etat_du_formulaire(FORME, kept | {"transport": False, "age": 40}, AUTOUR)
    assert "arret" not in other.reponses["enfants"][0]


def test_a_row_that_asks_nothing_of_what_is_typed_in_it_is_no_row() -> None:
    blank = {"prenom": "", "scolarise": "", "niveau": "primaire", "age": "", "arret": ""}
    read = parse_page(FORME, PAGE, tape(LEA, blank), {"transport": True}, AUTOUR)
    assert read.erreurs == {}
    assert [row["_id"] for row in read.etat.reponses["enfants"]] == ["r1"]


def test_submission_asks_again_what_a_condition_now_shows() -> None:
    stored = [{"_id": "r1", "prenom": "Léa", "scolarise": True}]
    faults = a_completer(FORME, {"transport": True, "enfants": stored}, (), AUTOUR)
    assert [champ_id for _, champ_id, _ in faults] == ["enfants"]
    stored[0]["scolarise"] = False
    assert a_completer(FORME, {"transport": True, "enfants": stored}, (), AUTOUR) == []


def test_every_row_says_what_it_shows_before_anything_is_typed_in_it() -> None:
    etat = etat_du_formulaire(FORME, {"transport": True}, AUTOUR)
    around = ContexteDeSaisie(JOUR, etat.reponses, regles=etat.lignes)
    states = BLOC.genre.etats(BLOC, tape(LEA, {}), around)
    first = {name: state for name, state in states.items() if name.startswith("enfants-r1")}
    assert first == {
        "enfants-r1-note": "facultative",
        "enfants-r1-niveau": "obligatoire",
        "enfants-r1-age": "facultative",
        "enfants-r1-arret": "obligatoire",
    }
    assert {state for name, state in states.items() if name.startswith("enfants-r2")} == {"cachee"}
    assert set(BLOC.genre.etats(BLOC, {}, around)) == set(first)


def test_what_rows_read_is_worked_out_again_and_is_not_hidden() -> None:
    assert FORME.depend({"transport"})
    assert FORME.depend({"enfants"})
    assert not FORME.depend({"apres"})
    with pytest.raises(SurcoucheRefuseeError, match="Enfants"):
        appliquer(FORME, Surcouche.model_validate({"champs_masques": ["transport"]}))


@pytest.mark.parametrize(
    ("partie_id", "regle", "phrase"),
    [
        ("niveau", "prenom + 1 > 2", "Calculez avec des nombres"),
        ("niveau", "ecole", "ecole"),
        ("niveau", "apres", "« apres » vient plus loin dans le formulaire"),
        ("niveau", "nombre(enfants) > 1", "Ici, une règle regarde sa propre ligne"),
        ("niveau", "renseigne(arret) et prenom = prenom", "Coupez cette boucle"),
        ("niveau", "renseigne(niveau)", "Coupez cette boucle"),
        ("prenom", "scolarise", "« scolarise » vient plus loin dans la ligne"),
        ("age", "renseigne(note)", "« note » n’a pas de réponse"),
    ],
)
def test_a_wrong_rule_of_a_row_is_told_with_its_question(partie_id: str, regle: str, phrase: str) -> None:
    parties = [part | {"si": regle} if part["id"] == partie_id else part for part in PARTIES]
    if partie_id == "niveau":
        parties = [part | {"si": "renseigne(niveau)"} if part["id"] == "arret" else part for part in parties]
    with pytest.raises(ValidationError) as refusal:
        forme(parties)
    said = str(refusal.value).replace("\u00a0", " ")
    assert phrase in said
    assert f"Question « {partie_id} » de la ligne, « si »" in said


def test_the_editor_tells_a_wrong_rule_of_a_row_where_rows_are_written() -> None:
    contenu = FORME.model_dump(mode="json")
    contenu["pages"][1]["champs"][0]["champs"][1]["si"] = "prenom > 3"
    definition, (fault,) = verifier_contenu(contenu)
    assert definition is None
    assert (fault.page_id, fault.champ_id, fault.cible) == ("enfants", "enfants", "champs")
    assert "scolarise" in fault.phrase
    contenu["pages"][1]["champs"][0]["champs"][1]["si"] = 'prenom = "Léa"'
    assert verifier_contenu(contenu)[1] == []


def test_a_row_inside_a_row_has_no_condition() -> None:
    inner = partie("repas", "bloc", champs=[partie("nombre", "entier", si="oui")])
    with pytest.raises(ValidationError, match="holds no condition"):
        forme([partie("prenom", "texte"), inner])
    forme(
        [
            partie("prenom", "texte"),
            inner | {"champs": [partie("nombre", "entier")], "si": "renseigne(prenom)"},
        ]
    )


def test_two_hundred_rows_each_follow_their_own_rules() -> None:
    rows = [LEA if n % 2 else YANN for n in range(200)]
    read = parse_page(FORME, PAGE, tape(*rows), {"transport": True}, AUTOUR)
    assert read.erreurs == {}
    assert [len(row) for row in read.etat.reponses["enfants"]] == [3, 6] * 100
