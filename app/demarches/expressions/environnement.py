"""What an expression may name: answers and their parts, with their types, how to read them, what they may be worth."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from app.demarches.expressions.valeurs import DATE, NOMBRE, TEXTE, Type, choix

CANAUX = ("web", "guichet", "telephone", "courrier", "aidant")
REPRESENTATIONS = {"soi": "elle-même", "enfant": "son enfant", "mandat": "une personne aidée, par mandat"}


def tel_quel(valeur: Any) -> Any:
    """A stored text as it is; nothing else is one."""
    return valeur if isinstance(valeur, str) else None


@dataclass(frozen=True, slots=True)
class Nom:
    """One thing that may be named.

    `champ` is the field it belongs to ("" for a word of context); `lire` turns its stored answer into a value,
    or None; `libelles` says the options of a list; `minimum` and `maximum` are limits that every answer
    respects, dates among them as days or as days from the day of filling; `toujours`: it is always known;
    `unite` is what its number is counted in.
    """

    type: Type
    champ: str
    lire: Callable[[Any], Any] = tel_quel
    libelle: str = ""
    libelles: Mapping[str, str] = field(default_factory=dict)
    minimum: Decimal | date | int | None = None
    maximum: Decimal | date | int | None = None
    toujours: bool = False
    unite: str = ""

    def valeur(self, stockee: Any) -> Any:
        """The value of a stored answer; None when it is none, or is not of the right shape."""
        if stockee is None:
            return None
        with contextlib.suppress(ValueError, TypeError, ArithmeticError, AttributeError, KeyError):
            return self.lire(stockee)
        return None


CONTEXTE: dict[str, Nom] = {
    "aujourdhui": Nom(DATE, "", libelle="aujourd’hui", toujours=True),
    "depot": Nom(DATE, "", libelle="le jour du dépôt", toujours=True),
    "canal": Nom(choix(*CANAUX), "", libelle="le canal", toujours=True),
    "representation": Nom(
        choix(*REPRESENTATIONS),
        "",
        libelle="pour qui la personne agit",
        libelles=REPRESENTATIONS,
        toujours=True,
    ),
    "collectivite.code_insee": Nom(TEXTE, "", libelle="le code Insee de la collectivité", toujours=True),
    "collectivite.population": Nom(
        NOMBRE, "", libelle="la population de la collectivité", minimum=Decimal(0), toujours=True
    ),
}


@dataclass(frozen=True, slots=True)
class Environnement:
    """The names an expression may use; `absents` says why some others may not, by field."""

    noms: Mapping[str, Nom]
    absents: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, chemin: str) -> Nom | None:
        return self.noms.get(chemin) or CONTEXTE.get(chemin)

    def dans(self, bloc: str) -> "Environnement":
        """What may be named while one looks at each row of a block; itself when there is no such block."""
        found = self[bloc]
        if found is None or found.type.genre != "lignes":
            return self
        return Environnement({**self.noms, **found.type.noms}, self.absents)


@dataclass(frozen=True, slots=True)
class Circonstances:
    """What surrounds the answers: the day, the day of submission (that day while it is a draft), channel, place.

    `representation` says for whom the person acts (a key of REPRESENTATIONS).

    What is not given is not known: rules that rest on it hold back.
    """

    aujourdhui: date | None = None
    depot: date | None = None
    canal: str | None = None
    code_insee: str | None = None
    population: int | None = None
    representation: str | None = None

    def valeurs(self) -> dict[str, Any]:
        """The words of context and their values."""
        return {
            "aujourdhui": self.aujourdhui,
            "depot": self.depot or self.aujourdhui,
            "canal": self.canal,
            "representation": self.representation,
            "collectivite.code_insee": self.code_insee,
            "collectivite.population": None if self.population is None else Decimal(self.population),
        }
