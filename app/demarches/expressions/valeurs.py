"""Types and values of expressions: every value is plain and immutable, None always means "not known".

Numbers are Decimal with bounded digits: a result that does not fit, or a division by zero, is not known.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

from app.socle.calendrier import ajouter_jours_ouvres, ajouter_mois

Genre = Literal[
    "booleen", "nombre", "texte", "date", "heure", "duree", "choix", "liste", "lignes", "compose", "inconnu"
]

LIMITE_NOMBRE = Decimal(10) ** 15
_PLUS_FIN = Decimal("1e-9")
CALCUL = Context(prec=28, rounding=ROUND_HALF_UP, Emin=-999, Emax=999, traps=[])


@dataclass(frozen=True, slots=True)
class Type:
    """The type of an expression.

    `options` are the answers of a choice or of a list (None when they are not a closed set), `noms` what a
    row of a repeated block holds.
    """

    genre: Genre
    options: tuple[str, ...] | None = None
    noms: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def textuel(self) -> bool:
        """Whether its values are texts: a free text or one answer of a list."""
        return self.genre in ("texte", "choix")


BOOLEEN = Type("booleen")
NOMBRE = Type("nombre")
TEXTE = Type("texte")
DATE = Type("date")
HEURE = Type("heure")
DUREE = Type("duree")
# A field of several parts (an address): only `renseigne` takes it whole.
COMPOSE = Type("compose")
# What a faulty part is worth, so that one fault is told once.
INCONNU = Type("inconnu")

LIBELLES: dict[str, str] = {
    "booleen": "un oui ou non",
    "nombre": "un nombre",
    "texte": "un texte",
    "date": "une date",
    "heure": "une heure",
    "duree": "une durée",
    "choix": "un choix dans une liste",
    "liste": "une liste de choix",
    "lignes": "un bloc de lignes",
    "compose": "une réponse en plusieurs parties",
    "inconnu": "autre chose",
}


def choix(*options: str) -> Type:
    """The type of one answer among some."""
    return Type("choix", options)


def liste(*options: str) -> Type:
    """The type of several answers among some."""
    return Type("liste", options)


def lignes(noms: Mapping[str, Any]) -> Type:
    """The type of a repeated block whose rows hold `noms`."""
    return Type("lignes", None, noms)


@dataclass(frozen=True, slots=True)
class Duree:
    """A length of time to add to a date: calendar months, days, working days."""

    mois: int = 0
    jours: int = 0
    ouvres: int = 0


def borner(nombre: Decimal) -> Decimal | None:
    """The number to nine decimals, or None when it is not finite or has more than fifteen digits before the point.

    So sums and differences of results are exact within the digits of `CALCUL`: proofs rest on it.
    """
    if not nombre.is_finite() or abs(nombre) >= LIMITE_NOMBRE:
        return None
    exponent = nombre.as_tuple().exponent
    return (
        nombre.quantize(_PLUS_FIN, context=CALCUL) if isinstance(exponent, int) and exponent < -9 else nombre
    )


def deplacer(jour: date, duree: Duree, sens: int) -> date | None:
    """The day a length of time after (`sens` 1) or before (-1); None outside the years 1 to 9999."""
    try:
        moved = ajouter_mois(jour, sens * duree.mois) + timedelta(days=sens * duree.jours)
        return ajouter_jours_ouvres(moved, sens * duree.ouvres)
    except (ValueError, OverflowError):
        return None


def plier(texte: str) -> str:
    """How free texts are compared: without regard to case, accents or repeated spaces."""
    plain = unicodedata.normalize("NFKD", texte.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


Valeur = Decimal | str | bool | date | time | Duree | tuple[Any, ...] | None
