"""GET /geocodage/search: streets that exist in every town here, in the communes that `data/` ships."""

import csv
import functools
import re
import unicodedata
import zlib
from collections import deque
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.adresses.rules import DEBIT, REQUETE
from simulateurs.socle.context import Context

COMMUNES = Path(__file__).resolve().parents[2] / "data" / "communes-bretagne.csv"
RUES = (
    "Rue Notre-Dame",
    "Place du Centre",
    "Rue de la Mairie",
    "Rue du Stade",
    "Rue des Écoles",
    "Impasse des Ajoncs",
    "Boulevard Clemenceau",
    "Chemin de Kerlann",
)
PAR_SECONDE, ATTENTE = 50, 5
PLAFOND = 20


class Adresses:
    """The service; `context` gives its clock and which rules are on."""

    path = "/geocodage"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked: deque[float] = deque()

    def routes(self) -> list[BaseRoute]:
        """Its one endpoint, with and without a final slash as the real one."""
        return [Route("/search", self.search), Route("/search/", self.search)]

    async def search(self, request: Request) -> Response:
        """Addresses like `q`, as GeoJSON."""
        if refused := self._refuse(request):
            return refused
        query = request.query_params["q"]
        asked = request.query_params.get("limit", "5")
        limit = min(int(asked), PLAFOND) if asked.isdigit() else 5
        features = [_feature(query, street, town) for street, town in _matches(query)[:limit]]
        body = {"type": "FeatureCollection", "features": features, "query": query}
        return JSONResponse(body)

    def _refuse(self, request: Request) -> Response | None:
        rules, query = self._context.rules, request.query_params.get("q", "").strip()
        if rules.applies(DEBIT) and self._too_many():
            body = {"code": 429, "message": "Too Many Requests"}
            return JSONResponse(body, 429, headers={"retry-after": str(ATTENTE)})
        faults = []
        if rules.applies(REQUETE) and (not 3 <= len(query) <= 200 or not query[0].isalnum()):
            faults.append("q: must contain between 3 and 200 chars and start with a number or a letter")
        if not faults:
            return None
        return JSONResponse({"code": 400, "message": "Failed parsing query", "detail": faults}, 400)

    def _too_many(self) -> bool:
        now = self._context.clock.now().timestamp()
        while self._asked and self._asked[0] < now - 1:
            self._asked.popleft()
        self._asked.append(now)
        return len(self._asked) > PAR_SECONDE


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


@functools.cache
def _towns() -> tuple[dict[str, str], ...]:
    with COMMUNES.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def _matches(query: str) -> list[tuple[str, dict[str, str]]]:
    words = _folded(re.sub(r"^\d+ ?(bis|ter)?\b", "", query.strip(), flags=re.IGNORECASE))
    padded = f" {words} "
    named = [t for t in _towns() if f" {_folded(t['nom'])} " in padded or t["codes_postaux"][:5] in words]
    towns = named or [t for t in _towns() if t["code_insee"] == "22070"]
    rest = words
    for town in named:
        rest = rest.replace(_folded(town["nom"]), "").replace(town["codes_postaux"][:5], "")
    streets = [s for s in RUES if _folded(s).startswith(rest.strip()) or rest.strip() in _folded(s)]
    return [(street, town) for street in streets for town in towns]


def _feature(query: str, street: str, town: dict[str, str]) -> dict[str, Any]:
    number = re.match(r"\d+ ?(?:bis|ter)?\b", query.strip())
    name = f"{number[0].strip()} {street}" if number else street
    postcode = town["codes_postaux"].split(" ")[0]
    seed = zlib.crc32(f"{name}{town['code_insee']}".encode())
    identity = f"{town['code_insee']}_{seed % 9999:04}"
    properties = {
        "label": f"{name} {postcode} {town['nom']}",
        "score": 0.9,
        "id": f"{identity}_{number[0].strip().zfill(5)}" if number else identity,
        "type": "housenumber" if number else "street",
        "name": name,
        "postcode": postcode,
        "citycode": town["code_insee"],
        "city": town["nom"],
        "context": f"{town['departement']}, Bretagne",
    }
    point = [round(-3.15 + seed % 1000 / 50_000, 6), round(48.56 + seed // 1000 % 1000 / 50_000, 6)]
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": point}, "properties": properties}
