"""Communes, départements and countries of the official geographic code (INSEE), found by name, accents apart.

Each file is read once a process, and kept as text: the communes take about 4 MB.
"""

import bisect
import csv
import functools
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

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
    """Places by code and by name; several may share a name, and a former name the code of what it became.

    All places are two texts, their folded names in order and what is told of each, so that 35,000 communes take a
    few megabytes and not one object each: an `Entree` is made of those that are asked for.
    """

    def __init__(self, entrees: Iterable[Entree], autres_codes: dict[str, str] | None = None) -> None:
        """`autres_codes` maps codes that are no more to those of today."""
        names, facts = [], []
        for entree in entrees:
            names.append(plier(entree.nom))
            facts.append(f"{entree.code}\t{entree.nom}\t{entree.precision}\t{entree.ancien:d}")
        ordre = sorted(range(len(names)), key=names.__getitem__)
        self._noms, self._debuts = _lignes_de(names[place] for place in ordre)
        self._faits, self._places = _lignes_de(facts[place] for place in ordre)
        self._ordre = array("I", sorted(range(len(ordre)), key=ordre.__getitem__))
        self._par_code = array("I", sorted(self._ordre, key=self._code))
        self._autres = {} if autres_codes is None else autres_codes

    @property
    def entrees(self) -> Iterator[Entree]:
        """Every place, in the order of its file."""
        return (self._entree(n) for n in self._ordre)

    def _nom(self, n: int) -> str:
        return self._noms[self._debuts[n] : self._debuts[n + 1] - 1]

    def _code(self, n: int) -> str:
        return self._faits[self._places[n] : self._faits.index("\t", self._places[n])]

    def _entree(self, n: int) -> Entree:
        code, nom, precision, ancien = self._faits[self._places[n] : self._places[n + 1] - 1].split("\t")
        return Entree(code, nom, precision, ancien == "1")

    def de_code(self, code: str) -> Entree | None:
        """The place of that code, today's for a code that is no more."""
        wanted = self._autres.get(code, code)
        at = bisect.bisect_left(self._par_code, wanted, key=self._code)
        found = self._entree(self._par_code[at]) if at < len(self._par_code) else None
        return found if found and found.code == wanted else None

    def nommees(self, texte: str) -> list[Entree]:
        """The places whose name, label or code this is; the whole label tells one from its namesakes."""
        wanted = plier(texte)
        if not wanted:
            return []
        found = [self._entree(n) for n in self._depuis(wanted) if self._nom(n) == wanted]
        head = plier(texte.rpartition("(")[0]) if texte.endswith(")") else ""
        begun = [self._entree(n) for n in self._depuis(head)] if head else []
        labelled = [entree for entree in begun if plier(entree.libelle) == wanted]
        by_code = self.de_code(texte.strip().upper())
        return labelled or found or ([by_code] if by_code else [])

    def chercher(self, texte: str, au_plus: int = SUGGESTIONS) -> list[Entree]:
        """Places to suggest: named so, then beginning so, then with a word that begins so."""
        wanted = plier(texte.partition("(")[0])
        if len(wanted) < 2:
            return []
        found = dict.fromkeys(self.nommees(texte))
        for n in chain(self._depuis(wanted), self._avec_mot(wanted)):
            if len(found) >= au_plus:
                break
            found.setdefault(self._entree(n))
        return list(found)[:au_plus]

    def _depuis(self, debut: str) -> Iterator[int]:
        at = bisect.bisect_left(range(len(self._ordre)), debut, key=self._nom)
        while at < len(self._ordre) and self._noms.startswith(debut, self._debuts[at]):
            yield at
            at += 1

    def _avec_mot(self, debut: str) -> Iterator[int]:
        place = self._noms.find(f" {debut}")
        while place != -1:
            at = bisect.bisect_right(self._debuts, place) - 1
            yield at
            place = self._noms.find(f" {debut}", self._debuts[at + 1])


def _lignes_de(lines: Iterable[str]) -> tuple[str, "array[int]"]:
    """Lines as one text, and where each begins; one place more, where a line after the last would begin."""
    kept = [*lines, ""]
    return "\n".join(kept), array("I", accumulate((len(line) + 1 for line in kept[:-1]), initial=0))


def _lignes(fichier: str) -> Iterator[dict[str, str]]:
    with (DONNEES / fichier).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


@functools.cache
def communes() -> Repertoire:
    """Every commune of today, found by its former INSEE codes too."""
    former: dict[str, str] = {}

    def read() -> Iterator[Entree]:
        for row in _lignes("communes-france.csv"):
            former.update(dict.fromkeys(row["anciens_codes"].split(), row["code_insee"]))
            yield Entree(row["code_insee"], row["nom"], row["codes_postaux"].partition(" ")[0])

    return Repertoire(read(), former)


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
