"""The catalogue loads, refuses what is incoherent by naming file and place, and is content-addressed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from app.demarches.definitions import (
    THEMES,
    CatalogueError,
    Definition,
    Surcouche,
    SurcoucheRefuseeError,
    appliquer,
    canonical_bytes,
    empreinte,
    load_catalogue,
    load_definition,
)
from app.demarches.definitions.chargement import CATALOGUE
from tests.demarches.fiche import FICHE


def _data(slug: str) -> Any:
    return yaml.safe_load((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"))


def _definition(slug: str) -> Definition:
    return next(definition for definition in load_catalogue() if definition.slug == slug)


def _small(**changes: Any) -> dict[str, Any]:
    """A téléservice of one page whose fields are given, in place of those of the birth certificate."""
    data = _data("acte-naissance") | {"decision": None}
    champs = changes.pop("champs", None)
    if champs is not None:
        data["pages"] = [{"id": "page", "titre": "Page", "champs": champs}]
    merged: dict[str, Any] = data | changes
    return merged


def _choix(**more: Any) -> dict[str, Any]:
    options = [{"valeur": "a", "libelle": "A"}, {"valeur": "b", "libelle": "B"}]
    return {"id": "lettre", "type": "choix", "libelle": "Lettre", "options": options, **more}


def test_the_shipped_catalogue_holds_what_a_commune_is_asked_most() -> None:
    online = {definition.slug for definition in load_catalogue() if definition.genre == "teleservice"}
    assert online >= {
        "acte-deces",
        "acte-mariage",
        "acte-naissance",
        "arrete-circulation",
        "carte-identite-passeport",
        "concession-cimetiere",
        "debit-boissons-temporaire",
        "inscription-activite",
        "inscription-periscolaire",
        "inscription-scolaire",
        "liste-electorale",
        "occupation-domaine-public",
        "operation-tranquillite-vacances",
        "pacs",
        "recensement-citoyen",
        "reservation-salle",
        "signalement-voirie",
        "subvention-association",
    }


def test_the_catalogue_is_sorted_by_theme_in_the_order_of_display() -> None:
    order = list(THEMES)
    places = [order.index(definition.theme) for definition in load_catalogue()]
    assert places == sorted(places)


def test_every_champ_vu_ours_names_its_subject_for_error_sentences() -> None:
    bare = [
        champ.id
        for definition in load_catalogue()
        for champ in definition.champs()
        if champ.type != "explication" and not champ.sujet
    ]
    assert bare == []


def test_no_label_says_that_it_is_optional_because_the_page_does() -> None:
    said = [c.id for d in load_catalogue() for c in d.champs() if "facultatif" in c.libelle]
    assert said == []


@pytest.mark.parametrize("definition", load_catalogue(), ids=lambda definition: definition.slug)
def test_texts_shown_to_residents_follow_french_typography(definition: Definition) -> None:
    text = canonical_bytes(definition).decode()
    assert re.findall(r".{0,20}(?:[a-zéè]'[a-zéè]| [:;?!»€]|« ).{0,20}", text) == []


def test_the_content_address_ignores_the_order_of_keys_and_changes_with_any_word() -> None:
    data = _data("acte-naissance")
    same = Definition.model_validate(dict(reversed(data.items())))
    other = Definition.model_validate(data | {"resume": data["resume"] + " "})
    changed = Definition.model_validate(data | {"resume": data["resume"] + "!"})
    address = empreinte(_definition("acte-naissance"))
    assert empreinte(same) == empreinte(other) == address
    assert re.fullmatch(r"[0-9a-f]{64}", address)
    assert empreinte(changed) != address


@pytest.mark.parametrize("definition", load_catalogue(), ids=lambda definition: definition.slug)
def test_a_definition_read_back_from_its_canonical_bytes_is_the_same(definition: Definition) -> None:
    again = Definition.model_validate_json(canonical_bytes(definition))
    assert again == definition
    assert empreinte(again) == empreinte(definition)


def test_a_definition_cannot_be_changed_once_made() -> None:
    with pytest.raises(ValidationError):
        _definition("acte-naissance").titre = "Autre"  # type: ignore[misc]


TEXTE = {"id": "nom", "type": "texte", "libelle": "Nom"}

REFUSED = {
    "an id used twice": ([TEXTE, TEXTE], "field id used twice: nom"),
    "an id with a hyphen": ([TEXTE | {"id": "nom-usage"}], "pattern"),
    "a condition on a later field": ([TEXTE | {"si": 'lettre = "a"'}, _choix()], "vient plus loin"),
    "a condition on itself": ([_choix(si='lettre = "a"')], "Coupez cette boucle"),
    "two conditions that rest on each other": (
        [TEXTE | {"si": 'lettre = "a"'}, _choix(si="renseigne(nom)")],
        "Coupez cette boucle",
    ),
    "a condition on an absent field": ([TEXTE | {"si": 'rien = "a"'}], "n’est pas une question"),
    "a condition on a piece": (
        [
            {"id": "plan", "type": "piece", "libelle": "Plan"},
            TEXTE | {"si": "renseigne(plan)"},
        ],
        "n’a pas de réponse",
    ),
    "a condition on a value that is no option": (
        [_choix(), TEXTE | {"si": 'lettre = "z"'}],
        '"z" n’est pas une réponse possible',
    ),
    "a condition with two comparisons": (
        [_choix(), TEXTE | {"si": 'lettre = "a" = "b"'}],
        "Séparez ces deux comparaisons",
    ),
    "an empty condition": ([TEXTE | {"si": ""}], "Complétez cette règle"),
    "a condition that is no yes or no": ([_choix(), TEXTE | {"si": "lettre"}], "qui donne un oui ou non"),
    "an option given twice": (
        [_choix(options=[{"valeur": "a", "libelle": "A"}, {"valeur": "a", "libelle": "B"}])],
        "each valeur once",
    ),
    "options on a text": ([TEXTE | {"options": _choix()["options"]}], "options means nothing"),
    "a unit on a date": (
        [{"id": "jour", "type": "date", "libelle": "Jour", "unite": "m"}],
        "unite means nothing",
    ),
    "a minimum above the maximum": (
        [{"id": "n", "type": "entier", "libelle": "N", "min": 5, "max": 1}],
        "min is above max",
    ),
    "a limit on a later date": (
        [{"id": "jour", "type": "date", "libelle": "Jour", "date_min": "autre"}],
        "not an earlier date field",
    ),
    "a limit that is no day": (
        [{"id": "jour", "type": "date", "libelle": "Jour", "date_min": "2026-02-31"}],
        "not a day of the calendar",
    ),
    "a mandatory explanation": (
        [{"id": "mot", "type": "explication", "libelle": "Mot", "obligatoire": True}],
        "asks nothing",
    ),
    "an unknown key": ([TEXTE | {"couleur": "rouge"}], "Extra inputs are not permitted"),
    "a page without fields": ([], "at least 1 item"),
}


@pytest.mark.parametrize(("champs", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_incoherent_form_is_refused(champs: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(reason)):
        Definition.model_validate(_small(champs=champs))


def test_a_model_of_decision_that_uses_an_unknown_field_is_refused() -> None:
    decision = {"nature": "courrier", "visas": ["Vu {inconnu}"]}
    with pytest.raises(ValidationError, match=r"\{inconnu\}"):
        Definition.model_validate(_small(decision=decision))


def test_a_teleservice_without_legal_part_and_a_fiche_with_a_form_are_refused() -> None:
    with pytest.raises(ValidationError, match="a teleservice needs legal"):
        Definition.model_validate(_small(legal=None))
    with pytest.raises(ValidationError, match="a fiche has no pages"):
        Definition.model_validate(FICHE | {"pages": _data("acte-naissance")["pages"]})


def test_silence_that_refuses_must_tell_how_to_appeal() -> None:
    legal = {
        "accuse": {"delivre": True, "fondement": "x"},
        "silence": {"regime": "refus", "delai": "2 mois", "fondement": "x"},
    }
    with pytest.raises(ValidationError, match="voies_recours"):
        Definition.model_validate(_small(legal=legal))


def test_a_load_error_names_the_file_and_the_place(tmp_path: Path) -> None:
    text = (CATALOGUE / "acte-naissance.yaml").read_text(encoding="utf-8")
    (tmp_path / "acte-naissance.yaml").write_text(
        text.replace("type: courriel", "type: mail"), encoding="utf-8"
    )
    with pytest.raises(
        CatalogueError, match=r"acte-naissance\.yaml: pages\[vous\]\.champs\[courriel\]\.type"
    ):
        load_definition(tmp_path / "acte-naissance.yaml")


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    text = (CATALOGUE / "pacs.yaml").read_text(encoding="utf-8")
    (tmp_path / "autre.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "double.yaml").write_text(text + "titre: Encore\n", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes("titre: Élu".encode("latin-1"))
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(tmp_path)
    lines = str(caught.value).splitlines()
    assert "autre.yaml: slug: the file must be named pacs.yaml" in lines
    assert any(line.startswith("double.yaml: key given twice") for line in lines)
    assert any(line.startswith("latin.yaml:") for line in lines)


def test_an_overlay_changes_wording_and_service_and_nothing_else() -> None:
    shared = _definition("occupation-domaine-public")
    local = appliquer(
        shared,
        Surcouche(
            service_nom="Mairie de Loc-Envel",
            telephone="02 61 91 22 29",
            cout="Gratuit à Loc-Envel",
            intro="Bonjour",
            ce_qu_il_faut_en_plus=("Le sourire",),
            champs_masques=("horaires",),
        ),
    )
    assert (local.service.nom, local.service.telephone) == ("Mairie de Loc-Envel", "02 61 91 22 29")
    assert (local.cout, local.textes.intro, local.ce_qu_il_faut[-1]) == (
        "Gratuit à Loc-Envel",
        "Bonjour",
        "Le sourire",
    )
    assert local.legal == shared.legal
    assert [champ.id for champ in shared.champs() if champ not in set(local.champs())] == ["horaires"]


def test_an_empty_overlay_changes_nothing() -> None:
    for definition in load_catalogue():
        assert empreinte(appliquer(definition, Surcouche())) == empreinte(definition)


def test_two_overlays_have_their_own_addresses() -> None:
    assert empreinte(Surcouche(cout="Gratuit")) != empreinte(Surcouche(cout="Payant"))


@pytest.mark.parametrize(
    ("champ", "reason"),
    [
        ("inconnu", "n’a pas de question"),
        ("nom", "est obligatoire"),
    ],
)
def test_an_overlay_cannot_hide_an_unknown_or_mandatory_field(champ: str, reason: str) -> None:
    with pytest.raises(SurcoucheRefuseeError, match=reason):
        appliquer(_definition("occupation-domaine-public"), Surcouche(champs_masques=(champ,)))


def test_an_overlay_cannot_hide_what_the_rest_rests_on() -> None:
    asked = [_choix(), TEXTE | {"si": 'lettre = "a"'}]
    with pytest.raises(SurcoucheRefuseeError, match="« Nom » en a besoin"):
        appliquer(Definition.model_validate(_small(champs=asked)), Surcouche(champs_masques=("lettre",)))
    alone = Definition.model_validate(_small(champs=[TEXTE]))
    with pytest.raises(SurcoucheRefuseeError, match="n’aurait plus de question"):
        appliquer(alone, Surcouche(champs_masques=("nom",)))
    named = Definition.model_validate(
        _small(champs=[TEXTE, _choix()], decision={"nature": "courrier", "visas": ["Vu {nom}"]})
    )
    with pytest.raises(SurcoucheRefuseeError, match="le modèle de courrier en a besoin"):
        appliquer(named, Surcouche(champs_masques=("nom",)))


def test_an_overlay_cannot_hide_a_field_that_a_later_page_depends_on() -> None:
    pages = [
        {"id": "un", "titre": "Un", "champs": [_choix(), TEXTE]},
        {
            "id": "deux",
            "titre": "Deux",
            "si": 'lettre = "a"',
            "champs": [TEXTE | {"id": "x"}],
        },
    ]
    definition = Definition.model_validate(_small(pages=pages))
    with pytest.raises(SurcoucheRefuseeError, match="la page « Deux » en a besoin"):
        appliquer(definition, Surcouche(champs_masques=("lettre",)))


def test_an_overlay_has_no_place_for_types_or_legal_data() -> None:
    with pytest.raises(ValidationError):
        Surcouche.model_validate({"legal": {}})
    with pytest.raises(SurcoucheRefuseeError, match="téléservice"):
        appliquer(_definition("acte-naissance"), Surcouche(ou="Ailleurs"))
