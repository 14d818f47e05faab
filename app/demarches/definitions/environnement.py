"""What rules may name in a form: each question and its parts, with their types and limits."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.expressions import (
    BOOLEEN,
    COMPOSE,
    DATE,
    HEURE,
    NOMBRE,
    TEXTE,
    Nom,
    Type,
    choix,
    lignes,
    liste,
)

_CHOIX_LIBRE = Type("choix")


def _booleen(valeur: Any) -> bool | None:
    return valeur if isinstance(valeur, bool) else None


def _nombre(valeur: Any) -> Decimal | None:
    if isinstance(valeur, bool) or not isinstance(valeur, int | str):
        return None
    number = Decimal(valeur)
    return number if number.is_finite() else None


def _montant(valeur: Any) -> Decimal | None:
    return Decimal(valeur) / 100 if isinstance(valeur, int) and not isinstance(valeur, bool) else None


def _jour(valeur: Any) -> date | None:
    return date.fromisoformat(valeur) if isinstance(valeur, str) else None


def _heure(valeur: Any) -> time | None:
    return time.fromisoformat(valeur) if isinstance(valeur, str) else None


def _texte(valeur: Any) -> str | None:
    return valeur if isinstance(valeur, str) and valeur else None


def _option(options: tuple[str, ...]) -> Callable[[Any], str | None]:
    """An answer that is no longer offered is none."""
    return lambda valeur: valeur if valeur in options else None


def _options(options: tuple[str, ...]) -> Callable[[Any], tuple[str, ...] | None]:
    return lambda valeur: tuple(item for item in valeur if item in options) or None


def _entier(valeur: Any) -> Any:
    return valeur if valeur not in ({}, [], "") else None


def _partie(nom: str, lire: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(valeur: Any) -> Any:
        part = valeur.get(nom) if isinstance(valeur, dict) else None
        return None if part is None else lire(part)

    return read


def _lignes(noms: dict[str, Nom]) -> Callable[[Any], Any]:
    def read(valeur: Any) -> tuple[dict[str, Any], ...] | None:
        if not isinstance(valeur, list):
            return None
        rows = [row for row in valeur if isinstance(row, dict)]
        return tuple({name: nom.valeur(row.get(nom.champ)) for name, nom in noms.items()} for row in rows)

    return read


_SIMPLES: dict[str, tuple[Type, Callable[[Any], Any]]] = {
    "oui_non": (BOOLEEN, _booleen),
    "consentement": (BOOLEEN, _booleen),
    "entier": (NOMBRE, _nombre),
    "decimal": (NOMBRE, _nombre),
    "montant": (NOMBRE, _montant),
    "date": (DATE, _jour),
    "heure": (HEURE, _heure),
    "civilite": (choix("madame", "monsieur"), _texte),
}
# The parts of answers in several parts; those that are left out may only be tested by `renseigne`.
_PARTIES: dict[str, dict[str, tuple[Type, Callable[[Any], Any]]]] = {
    "adresse": {
        "ligne": (TEXTE, _texte),
        "complement": (TEXTE, _texte),
        "code_postal": (TEXTE, _texte),
        "commune": (TEXTE, _texte),
        "code_insee": (TEXTE, _texte),
        "pays": (TEXTE, _texte),
    },
    "periode": {"debut": (DATE, _jour), "fin": (DATE, _jour)},
    "listes_liees": {"niveau1": (_CHOIX_LIBRE, _texte), "niveau2": (_CHOIX_LIBRE, _texte)},
    "commune": {"code": (TEXTE, _texte), "nom": (TEXTE, _texte), "code_postal": (TEXTE, _texte)},
    "departement": {"code": (TEXTE, _texte), "nom": (TEXTE, _texte)},
    "pays": {"code": (TEXTE, _texte), "nom": (TEXTE, _texte)},
    "referentiel": {"cle": (TEXTE, _texte), "libelle": (TEXTE, _texte)},
    "signature": {"nom": (TEXTE, _texte), "date": (DATE, _jour)},
    "enfant": {"nom": (TEXTE, _texte), "prenoms": (TEXTE, _texte), "naissance": (DATE, _jour)},
    "identite": {"nom": (TEXTE, _texte), "prenoms": (TEXTE, _texte), "naissance": (DATE, _jour)},
    "carte": {},
    "tableau": {},
}


def noms_de(champ: Champ, calcule: Type | None = None) -> dict[str, Nom]:
    """What rules may name of one field: itself and its parts; nothing for a piece or an explanation.

    `calcule` is the type of a computed field, which only its rule tells.
    """
    genre: str = champ.type
    if not champ.repond:
        return {}
    if calcule is not None:
        return {champ.id: Nom(calcule, champ.id, lecteur(calcule), _dire(champ))}
    if champ.type in _SIMPLES:
        kind, read = _SIMPLES[champ.type]
        return {champ.id: _borner(champ, Nom(kind, champ.id, read, _dire(champ)))}
    if champ.type in ("choix", "choix_multiple"):
        options = tuple(option.valeur for option in champ.options)
        kind = choix(*options) if champ.type == "choix" else liste(*options)
        reader = _option(options) if champ.type == "choix" else _options(options)
        labels = {option.valeur: option.libelle for option in champ.options}
        return {champ.id: Nom(kind, champ.id, reader, _dire(champ), labels)}
    if genre == "bloc":
        within = noms_du_formulaire(getattr(champ, "champs", ()))
        return {champ.id: Nom(lignes(within), champ.id, _lignes(within), _dire(champ))}
    if genre in _PARTIES:
        whole = {champ.id: Nom(COMPOSE, champ.id, _entier, _dire(champ))}
        parts = _PARTIES[genre].items()
        return whole | {
            f"{champ.id}.{name}": Nom(kind, champ.id, _partie(name, read), f"{_dire(champ)} ({name})")
            for name, (kind, read) in parts
        }
    return {champ.id: Nom(TEXTE, champ.id, _texte, _dire(champ))}


def noms_du_formulaire(champs: Iterable[Champ]) -> dict[str, Nom]:
    """What rules may name of several fields."""
    return {name: nom for champ in champs for name, nom in noms_de(champ).items()}


def lecteur(kind: Type) -> Callable[[Any], Any]:
    """How a stored computed value of that type is read back."""
    readers: dict[str, Callable[[Any], Any]] = {
        "booleen": _booleen,
        "nombre": _nombre,
        "date": _jour,
        "heure": _heure,
    }
    return readers.get(kind.genre, _texte)


def _dire(champ: Champ) -> str:
    """How a sentence calls a field."""
    return champ.sujet or f"« {champ.libelle} »"


def _borner(champ: Champ, nom: Nom) -> Nom:
    genre: str = champ.type
    if genre not in ("entier", "decimal", "montant"):
        return nom
    low, high = (None if limit is None else Decimal(limit) for limit in (champ.min, champ.max))
    return replace(nom, minimum=low, maximum=high)
