"""Steps of an instruction as data: what is refused when loaded, the picture, its words."""

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.demarches.definitions import FIN, Definition, Parcours, load_catalogue
from app.demarches.domain.dessin import decrire, dessiner
from tests.demarches.fiche import FICHE

BIENTOT = {"genre": "avis", "nom": "X", "objet": "?", "delai": "bientôt"}
SVG = "{http://www.w3.org/2000/svg}"


def etape(id_: str, *vers: str, **more: Any) -> dict[str, Any]:
    suites = [{"vers": after, "libelle": f"Vers {after}"} for after in vers]
    made: dict[str, Any] = {"id": id_, "titre": f"Étape {id_}", "suites": suites}
    return made | more


def occupation(**changes: Any) -> dict[str, Any]:
    found = next(item for item in load_catalogue() if item.slug == "occupation-domaine-public")
    return found.model_dump(mode="json", exclude_defaults=True) | changes


@pytest.mark.parametrize(
    ("etapes", "told"),
    [
        ([etape("a", "decision"), etape("b", "decision")], "no way leads to step b"),
        ([etape("a", "b"), etape("b", "a")], "step a never comes to a decision"),
        ([etape("a", "b", "decision"), etape("b", "c"), etape("c", "b")], "step b never comes"),
        ([etape("a", "inconnue", "decision")], "leads to inconnue, which is no step"),
        ([etape("a", "a", "decision")], "leads to itself"),
        ([etape("a", "decision"), etape("a", "decision")], "used twice"),
        ([etape("decision", "decision")], "no step may be called that"),
        ([etape("a")], "at least 1 item"),
        ([etape("a", "decision", actions=[{"genre": "fax"}])], "does not match any of the expected tags"),
        (
            [
                etape(
                    "a",
                    "decision",
                    actions=[{"genre": "avis", "nom": "X", "objet": "?", "delai": "bientôt"}],
                )
            ],
            "pattern",
        ),
    ],
)
def test_a_parcours_that_leads_nowhere_is_refused_with_the_place(etapes: list[Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Parcours.model_validate({"etapes": etapes})


def test_what_a_parcours_names_must_be_in_the_form() -> None:
    si = 'absent = "x"'
    suites = [{"vers": "decision", "libelle": "Oui", "si": si}]
    courriel = {"genre": "courriel", "objet": "{absent}", "paragraphes": ["x"]}
    for wrong, told in (
        (etape("a", suites=suites), "absent"),
        (etape("a", "decision", actions=[courriel]), "uses {absent}"),
    ):
        with pytest.raises(ValidationError, match=told):
            Definition.model_validate(occupation(parcours={"etapes": [wrong]}))


def test_the_legal_part_names_fields_of_the_form_only() -> None:
    legal = occupation()["legal"]
    absent = {"si": 'absent = "x"', "administration": "etat", "nom": "x", "fondement": "x"}
    exception = {"si": "stationnement", "regime": "refus", "delai": "2 mois", "fondement": "x"}
    for change, told in (
        ({"pieces_accessoires": ["surface"]}, "is no piece of the form"),
        ({"competences": [absent]}, "absent"),
        ({"silence": None, "exceptions": [exception]}, "give silence"),
    ):
        with pytest.raises(ValidationError, match=told):
            Definition.model_validate(occupation(legal={**legal, **change}))


def test_a_fiche_has_no_parcours() -> None:
    with pytest.raises(ValidationError, match="a fiche has no parcours"):
        Definition.model_validate(FICHE | {"parcours": {"etapes": [etape("a", "decision")]}})


def test_two_shipped_demarches_have_one() -> None:
    found = {item.slug for item in load_catalogue() if item.parcours is not None}
    assert {"occupation-domaine-public", "acte-naissance"} <= found


@st.composite
def parcours(draw: st.DrawFn) -> Parcours:
    """A random parcours where every step is reached from the one before and may come to a decision."""
    count = draw(st.integers(1, 8))
    ids = [f"e{n}" for n in range(count)]
    etapes = []
    for rank, id_ in enumerate(ids):
        more = draw(
            st.lists(
                st.sampled_from([other for other in ids if other != id_] or [FIN]), max_size=3, unique=True
            )
        )
        vers = list(dict.fromkeys([*ids[rank + 1 : rank + 2], *more, FIN]))
        etapes.append(
            {**etape(id_, *vers), "titre": draw(st.text("aé<>&\"' ", min_size=1).filter(str.strip))}
        )
    return Parcours.model_validate({"etapes": etapes})


@given(parcours())
def test_the_picture_shows_every_step_and_way_and_says_the_same_in_words(found: Parcours) -> None:
    here = found.etapes[-1].id
    # Our own picture, whatever people typed in it: nothing external is read.
    drawn = dessiner(found, here).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    tree = ElementTree.fromstring(drawn)  # noqa: S314
    boxes = tree.findall(f"{SVG}rect")
    ways = sum(len(item.suites) for item in found.etapes)
    assert len(boxes) == len(found.etapes) + 1
    assert len(tree.findall(f"{SVG}path")) == ways
    assert sum("--ici" in box.attrib["class"] for box in boxes) == 1
    corners = {(box.attrib["x"], box.attrib["y"]) for box in boxes}
    assert len(corners) == len(boxes), "no box hides another"
    words = decrire(found)
    assert len(words) == len(found.etapes)
    assert sum(sentence.count(" mène à ") for sentence in words) >= ways
    description = tree.find(f"{SVG}desc")
    assert description is not None
    assert description.text == " ".join(words)
