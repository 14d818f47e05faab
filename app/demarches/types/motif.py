"""A small language to say what a code looks like, matched in time proportional to the code: never a backtrack.

`9` a digit, `A` a letter (kept in capitals), `X` a letter or a digit (in capitals), `[A-F12]` one of these
characters; after any of them `?` for optional, `{4}` or `{2,6}` for how many; any other character stands for itself,
and so does every character after a backslash.
"""

import functools
import string
from dataclasses import dataclass

_CLASSES = {
    "9": frozenset(string.digits),
    "A": frozenset(string.ascii_uppercase),
    "X": frozenset(string.ascii_uppercase + string.digits),
}
LONGUEUR_MAX = 200


@dataclass(frozen=True)
class _Element:
    caracteres: frozenset[str]
    litteral: bool = False

    def prend(self, caractere: str) -> str | None:
        """The character as it is kept, None when this element does not take it."""
        if caractere in self.caracteres:
            return caractere
        upper = caractere.upper()
        return upper if not self.litteral and upper in self.caracteres else None


@functools.lru_cache(maxsize=512)
class Motif:
    """A motif ready to match; ValueError, with the reason, for one that cannot be read."""

    def __init__(self, texte: str) -> None:
        self._elements: list[tuple[_Element, bool]] = []
        at = 0
        while at < len(texte):
            element, at = _element(texte, at)
            least, most, at = _nombre(texte, at)
            self._elements += [(element, False)] * least + [(element, True)] * (most - least)
        if not self._elements:
            raise ValueError("motif is empty")
        if len(self._elements) > LONGUEUR_MAX:
            raise ValueError(f"motif may take {LONGUEUR_MAX} characters at most")

    def lire(self, texte: str) -> str | None:
        """The text as it is kept when the whole of it has the form; None otherwise.

        Every place that may have been reached is followed at once: the work is at most length of the text times
        length of the motif.
        """
        places: dict[int, str] = self._avec_facultatifs({0: ""})
        for character in texte:
            following: dict[int, str] = {}
            for place, kept in places.items():
                if place < len(self._elements):
                    taken = self._elements[place][0].prend(character)
                    if taken is not None:
                        following.setdefault(place + 1, kept + taken)
            places = self._avec_facultatifs(following)
            if not places:
                return None
        return places.get(len(self._elements))

    def _avec_facultatifs(self, places: dict[int, str]) -> dict[int, str]:
        reached = dict(places)
        for place in range(min(places, default=0), len(self._elements)):
            if place in reached and self._elements[place][1]:
                reached.setdefault(place + 1, reached[place])
        return reached


def _element(texte: str, at: int) -> tuple[_Element, int]:
    character = texte[at]
    if character in _CLASSES:
        return _Element(_CLASSES[character]), at + 1
    if character == "[":
        end = texte.find("]", at + 1)
        if end <= at + 1:
            raise ValueError(f"motif: a bracket is empty or not closed, at character {at + 1}")
        return _Element(_entre_crochets(texte[at + 1 : end])), end + 1
    if character in "]{}?":
        raise ValueError(f"motif: {character} stands alone at character {at + 1}; put a backslash before it")
    if character == "\\":
        if at + 1 >= len(texte):
            raise ValueError("motif ends with a backslash")
        return _Element(frozenset(texte[at + 1]), litteral=True), at + 2
    return _Element(frozenset(character), litteral=True), at + 1


def _entre_crochets(texte: str) -> frozenset[str]:
    found: set[str] = set()
    at = 0
    while at < len(texte):
        if texte[at + 1 : at + 2] == "-" and at + 2 < len(texte):
            first, last = ord(texte[at]), ord(texte[at + 2])
            if not first <= last <= first + 100:
                raise ValueError(f"motif: {texte[at : at + 3]} is no range")
            found.update(map(chr, range(first, last + 1)))
            at += 3
        else:
            found.add(texte[at])
            at += 1
    return frozenset(found)


def _nombre(texte: str, at: int) -> tuple[int, int, int]:
    if texte[at : at + 1] == "?":
        return 0, 1, at + 1
    if texte[at : at + 1] != "{":
        return 1, 1, at
    end = texte.find("}", at)
    bounds = texte[at + 1 : end].split(",") if end > at else []
    if len(bounds) not in (1, 2) or not all(b.isascii() and b.isdigit() for b in bounds):
        raise ValueError(f"motif: braces want {{4}} or {{2,6}}, at character {at + 1}")
    least, most = int(bounds[0]), int(bounds[-1])
    if not 0 <= least <= most <= LONGUEUR_MAX or most == 0:
        raise ValueError(f"motif: {texte[at : end + 1]} is no number of times")
    return least, most, end + 1
