"""Reads the forbidden twins of `docs/glossaire.md`: one thing has one word, and its twins name nothing in `app/`."""

import re
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_CODE = re.compile(r"`([^`]+)`(?:\s*\(sauf ([^)]*)\))?")


@dataclass(frozen=True)
class Jumeau:
    """A forbidden word, the one to use, and the files or folders where it may stand."""

    mot: str
    jumeau: str
    allowed_in: tuple[str, ...] = ()

    def is_in(self, words: tuple[str, ...]) -> bool:
        """Whether the words of an identifier contain this twin; its plural counts, `user_agent` is no person."""
        wanted = tuple(self.jumeau.split("_"))
        plural = (*wanted[:-1], f"{wanted[-1]}s")
        size = len(wanted)
        windows = {words[start : start + size] for start in range(len(words) - size + 1)}
        return bool(windows & {wanted, plural}) and words[:2] != ("user", "agent")


def words_of(identifier: str) -> tuple[str, ...]:
    """The lower-case words of an identifier in snake_case or CamelCase."""
    return tuple(word.lower() for word in _WORD.findall(identifier))


def read_twins(path: Path) -> list[Jumeau]:
    """Twins of the glossary's tables: third column, in backquotes, with `(sauf app/…)` where it may stand."""
    twins = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 3:
            continue
        for twin, places in _CODE.findall(cells[2]):
            allowed = tuple(place.strip().rstrip("/") for place in places.split(",") if place.strip())
            twins.append(Jumeau(cells[0].strip("*` "), twin, allowed))
    return twins
