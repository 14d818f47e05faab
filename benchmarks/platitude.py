"""A small commune costs nothing: each page again with 1, 1,202 and 34,969 collectivités, in interleaved rounds."""

from collections.abc import Callable

from benchmarks.bancs import Banc
from benchmarks.essais import ACCUEIL, BUREAU, ESPACE, FICHE, Chiffre, Effort
from benchmarks.mesures import Concurrent, compare
from benchmarks.parcours import whole_journey

PAGES = {"Accueil": ACCUEIL, "Page d’une démarche": FICHE, "Mon espace": ESPACE, "Bureau": BUREAU}
# As many communes as this are visited before memory is read: more than a process keeps in its caches.
VISITEES = 600


def _statements(banc: Banc, nom: str) -> int:
    if nom == "Parcours anonyme":
        return whole_journey(banc, "plat").instructions
    page = PAGES[nom]
    visiteur = banc.visiteur(page.label)
    visiteur.compte = "plat"
    visiteur.get(page.chemin)
    visiteur.instructions = 0
    visiteur.get(page.chemin)
    return visiteur.instructions


def flatness(bancs: dict[int, Banc], effort: Effort) -> list[Chiffre]:
    """CPU and statements of each page on each size, against the smallest one."""
    first = min(bancs)
    found: list[Chiffre] = []
    for nom in (*PAGES, "Parcours anonyme"):
        works: list[Concurrent] = []
        for taille, banc in bancs.items():
            if nom in PAGES:
                work: Callable[[], object] = PAGES[nom].reader(banc)
                times = effort.lectures
            else:
                work, times = (lambda banc=banc: whole_journey(banc)), effort.ecritures  # type: ignore[misc]
            works.append(Concurrent(str(taille), banc.cible, work, times))  # type: ignore[arg-type]
        series = compare(works, effort.tours)
        for taille in bancs:
            if taille == first:
                continue
            mine, base = series[str(taille)], series[str(first)]
            detail = f"{mine.ms:.2f} ms contre {base.ms:.2f} ms"
            found.append(
                Chiffre(
                    f"{nom} avec {taille} collectivités, contre {first}", mine.ratio(base), 1.1, detail=detail
                )
            )
        counts = {_statements(banc, nom) for banc in bancs.values()}
        found.append(Chiffre(f"{nom} : écart du nombre d’instructions", max(counts) - min(counts), 0, ""))
    return found


def memory(bancs: dict[int, Banc]) -> list[Chiffre]:
    """What each web process holds once it has served as many communes as there are, up to VISITEES."""
    used: dict[int, float] = {}
    for taille, banc in bancs.items():
        for slug in banc.slugs(VISITEES):
            banc.visiteur(slug).get("/")
        used[taille] = banc.cible.memory()
    first = min(bancs)
    found = [Chiffre("Un processus web après les mesures", max(used.values()), 200, "Mo")]
    for taille, value in used.items():
        if taille != first:
            found.append(
                Chiffre(
                    f"Mémoire avec {taille} collectivités, de plus qu’avec {first}",
                    value - used[first],
                    10,
                    "Mo",
                )
            )
    return found
