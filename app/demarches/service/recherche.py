"""Finding a démarche by a resident's own words: accents, plurals and order do not matter, nor in which language."""

import unicodedata
from collections.abc import Sequence

from app.demarches.service.catalogue import Offre

_VIDES = frozenset(
    [
        "a",
        "au",
        "aux",
        "de",
        "des",
        "du",
        "en",
        "et",
        "la",
        "le",
        "les",
        "ma",
        "mes",
        "mon",
        "ou",
        "pour",
        "sur",
        "un",
        "une",
        "d",
        "l",
        "faire",
        "demander",
    ]
)


def fold(texte: str) -> list[str]:
    """The words of a text, without accents, case or plural marks."""
    plain = unicodedata.normalize("NFKD", texte.lower().replace("œ", "oe"))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return [word.rstrip("sx") or word for word in letters.split() if word not in _VIDES]


def matching(offres: Sequence[Offre], texte: str) -> list[Offre]:
    """The démarches that hold every word asked (as a beginning of a word), best first: title before the rest."""
    asked = fold(texte)
    if not asked:
        return list(offres)
    ranked: list[tuple[int, int, Offre]] = []
    for position, offre in enumerate(offres):
        definition = offre.definition
        others = [t for t in (definition.traductions.br, definition.traductions.en) if t]
        title = fold(" ".join((definition.titre, *(t.titre for t in others))))
        words = title + fold(
            " ".join((*definition.mots_cles, definition.resume, *(t.resume for t in others)))
        )
        if all(any(word.startswith(term) for word in words) for term in asked):
            in_title = sum(any(word.startswith(term) for word in title) for term in asked)
            ranked.append((-in_title, position, offre))
    return [offre for _, _, offre in sorted(ranked, key=lambda item: item[:2])]
