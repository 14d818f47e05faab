"""What rules may name in a form: each question and its parts, with their types and limits."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.expressions import COMPOSE, NOMBRE, Nom, Type, choix, lignes, liste
from app.demarches.types import TypeExpression

# What a value of each type is; anything else in its place is not known.
_VALEURS: dict[str, type] = {
    "booleen": bool,
    "nombre": Decimal,
    "texte": str,
    "choix": str,
    "date": date,
    "heure": time,
}


def _type(kind: TypeExpression) -> Type:
    """The type of an answer, as the registry of fields tells it."""
    if kind.genre == "choix":
        return choix(*kind.options)
    if kind.genre == "liste":
        return liste(*kind.options)
    return Type(kind.genre)


def _lire(champ: Champ, kind: TypeExpression, chemin: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """How the answer, or the part of it that `chemin` leads to, is read."""
    convert = champ.genre.pour_expression

    def read(stockee: Any) -> Any:
        valeur = convert(champ, stockee)
        for part in chemin:
            valeur = valeur.get(part) if isinstance(valeur, dict) else None
        if kind.genre == "liste":
            return tuple(valeur) or None
        return valeur if valeur != "" and isinstance(valeur, _VALEURS[kind.genre]) else None

    return read


def _parties(champ: Champ, kind: TypeExpression, chemin: tuple[str, ...]) -> Iterator[tuple[str, Nom]]:
    for name, part in kind.parties.items():
        way = (*chemin, name)
        if part.genre == "compose":
            yield from _parties(champ, part, way)
        elif part.genre != "lignes":
            libelle = f"{champ.libelle}, {' '.join(way)}"
            yield f"{champ.id}.{'.'.join(way)}", Nom(_type(part), champ.id, _lire(champ, part, way), libelle)


def _present(valeur: Any) -> Any:
    return valeur if valeur not in ({}, [], "") else None


def _lignes(noms: dict[str, Nom]) -> Callable[[Any], Any]:
    def read(valeur: Any) -> tuple[dict[str, Any], ...] | None:
        if not isinstance(valeur, list):
            return None
        rows = [row for row in valeur if isinstance(row, dict)]
        return tuple({name: nom.valeur(row.get(nom.champ)) for name, nom in noms.items()} for row in rows)

    return read


def noms_de(champ: Champ, calcule: Type | None = None) -> dict[str, Nom]:
    """What rules may name of one field: itself and its parts; nothing for a piece or an explanation.

    `calcule` is the type of a computed field, which only its rule tells.
    """
    if not champ.repond:
        return {}
    if calcule is not None:
        return {champ.id: Nom(calcule, champ.id, lecteur(calcule), champ.libelle)}
    kind = champ.genre.type_expression(champ)
    if kind is None:
        return {}
    if kind.genre == "lignes":
        within = noms_du_formulaire(champ.sous_champs)
        return {champ.id: Nom(lignes(within), champ.id, _lignes(within), champ.libelle)}
    if kind.genre == "compose":
        whole = {champ.id: Nom(COMPOSE, champ.id, _present, champ.libelle)}
        return whole | dict(_parties(champ, kind, ()))
    return {champ.id: _borner(champ, Nom(_type(kind), champ.id, _lire(champ, kind), champ.libelle))}


def noms_du_formulaire(champs: Iterable[Champ]) -> dict[str, Nom]:
    """What rules may name of several fields."""
    return {name: nom for champ in champs for name, nom in noms_de(champ).items()}


def lecteur(kind: Type) -> Callable[[Any], Any]:
    """How a stored computed value of that type is read back."""

    def read(valeur: Any) -> Any:
        if kind.genre == "nombre":
            return None if isinstance(valeur, bool) else Decimal(str(valeur))
        if kind.genre in ("date", "heure"):
            return (date if kind.genre == "date" else time).fromisoformat(valeur)
        if kind.genre == "liste":
            return tuple(valeur) or None
        return (
            valeur if isinstance(valeur, bool if kind.genre == "booleen" else str) and valeur != "" else None
        )

    return read


def _borner(champ: Champ, nom: Nom) -> Nom:
    """Limits that every answer respects; those of an amount are in euros, as expressions count."""
    return replace(nom, minimum=champ.min, maximum=champ.max) if nom.type == NOMBRE else nom
