"""Two people, or two devices, on one draft: which answers of a form may be kept, and which ones meet another's.

A form carries, for each question, the version of the answer it was drawn with and a mark of what it showed. What was
not touched never overwrites; what was changed on both sides is shown, both values side by side.
"""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Brut = Mapping[str, Sequence[str]]


class Ecrite(Protocol):
    """An answer as it is stored."""

    @property
    def version(self) -> int:
        """How often it was written."""
        ...

    @property
    def origine(self) -> str:
        """The form that wrote it last."""
        ...

    @property
    def brut(self) -> Brut:
        """What was typed."""
        ...


@dataclass(frozen=True, slots=True)
class Marque:
    """What a form knew of an answer: its version, and a checksum of the inputs it showed."""

    version: int
    somme: int


@dataclass
class Rapprochement:
    """A form put together with what was stored meanwhile.

    `brut` is what to read; `gardes` are questions whose stored answer stays; `conflits` those that somebody must settle
    (their stored answer stays until then).
    """

    brut: dict[str, Sequence[str]]
    gardes: set[str] = field(default_factory=set)
    conflits: set[str] = field(default_factory=set)


def canonique(brut: Brut) -> list[tuple[str, list[str]]]:
    """Inputs as they compare: what browsers add or leave out of an untouched form makes no difference."""
    kept = ((name, [v.replace("\r\n", "\n") for v in values if v]) for name, values in brut.items())
    return sorted((name, values) for name, values in kept if values)


def somme(brut: Brut) -> int:
    """A checksum of inputs: it tells whether a field was touched, and protects nothing."""
    return zlib.crc32(json.dumps(canonique(brut), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def ecrire_marques(marques: Iterable[tuple[str, int, Brut]]) -> str:
    """What a form carries: one word a question (id, version, checksum of what it shows)."""
    return " ".join(f"{id_}:{version}:{somme(brut):x}" for id_, version, brut in marques)


def lire_marques(texte: str) -> dict[str, Marque]:
    """What a form brings back; words that are not ours are left out, and so no longer protect their question."""
    found: dict[str, Marque] = {}
    for word in texte.split():
        id_, _, rest = word.partition(":")
        version, _, check = rest.partition(":")
        if version.isdecimal() and version.isascii() and len(version) < 9:
            try:
                found[id_] = Marque(int(version), int(check[:8] or "0", 16))
            except ValueError:
                continue
    return found


def rapprocher(
    saisies: Mapping[str, Brut],
    brut: Brut,
    ecrites: Mapping[str, Ecrite],
    marques: Mapping[str, Marque],
    origine: str,
    *,
    tranches: Mapping[str, str] | None = None,
    a_trancher: Collection[str] = (),
) -> Rapprochement:
    """Puts a form together with the stored answers; `saisies` are the inputs of each question, out of `brut`.

    `a_trancher` are questions that this form showed in conflict, `tranches` what was chosen: « garder » (the stored
    value) or « remplacer » (the one typed here). Without a choice they stay in conflict.
    """
    chosen = tranches or {}
    found = Rapprochement(dict(brut))
    for id_, typed in saisies.items():
        stored, known = ecrites.get(id_), marques.get(id_)
        if stored is None or known is None or canonique(typed) == canonique(stored.brut):
            continue
        choice = chosen.get(id_) if id_ in a_trancher else None
        moved = stored.version != known.version and not (origine and stored.origine == origine)
        undecided = id_ in a_trancher and choice not in ("garder", "remplacer")
        if choice == "garder" or (moved and id_ not in a_trancher and somme(typed) == known.somme):
            found.gardes.add(id_)
        elif moved or undecided:
            found.conflits.add(id_)
        else:
            continue
        for name in typed:
            found.brut.pop(name, None)
        found.brut.update({name: list(values) for name, values in stored.brut.items()})
    return found
