"""A place: typed without a map, drawn on one, refused when it is no drawing; shown, sketched, exported."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import Settings
from app.demarches.domain import afficher, entrees_de, parse_champ
from app.demarches.types.geometrie import POINTS_MAX, DessinRefuseError, lire_dessin, lire_point
from tests.cast import Cast
from tests.demarches.champs_essai import CHAMPS, JOUR, NB, brut_de, champ
from tests.outillage.portail import Portail

CARRE = [[-3.15, 48.56], [-3.149, 48.56], [-3.149, 48.561], [-3.15, 48.561], [-3.15, 48.56]]


def dessin(genre: str, coordonnees: Any, **autres: Any) -> str:
    feature = {"type": "Feature", "geometry": {"type": genre, "coordinates": coordonnees}, **autres}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


@pytest.mark.parametrize(
    ("texte", "lu"),
    [
        ("48.5612, -3.1498", [-3.1498, 48.5612]),
        ("48,5612 ; -3,1498", [-3.1498, 48.5612]),
        ("48.5612 -3.1498", [-3.1498, 48.5612]),
        ("48.5612,-3.1498", [-3.1498, 48.5612]),
        ("95, 3", None),
        ("48.5612", None),
        ("48.5612, 3, 4", None),
        ("nord", None),
    ],
)
def test_coordinates_are_read_as_maps_and_phones_write_them(texte: str, lu: list[float] | None) -> None:
    assert lire_point(texte) == lu


def test_a_place_is_typed_shown_exported_and_put_back_without_a_map() -> None:
    field = CHAMPS["carte"]
    typed = {
        "x-adresse": "Chemin du Lavoir",
        "x-coordonnees": "48.5612, -3.1498",
        "x-parcelles": "section ab n° 0123, parcelle ZC 45\n123 0A 7",
    }
    read = parse_champ(field, brut_de(typed), {}, JOUR)
    assert read.erreur is None
    value = read.valeur
    assert value["parcelles"] == [
        {"section": "AB", "numero": "123"},
        {"section": "ZC", "numero": "45"},
        {"section": "0A", "numero": "7", "prefixe": "123"},
    ]
    assert value["features"][0]["geometry"] == {"type": "Point", "coordinates": [-3.1498, 48.5612]}
    assert afficher(field, value).split("\n") == [
        "Chemin du Lavoir",
        f"Point{NB}: 48.561200, -3.149800",
        f"Cadastre{NB}: AB 123, ZC 45, 123 0A 7",
    ]
    assert field.genre.cellules(field, value)[:4] == (
        "Chemin du Lavoir",
        Decimal("-3.1498"),
        Decimal("48.5612"),
        "AB 123, ZC 45, 123 0A 7",
    )
    assert parse_champ(field, entrees_de(field, value), {}, JOUR).valeur == value
    plan = field.genre.plan(field, value)
    assert plan is not None
    assert (plan.points, plan.echelle) == (((150.0, 150.0),), f"20{NB}m")
    assert plan.liens[1].url == "geo:48.5612,-3.1498"


def test_a_drawing_is_kept_without_what_it_carries_besides() -> None:
    field = CHAMPS["carte"]
    sent = dessin("Polygon", [CARRE], properties={"nom": "x"}, id=3)
    value = parse_champ(field, brut_de({"x-dessin": sent}), {}, JOUR).valeur
    assert value["features"] == [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [CARRE]}}
    ]
    shown = afficher(field, value)
    assert shown.startswith(f"Surface de 8\u202f202{NB}m²")
    plan = field.genre.plan(field, value)
    assert plan is not None
    ((ferme, trace),) = plan.traits
    assert ferme
    assert trace.startswith("M")
    assert trace.endswith("Z")
    assert json.loads(str(field.genre.cellules(field, value)[-1]))["features"] == value["features"]


REFUSES = [
    "x",
    "[]",
    "[" * 30_000,
    json.dumps({"type": "FeatureCollection", "features": [{}] * 21}),
    dessin("Point", [0, 0]),
    dessin("Polygon", [CARRE[:-1]]),
    dessin("Polygon", [CARRE, CARRE]),
    dessin("LineString", [[0, 0]]),
    dessin("LineString", [[0, 0], [181, 0]]),
    dessin("LineString", [[0, 0], [True, 0]]),
    dessin("LineString", [[0, 0], [1, 1, 1]]),
    dessin("LineString", [[0, 0], ["1", 1]]),
    dessin("LineString", [[0, 0]] * (POINTS_MAX + 1)),
    '{"type":"FeatureCollection","features":[{"geometry":{"type":"LineString","coordinates":[[0,0],[NaN,1]]}}]}',
    '{"type":"FeatureCollection","features":[{"geometry":{"type":"LineString","coordinates":[[0,0],[1e999,1]]}}]}',
    '{"type":"FeatureCollection","features":[{"geometry":{"type":{},"coordinates":[]}}]}',
    dessin("LineString", [[0, 0], [1, 1]]).replace("[1, 1]", f"[1, {'9' * 4000}]"),
]


@pytest.mark.parametrize("sent", REFUSES)
def test_what_is_no_drawing_is_refused_with_a_sentence(sent: str) -> None:
    with pytest.raises(DessinRefuseError):
        lire_dessin(sent, ("ligne", "surface"))
    read = parse_champ(CHAMPS["carte"], brut_de({"x-dessin": sent}), {}, JOUR)
    assert read.valeur is None
    assert "Refaites le dessin" in str(read.erreur)


def test_only_what_is_asked_may_be_drawn() -> None:
    field = champ("carte")
    assert field.entrees == ("x-adresse", "x-coordonnees")
    sent = {"x-dessin": dessin("Polygon", [CARRE]), "x-parcelles": "AB 1"}
    assert parse_champ(field, brut_de(sent), {}, JOUR).valeur is None
    wrong = parse_champ(CHAMPS["carte"], brut_de({"x-parcelles": "derrière l’église"}), {}, JOUR)
    assert "par exemple AB 123" in str(wrong.erreur)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=8))
def test_no_coordinates_break_the_reading(coordonnees: Any) -> None:
    for genre in ("LineString", "Polygon", "Point"):
        try:
            lire_dessin(dessin(genre, coordonnees), ("ligne", "surface"))
        except DessinRefuseError:
            continue


def test_the_images_of_a_map_come_from_one_secure_host() -> None:
    for wrong in (
        "http://x/{z}/{x}/{y}",
        "https://x/",
        "https://u:p@x/{z}/{x}/{y}",
        "https://x;y/{z}/{x}/{y}",
    ):
        with pytest.raises(ValueError, match=r"must be"):
            Settings.model_validate({"tuiles_url": wrong})


@pytest.mark.anyio
async def test_a_map_learns_where_the_commune_is(portail: Portail, cast: Cast) -> None:
    answer = await portail.navigateur("guingamp").get("/suggestions/carte")
    assert answer.answer.json() == {"tuiles": "", "mention": ""}
    assert "img-src 'self';" in answer.answer.headers["content-security-policy"]
