"""The EPCI of France, as the shipped file of communes names them: read when asked, nothing stays in memory."""

import csv
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio.to_thread

from app.collectivites.import_csv import SLUGS_RESERVES, slug_de
from app.collectivites.referentiel import FICHIER, folded
from app.socle.errors import NotFoundError
from app.socle.ids import uuid7

# What a search shows at most.
BEST = 20
# How the file abbreviates them (Insee, code officiel géographique).
_GENRES = {
    "CC ": "Communauté de communes ",
    "CA ": "Communauté d’agglomération ",
    "CU ": "Communauté urbaine ",
}

# A name that only goes on after the kind: « de la Dombes », « d'Erdre et Gesvres ».
_COMPLEMENT = re.compile(r"(?:de|du|des) |d['’]")


@dataclass(slots=True)
class Epci:
    """An EPCI and what its communes add up to."""

    siren: str
    sigle: str
    communes: int = 0
    population: int = 0
    habitants_par_departement: Counter[str] = field(default_factory=Counter)

    @property
    def nom(self) -> str:
        """The name as people say it: « Communauté de communes de la Dombes », « Lannion-Trégor Communauté »."""
        for court, long in _GENRES.items():
            if self.sigle.startswith(court):
                rest = self.sigle.removeprefix(court)
                return f"{long}{rest}" if _COMPLEMENT.match(rest) else rest
        return self.sigle

    @property
    def departement(self) -> str:
        """Where most of its inhabitants are: its own département, as far as the file can tell."""
        return self.habitants_par_departement.most_common(1)[0][0]

    def slugs(self) -> tuple[str, ...]:
        """Every host name that it may be given, the best first."""
        alone = self.nom.startswith("Communauté ")
        base = slug_de(self.sigle if alone else self.nom)
        return base, f"{base}-{self.departement.lower()}", f"{base}-{self.siren}"

    def slug(self, taken: Collection[str]) -> str:
        """The first of them that nobody has."""
        return next(s for s in self.slugs() if s not in taken and s not in SLUGS_RESERVES)


async def search_epci(words: str, fichier: Path = FICHIER) -> list[Epci]:
    """EPCI whose SIREN is, or whose name holds, what was typed; the most populous first, BEST at most."""
    wanted = folded(words)
    if len(wanted) < 2:
        return []
    every = await anyio.to_thread.run_sync(_read, fichier)
    found = [e for e in every.values() if e.siren == wanted or f" {wanted}" in f" {folded(e.nom)}"]
    return sorted(found, key=lambda e: (-e.population, e.siren))[:BEST]


async def find_epci(siren: str, fichier: Path = FICHIER) -> Epci:
    """One EPCI of the file; NotFoundError when the file has no such SIREN."""
    found = (await anyio.to_thread.run_sync(_read, fichier)).get(siren)
    if found is None:
        raise NotFoundError(f"Aucun EPCI n’a le SIREN {siren} dans le fichier des communes de France.")
    return found


def _read(fichier: Path) -> dict[str, Epci]:
    found: dict[str, Epci] = {}
    with fichier.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            siren = row["epci_siren"]
            if not siren:
                continue
            epci = found.get(siren)
            if epci is None:
                epci = found[siren] = Epci(siren, row["epci_nom"])
            inhabitants = int(row["population"] or 0)
            epci.communes += 1
            epci.population += inhabitants
            epci.habitants_par_departement[row["departement"]] += inhabitants
    return found


def epci_values(epci: Epci, slug: str, fuseau: str) -> dict[str, Any]:
    """The row of an EPCI; what the file does not say stays empty, and hidden from residents."""
    return {
        "id": uuid7(),
        "genre": "epci",
        "siren": epci.siren,
        "nom": epci.nom,
        "slug": slug,
        "departement": epci.departement,
        "codes_postaux": [],
        "population": epci.population,
        "epci_nom": "",
        "fuseau": fuseau,
        "theme": {},
        "coordonnees": {},
        "etat": "active",
    }
