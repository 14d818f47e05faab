"""School holidays by département, from a dated file of the official calendar (`data/vacances-scolaires.yaml`).

Code de l’éducation L. 521-1: the minister sets the calendar by zone. Corsica and overseas have their own, which the
file does not hold; `zone_of` says so by None, and whoever writes a rule for there is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

FICHIER = Path(__file__).resolve().parent.parent.parent / "data" / "vacances-scolaires.yaml"


@dataclass(frozen=True, slots=True)
class Calendrier:
    """The file: which zone each département is in, the holidays of each zone, until when it may be trusted."""

    source: str
    valable_jusqu_au: date
    zones: dict[str, str]
    periodes: tuple[tuple[str, str, date, date], ...]


@lru_cache(maxsize=1)
def calendrier() -> Calendrier:
    """The calendar as the file gives it, read once."""
    data = yaml.safe_load(FICHIER.read_text(encoding="utf-8"))
    zones = {code: zone for zone, codes in data["zones"].items() for code in codes}
    periods = tuple((p["nom"], p["zones"], p["du"], p["au"]) for p in data["periodes"])
    return Calendrier(data["source"], data["valable_jusqu_au"], zones, periods)


def zone_of(departement: str) -> str | None:
    """The zone (A, B or C) of a département; None where the file holds no calendar."""
    return calendrier().zones.get(departement)


def vacances_de(departement: str) -> Callable[[date], bool]:
    """Whether a day is in the school holidays there: from the Saturday to the eve of the return.

    Never, where the file holds no calendar and after the day until which it may be trusted.
    """
    zone = zone_of(departement)
    spans = [(du, au) for _, zones, du, au in calendrier().periodes if zone is not None and zone in zones]

    def en_vacances(jour: date) -> bool:
        return any(du <= jour < au for du, au in spans)

    return en_vacances
