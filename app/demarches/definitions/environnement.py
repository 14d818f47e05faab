"""What rules may name in a form: each question and its parts, as its type says (`types.TypeDeChamp`)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.expressions import COMPOSE, Nom, Type, lignes
from app.demarches.types import TypeExpression

_CLASSES: dict[str, type] = {
    "booleen": bool,
    "nombre": Decimal,
    "texte": str,
    "choix": str,
    "date": date,
    "heure": time,
}


def noms_de(champ: Champ, calcule: Type | None = None) -> dict[str, Nom]:
    """What rules may name of one field: itself and its parts; nothing for a piece or an explanation.

    `calcule` is the type of a computed field, which only its rule tells.
    """
    if not champ.repond:
        return {}
    if calcule is not None:
        return {champ.id: Nom(calcule, champ.id, lecteur(calcule), _dire(champ))}
    kind = champ.genre.type_expression(champ)
    if kind is None:
        return {champ.id: Nom(COMPOSE, champ.id, _entiere, _dire(champ))}
    labels = {option.valeur: option.libelle for option in champ.options}
    found = {
        chemin: Nom(_type(part, champ), champ.id, _lire(champ, chemin, part), said, labels)
        for chemin, part, said in _parties(champ.id, kind, _dire(champ))
    }
    if kind.genre == "nombre":
        counted = unite_de_champ(champ)
        found[champ.id] = replace(found[champ.id], minimum=champ.min, maximum=champ.max, unite=counted)
    return found


def unite_de_champ(champ: Champ) -> str:
    """What the number of a field is counted in, for a rule: an amount is in euros."""
    return "€" if champ.type == "montant" else champ.unite


def noms_du_formulaire(champs: Iterable[Champ]) -> dict[str, Nom]:
    """What rules may name of several fields."""
    return {name: nom for champ in champs for name, nom in noms_de(champ).items()}


def lecteur(kind: Type) -> Callable[[Any], Any]:
    """How a stored computed value of that type is read back."""
    readers: dict[str, Callable[[Any], Any]] = {
        "nombre": Decimal,
        "date": date.fromisoformat,
        "heure": time.fromisoformat,
    }
    read = readers.get(kind.genre)
    wanted = _CLASSES.get(kind.genre, str)
    if read is not None:
        return read
    return lambda stored: stored if isinstance(stored, wanted) else None


def _parties(chemin: str, kind: TypeExpression, dit: str) -> Iterable[tuple[str, TypeExpression, str]]:
    """A name and those of its parts, each with its type and words."""
    yield chemin, kind, dit
    if kind.genre == "compose":
        for name, part in kind.parties.items():
            yield from _parties(f"{chemin}.{name}", part, f"{dit} ({name.replace('_', ' ')})")


def _type(kind: TypeExpression, champ: Champ | None = None) -> Type:
    if kind.genre == "lignes":
        of_row = {sub.id: sub for sub in champ.sous_champs} if champ is not None else {}
        inner: dict[str, Nom] = {}
        for name, of in kind.parties.items():
            sub = of_row.get(name)
            said = _dire(sub) if sub is not None else f"«\u00a0{name}\u00a0»"
            labels = {option.valeur: option.libelle for option in sub.options} if sub is not None else {}
            unit = unite_de_champ(sub) if sub is not None else ""
            for chemin, part, words in _parties(name, of, said):
                inner[chemin] = Nom(_type(part, sub), chemin, libelle=words, libelles=labels, unite=unit)
        return lignes(inner)
    options = kind.options or None if kind.genre in ("choix", "liste") else None
    return Type(kind.genre, options)


def _lire(champ: Champ, chemin: str, kind: TypeExpression) -> Callable[[Any], Any]:
    """How a stored answer is read as the value of one of its names."""
    steps = chemin.split(".")[1:]

    def read(stored: Any) -> Any:
        value = champ.genre.pour_expression(champ, stored)
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return None if value is None else _valeur(value, kind)

    return read


def _valeur(valeur: Any, kind: TypeExpression) -> Any:
    """A value of the type announced, or None: an answer that is no longer offered is none."""
    if kind.genre == "compose":
        return valeur or None
    if kind.genre == "lignes":
        return tuple(_ligne(row, kind.parties) for row in valeur)
    if kind.genre == "liste":
        return tuple(item for item in valeur if not kind.options or item in kind.options) or None
    if not isinstance(valeur, _CLASSES[kind.genre]) or valeur == "":
        return None
    if kind.genre == "choix" and kind.options and valeur not in kind.options:
        return None
    return valeur if not isinstance(valeur, Decimal) or valeur.is_finite() else None


def _ligne(row: Mapping[str, Any], parties: Mapping[str, TypeExpression]) -> dict[str, Any]:
    """The values of the names of a row, parts included."""
    found: dict[str, Any] = {}
    for name, kind in parties.items():
        for chemin, part, _ in _parties(name, kind, ""):
            value: Any = row
            for step in chemin.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
            found[chemin] = None if value is None else _valeur(value, part)
    return found


def _entiere(valeur: Any) -> Any:
    return valeur if valeur not in ({}, [], "") else None


def _dire(champ: Champ) -> str:
    """How a sentence calls a field."""
    return champ.sujet or f"«\u00a0{champ.libelle}\u00a0»"
