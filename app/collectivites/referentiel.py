"""The communes of France as shipped (`data/communes-france.csv`), searched row by row: nothing stays in memory."""

import csv
import heapq
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from app.collectivites.import_csv import LigneCommune, lire_communes, plain
from app.config import ROOT
from app.socle.errors import NotFoundError

FICHIER = ROOT / "data" / "communes-france.csv"
# What a search keeps at most: beyond, the person is asked for more letters.
BEST = 200


@dataclass(frozen=True, slots=True)
class Trouvee:
    """A commune of the file, as a search shows it."""

    code_insee: str
    nom: str
    departement: str
    population: int | None
    epci_nom: str


@dataclass(frozen=True, slots=True)
class Recherche:
    """The best matches, the closest first, and how many rows matched in all."""

    trouvees: tuple[Trouvee, ...]
    total: int


async def search(words: str, fichier: Path = FICHIER) -> Recherche:
    """Communes whose INSEE code is, or whose name holds, what was typed, accents and case apart."""
    return await anyio.to_thread.run_sync(_search, words, fichier)


def _search(words: str, fichier: Path) -> Recherche:
    wanted = folded(words)
    total = 0

    def matches() -> Iterator[tuple[int, str, str, Trouvee]]:
        nonlocal total
        with fichier.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                name = folded(row["nom"])
                rank = _rank(wanted, name, row["code_insee"])
                if rank is None:
                    continue
                total += 1
                population = int(row["population"]) if row["population"] else None
                found = Trouvee(
                    row["code_insee"], row["nom"], row["departement"], population, row["epci_nom"]
                )
                yield rank, name, found.code_insee, found

    best = heapq.nsmallest(BEST, matches()) if len(wanted) > 1 else []
    return Recherche(tuple(item[-1] for item in best), total)


def folded(text: str) -> str:
    """A name as searches compare it: lower case, without accents, hyphens and apostrophes."""
    return " ".join(plain(text).replace("-", " ").replace("'", " ").split())


def _rank(wanted: str, name: str, code: str) -> int | None:
    if wanted in (name, code.lower()):
        return 0
    if name.startswith(wanted):
        return 1
    if f" {wanted}" in name:
        return 2
    return 3 if wanted in name else None


async def find(code_insee: str, fichier: Path = FICHIER) -> LigneCommune:
    """One commune of the file, checked; NotFoundError when the file has no such code."""
    return await anyio.to_thread.run_sync(_find, code_insee, fichier)


def _find(code_insee: str, fichier: Path) -> LigneCommune:
    # Only the row that begins by this code is checked: checking every commune of France would take half a second.
    with fichier.open("rb") as stream:
        head, wanted = stream.readline(), f"{code_insee},".encode()
        kept = b"".join(line for line in stream if line.startswith(wanted))
    for row in lire_communes(io.BytesIO(head + kept)):
        if isinstance(row, LigneCommune):
            return row
    raise NotFoundError(f"Aucune commune n’a le code {code_insee} dans le fichier des communes de France.")
