"""Places on the ground as GeoJSON (RFC 7946): read strictly, measured, drawn as a sketch. Longitude comes first.

What a browser sends is a drawing, not a document: anything else than bounded points, lines and surfaces is refused.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from app.socle import vues

POIDS_MAX = 40_000
FORMES_MAX = 20
POINTS_MAX = 500
_METRES = 111_320.0
_NOMS = {"ligne": "LineString", "surface": "Polygon"}
# « 48.5612, -3.1498 », « 48,5612 ; -3,1498 », « 48.5612 -3.1498 ».
_POINT = re.compile(r"(-?\d{1,3}(?:[.,]\d{1,15})?)\s*(?:[;,]\s|;|,|\s)\s*(-?\d{1,3}(?:[.,]\d{1,15})?)")
Position = list[float]


class DessinRefuseError(ValueError):
    """What was sent is no drawing that we keep."""


def lire_point(texte: str) -> Position | None:
    """Longitude and latitude out of « latitude, longitude », as maps and phones write them; None for anything else."""
    found = _POINT.fullmatch(texte)
    if found is None:
        return None
    lat, lon = (float(part.replace(",", ".")) for part in found.groups())
    return _position([lon, lat]) if abs(lat) <= 90 and abs(lon) <= 180 else None


def ecrire_point(position: Sequence[float]) -> str:
    """« 48.561200, -3.149800 »."""
    return f"{position[1]:.6f}, {position[0]:.6f}"


def lire_dessin(texte: str, formes: Sequence[str]) -> list[dict[str, Any]]:
    """The lines and surfaces of a FeatureCollection, to six decimals (11 cm), without anything else it may carry.

    DessinRefuseError for what is too heavy, no JSON, of another shape than `formes`, out of the globe, an open ring,
    or more than 20 shapes or 500 points.
    """
    if len(texte) > POIDS_MAX:
        raise DessinRefuseError("too heavy")
    try:
        data = json.loads(texte, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise DessinRefuseError("no JSON") from None
    features = data.get("features") if isinstance(data, dict) else None
    if (
        not isinstance(features, list)
        or data.get("type") != "FeatureCollection"
        or len(features) > FORMES_MAX
    ):
        raise DessinRefuseError("no FeatureCollection")
    wanted = {_NOMS[forme] for forme in formes if forme in _NOMS}
    made = [_feature(item, wanted) for item in features]
    if sum(len(points_de(item["geometry"])) for item in made) > POINTS_MAX:
        raise DessinRefuseError("too many points")
    return made


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _feature(item: Any, wanted: set[str]) -> dict[str, Any]:
    geometry = item.get("geometry") if isinstance(item, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in wanted:
        raise DessinRefuseError("not a shape that is asked")
    places = geometry.get("coordinates")
    if kind == "LineString":
        return forme("LineString", _line(places, 2))
    if not isinstance(places, list) or len(places) != 1:
        raise DessinRefuseError("a surface is one ring, without holes")
    ring = _line(places[0], 4)
    if ring[0] != ring[-1]:
        raise DessinRefuseError("an open ring")
    return forme("Polygon", [ring])


def forme(genre: str, coordonnees: Any) -> dict[str, Any]:
    """A Feature without properties."""
    return {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": genre, "coordinates": coordonnees},
    }


def _line(places: Any, at_least: int) -> list[Position]:
    if not isinstance(places, list) or not at_least <= len(places) <= POINTS_MAX:
        raise DessinRefuseError("not a line of points")
    return [_position(place) for place in places]


def _position(place: Any) -> Position:
    if not isinstance(place, list) or len(place) != 2:
        raise DessinRefuseError("a position is a longitude and a latitude")
    for number, limit in zip(place, (180, 90), strict=True):
        # A whole number may have thousands of digits: compared before it is made a float.
        if isinstance(number, bool) or not isinstance(number, int | float) or not -limit <= number <= limit:
            raise DessinRefuseError("out of the globe")
    return [round(float(number), 6) for number in place]


def points_de(geometrie: dict[str, Any]) -> list[Position]:
    """The positions of a shape that was read."""
    places: list[Any] = geometrie["coordinates"]
    if geometrie["type"] == "Point":
        return [places]
    return places[0] if geometrie["type"] == "Polygon" else places


def longueur(points: Sequence[Position]) -> float:
    """Length of a line, in metres, as good as the size of a commune allows."""
    return sum(math.dist(a, b) for a, b in _paires(_plan(points)))


def surface(ring: Sequence[Position]) -> float:
    """Area inside a ring, in square metres."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in _paires(_plan(ring)))) / 2


def _paires(
    points: Sequence[tuple[float, float]],
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    return pairwise(points)


def _plan(points: Sequence[Position]) -> list[tuple[float, float]]:
    """Metres east and north of the first point, on a plane that touches the globe there."""
    lon, lat = points[0]
    shrink = math.cos(math.radians(lat))
    return [((x - lon) * _METRES * shrink, (y - lat) * _METRES) for x, y in points]


COTE = 300.0
_MARGE = 24.0
_ROND = (1, 2, 5)


def croquis(formes: Sequence[dict[str, Any]]) -> vues.Plan | None:
    """The shapes, north up, in a square of 300, with a bar of scale; None when there is nothing to draw."""
    geometries = [item["geometry"] for item in formes]
    everything = [place for geometry in geometries for place in points_de(geometry)]
    if not everything:
        return None
    flat = _plan(everything)
    west, south = (min(place[n] for place in flat) for n in (0, 1))
    size = max(max(place[n] for place in flat) - low for n, low in ((0, west), (1, south)))
    # A point alone stands in a square of a hundred metres.
    size = max(size, 100.0)
    scale = (COTE - 2 * _MARGE) / size
    middle = [(max(p[n] for p in flat) + min(p[n] for p in flat)) / 2 for n in (0, 1)]
    shown = iter((COTE / 2 + (x - middle[0]) * scale, COTE / 2 - (y - middle[1]) * scale) for x, y in flat)
    traits, points = [], []
    for geometry in geometries:
        places = [next(shown) for _ in points_de(geometry)]
        if geometry["type"] == "Point":
            points.append((round(places[0][0], 1), round(places[0][1], 1)))
        else:
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            traits.append(
                (geometry["type"] == "Polygon", path + ("Z" if geometry["type"] == "Polygon" else ""))
            )
    metres = _rond(size / 3)
    return vues.Plan(tuple(traits), tuple(points), round(metres * scale, 1), _distance(metres))


def _rond(metres: float) -> float:
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in _ROND if step * power <= metres)


def _distance(metres: float) -> str:
    return f"{metres / 1000:g}\u00a0km".replace(".", ",") if metres >= 1000 else f"{metres:g}\u00a0m"
