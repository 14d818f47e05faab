"""Suggestions of postal addresses: the geocoding service of the Géoplateforme (IGN), which serves the BAN.

A form never needs it: when it is slow, full or absent, there are no suggestions and what is typed is taken as it is.
Contract: GET /search?q=…&limit=…&autocomplete=1, GeoJSON; `q` has 3 to 200 characters and begins with a letter or a
figure, else 400; 50 requests a second and per address, else 429.
"""

import re
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import structlog

log = structlog.get_logger()
DELAI = 1.5
AU_PLUS = 6


@dataclass(frozen=True, slots=True)
class AdresseTrouvee:
    """An address of the BAN, as a form keeps it."""

    libelle: str
    ligne: str
    code_postal: str
    commune: str
    code_insee: str
    ban_id: str
    lon: float
    lat: float


class Adresses(Protocol):
    """Where addresses are looked for."""

    async def chercher(self, texte: str) -> list[AdresseTrouvee]:
        """Addresses like what is typed, the best first; none when the service says nothing in time."""


class AdressesAbsentes:
    """No service is set."""

    async def chercher(self, texte: str) -> list[AdresseTrouvee]:
        """None."""
        return []


class AdressesBan:
    """The service at `url`, asked with a short deadline."""

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        """`client` is replaced by tests."""
        self._url = url.rstrip("/")
        self._client = client or httpx.AsyncClient(timeout=DELAI)

    async def chercher(self, texte: str) -> list[AdresseTrouvee]:
        """What the service suggests; an answer that is not what it should be counts as none."""
        query = re.sub(r"^[\W_]+", "", texte)[:200]
        if len(query) < 3:
            return []
        params = {"q": query, "limit": str(AU_PLUS), "autocomplete": "1"}
        try:
            answer = await self._client.get(f"{self._url}/search", params=params)
            answer.raise_for_status()
            features = answer.json()["features"]
            return [found for feature in features if (found := _lire(feature)) is not None][:AU_PLUS]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("addresses_unavailable", error=type(error).__name__)
            return []


def make_adresses(url: str) -> Adresses:
    """The service of the settings; none when `url` is empty."""
    return AdressesBan(url) if url else AdressesAbsentes()


def _lire(feature: Any) -> AdresseTrouvee | None:
    try:
        found, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
        return AdresseTrouvee(
            str(found["label"]),
            str(found["name"]),
            str(found["postcode"]),
            str(found["city"]),
            str(found["citycode"]),
            str(found.get("banId") or found["id"]),
            round(float(lon), 6),
            round(float(lat), 6),
        )
    except (KeyError, TypeError, ValueError):
        return None
