"""Whole numbers, decimals and amounts; spaces, units and French commas are understood."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    NOMBRE,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    refus,
)
from app.demarches.types.ecriture import afficher_decimal
from app.socle.gabarits import euros
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Entier(TypeSimple):
    """A whole number, stored as such."""

    nom: ClassVar[str] = "entier"
    attributs: ClassVar[frozenset[str]] = frozenset({"min", "max", "unite"})
    widget: ClassVar[str] = "nombre"

    def verifier(self, champ: "Champ") -> None:
        """Limits in order."""
        if champ.min is not None and champ.max is not None and champ.min > champ.max:
            raise ValueError("min is above max")

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """The number, within its limits."""
        digits = _chiffres(texte, champ.unite)
        if not re.fullmatch(r"[+-]?[0-9]{1,15}", digits):
            raise refus(N_("Indiquez %(sujet)s par un nombre entier, par exemple 12."), champ)
        check_range(champ, Decimal(digits))
        return int(digits)

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 1 200 km »."""
        number = afficher_decimal(Decimal(str(valeur)))
        return f"{number}\u00a0{champ.unite}" if champ.unite else number

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """A number, its unit in the header."""
        header = f"{champ.libelle} ({champ.unite})" if champ.unite else champ.libelle
        return (Colonne(champ.id, header, "nombre"),)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The number itself."""
        return (None if valeur is None else self.pour_expression(champ, valeur),)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A number."""
        return NOMBRE

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The number, exact."""
        return Decimal(str(valeur))


class Nombre(Entier):
    """A number with up to four decimals, stored as text with a point."""

    nom: ClassVar[str] = "decimal"
    widget: ClassVar[str] = "decimal"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """The number, within its limits, without useless zeros."""
        digits = _chiffres(texte, champ.unite).replace(",", ".")
        if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,4})?", digits):
            raise refus(N_("Indiquez %(sujet)s par un nombre, par exemple 12,5."), champ)
        value = Decimal(digits)
        check_range(champ, value)
        return ecrire_decimal(value)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """With a comma."""
        return {champ.id: [str(valeur).replace(".", ",")]}


class Montant(Entier):
    """An amount in euros, stored in cents; limits are written in euros."""

    nom: ClassVar[str] = "montant"
    attributs: ClassVar[frozenset[str]] = frozenset({"min", "max"})
    widget: ClassVar[str] = "montant"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """The amount in cents."""
        cents = lire_cents(texte)
        if cents is None:
            raise refus(N_("Indiquez %(sujet)s en euros, par exemple 12,50."), champ)
        value = Decimal(cents) / 100
        if champ.min is not None and value < champ.min:
            raise refus(N_("Indiquez %(sujet)s : %(limite)s au moins."), champ, limite=_en_euros(champ.min))
        if champ.max is not None and value > champ.max:
            raise refus(N_("Indiquez %(sujet)s : %(limite)s au plus."), champ, limite=_en_euros(champ.max))
        return cents

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Euros with a comma: « 12,50 »."""
        return {champ.id: [ecrire_cents(valeur)]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 1 234,50 € »."""
        return euros(valeur)

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """An amount."""
        return (Colonne(champ.id, f"{champ.libelle} (€)", "montant"),)

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """In euros."""
        return Decimal(valeur) / 100


def lire_cents(texte: str) -> int | None:
    """Cents of an amount typed by somebody (« 1 234,5 € »), None for what is no amount."""
    digits = re.sub(r"(euros?|€)$", "", re.sub(r"\s", "", texte).lower()).replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,2})?", digits):
        return None
    return int(Decimal(digits) * 100)


def ecrire_cents(cents: int) -> str:
    """An amount as it is typed: euros, a comma and two figures unless they are zeros."""
    sign, (whole, part) = "-" if cents < 0 else "", divmod(abs(cents), 100)
    return f"{sign}{whole},{part:02}" if part else f"{sign}{whole}"


def lire_decimal(texte: str) -> str | None:
    """A decimal as it is stored, from what somebody typed; None for what is no number."""
    digits = re.sub(r"\s", "", texte).replace(",", ".")
    return (
        ecrire_decimal(Decimal(digits)) if re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,4})?", digits) else None
    )


def ecrire_decimal(valeur: Decimal) -> str:
    """A decimal as it is stored: a point, no exponent, no useless zero."""
    return format(valeur.normalize(), "f") if valeur else "0"


def check_range(champ: "Champ", value: Decimal) -> None:
    """Refuses a number outside `min` and `max`."""
    unit = f" {champ.unite}" if champ.unite else ""
    if champ.min is not None and value < champ.min:
        limit = f"{afficher_decimal(champ.min)}{unit}"
        raise refus(N_("Indiquez %(sujet)s : %(limite)s au moins."), champ, limite=limit)
    if champ.max is not None and value > champ.max:
        limit = f"{afficher_decimal(champ.max)}{unit}"
        raise refus(N_("Indiquez %(sujet)s : %(limite)s au plus."), champ, limite=limit)


def _chiffres(texte: str, unite: str) -> str:
    if unite and texte.lower().endswith(unite.lower()):
        texte = texte[: -len(unite)]
    return re.sub(r"\s", "", texte)


def _en_euros(limite: Decimal) -> str:
    return euros(int(limite * 100))
