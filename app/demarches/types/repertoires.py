"""Communes, départements and countries of the official geographic code (INSEE), found by name, accents apart.

Each file is read once a process; the communes take about 15 MB.
"""

import bisect
import csv
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.config import ROOT
from app.demarches.types.ecriture import plier

DONNEES = ROOT / "data"
SUGGESTIONS = 8


@dataclass(frozen=True, slots=True)
class Entree:
    """A place: its code, its name, and what tells it from its namesakes (a postal code)."""

    code: str
    nom: str
    precision: str = ""
    ancien: bool = False

    @property
    def libelle(self) -> str:
        """« Guingamp (22200) »."""
        return f"{self.nom} ({self.precision})" if self.precision else self.nom


class Repertoire:
    """Places by code and by name; several may share a name, and a former name the code of what it became."""

    def __init__(self, entrees: Sequence[Entree], autres_codes: dict[str, str] | None = None) -> None:
        """`autres_codes` maps codes that are no more to those of today."""
        self._par_code: dict[str, Entree] = {}
        for entree in entrees:
            self._par_code.setdefault(entree.code, entree)
        self._autres = autres_codes or {}
        self._noms = sorted(((plier(entree.nom), n) for n, entree in enumerate(entrees)))
        self.entrees = tuple(entrees)

    def de_code(self, code: str) -> Entree | None:
        """The place of that code, today's for a code that is no more."""
        return self._par_code.get(self._autres.get(code, code))

    def nommees(self, texte: str) -> list[Entree]:
        """The places whose name, label or code this is; the whole label tells one from its namesakes."""
        wanted = plier(texte)
        if not wanted:
            return []
        found = [entree for name, entree in self._depuis(wanted) if name == wanted]
        head = plier(texte.rpartition("(")[0]) if texte.endswith(")") else ""
        labelled = (
            [entree for _, entree in self._depuis(head) if plier(entree.libelle) == wanted] if head else []
        )
        by_code = self.de_code(texte.strip().upper())
        return labelled or found or ([by_code] if by_code else [])

    def chercher(self, texte: str, au_plus: int = SUGGESTIONS) -> list[Entree]:
        """Places to suggest: named so, then beginning so, then with a word that begins so."""
        wanted = plier(texte.partition("(")[0])
        if len(wanted) < 2:
            return []
        found = dict.fromkeys(self.nommees(texte))
        for _, entree in self._depuis(wanted):
            if len(found) >= au_plus:
                break
            found.setdefault(entree)
        if len(found) < au_plus:
            inside = f" {wanted}"
            for name, n in self._noms:
                if inside in name:
                    found.setdefault(self.entrees[n])
                    if len(found) >= au_plus:
                        break
        return list(found)[:au_plus]

    def _depuis(self, debut: str) -> Iterator[tuple[str, Entree]]:
        at = bisect.bisect_left(self._noms, (debut, -1))
        while at < len(self._noms) and self._noms[at][0].startswith(debut):
            name, n = self._noms[at]
            yield name, self.entrees[n]
            at += 1


def _lignes(fichier: str) -> Iterator[dict[str, str]]:
    with (DONNEES / fichier).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


@functools.cache
def communes() -> Repertoire:
    """Every commune of today, found by its former INSEE codes too."""
    entrees, former = [], {}
    for row in _lignes("communes-france.csv"):
        entrees.append(Entree(row["code_insee"], row["nom"], row["codes_postaux"].partition(" ")[0]))
        former.update(dict.fromkeys(row["anciens_codes"].split(), row["code_insee"]))
    return Repertoire(entrees, former)


@functools.cache
def departements() -> Repertoire:
    """Departments and overseas collectivities."""
    return Repertoire([Entree(row["code"], row["nom"], row["code"]) for row in _lignes("departements.csv")])


@functools.cache
def pays(*, anciens: bool = False) -> Repertoire:
    """Countries of today; with `anciens`, also those and the names that are no more."""
    return Repertoire(
        [
            Entree(row["code"], row["nom"], ancien=bool(row["ancien"]))
            for row in _lignes("pays.csv")
            if anciens or not row["ancien"]
        ]
    )
