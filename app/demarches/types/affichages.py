"""What a form shows and does not ask (an explanation, a computed value), and what it asks as a file."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    GenreColonne,
    TypeExpression,
    TypeSimple,
    sujet,
)
from app.demarches.types.ecriture import afficher_decimal
from app.socle.calendrier import afficher_date
from app.socle.gabarits import euros
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class SansReponse(TypeSimple):
    """A field that has no answer among the answers."""

    repond: ClassVar[bool] = False

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """None."""
        return ()

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """Nothing."""
        return {}

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """Nothing."""
        return None

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Nothing."""
        return {}

    def valeur_vue(self, champ: "Champ", tapes: Brut) -> str:
        """Nothing."""
        return ""

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """None."""
        return ()

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """None."""
        return ()

    def type_expression(self, champ: "Champ") -> TypeExpression | None:
        """Nothing to compute with."""
        return None


class Explication(SansReponse):
    """A text between two questions."""

    nom: ClassVar[str] = "explication"
    widget: ClassVar[str] = "explication"

    def verifier(self, champ: "Champ") -> None:
        """It asks nothing."""
        if champ.obligatoire or champ.prerempli:
            raise ValueError("an explanation asks nothing: it is neither obligatoire nor prerempli")


class PieceJointe(SansReponse):
    """A document to attach; the files are rows of their own."""

    nom: ClassVar[str] = "piece"
    attributs: ClassVar[frozenset[str]] = frozenset({"piece"})
    widget: ClassVar[str] = "piece"

    def manque(self, champ: "Champ") -> Phrase:
        """« Joignez … »."""
        return phrase(N_("Joignez %(sujet)s."), sujet=sujet(champ))


class Calcul(TypeSimple):
    """A value that a rule computes (`calcul`): shown, kept at submission, never read from the browser.

    `resultat` says how it is written: nombre, montant (the rule counts in euros), texte, date, oui_non.
    """

    nom: ClassVar[str] = "calcul"
    attributs: ClassVar[frozenset[str]] = frozenset({"resultat", "unite"})
    widget: ClassVar[str] = "calcul"

    def verifier(self, champ: "Champ") -> None:
        """It has a rule and asks nothing."""
        if champ.calcul is None:
            raise ValueError("a field of type calcul needs calcul, the rule that gives its value")
        if champ.obligatoire or champ.obligatoire_si is not None or champ.prerempli:
            raise ValueError("a computed field asks nothing: it is neither obligatoire nor prerempli")

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """Nothing: what a browser sends under its name is left out."""
        return {}

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """What was computed before."""
        return contexte.acquis.get(champ.id)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """As it is shown: nothing of it is read back."""
        return {champ.id: [self.afficher(champ, valeur)]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """As `resultat` says; what does not fit, as it is."""
        try:
            shown = _RESULTATS[champ.resultat](valeur)
        except (ValueError, ArithmeticError, TypeError):
            return str(valeur)
        return f"{shown}\u00a0{champ.unite}" if champ.unite else shown

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """One column of that kind."""
        kinds: dict[str, GenreColonne] = {"nombre": "nombre", "montant": "montant", "date": "date"}
        return (Colonne(champ.id, champ.libelle, kinds.get(champ.resultat, "texte")),)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The number or the day itself; else the displayed value."""
        if valeur is None:
            return (None,)
        try:
            if champ.resultat in ("nombre", "montant"):
                return (Decimal(str(valeur)),)
            if champ.resultat == "date":
                return (date.fromisoformat(valeur),)
        except (ValueError, ArithmeticError, TypeError):
            pass
        return (self.afficher(champ, valeur),)


_RESULTATS: dict[str, Callable[[Any], str]] = {
    "nombre": lambda value: afficher_decimal(Decimal(str(value))),
    "montant": lambda value: euros(int((Decimal(str(value)) * 100).to_integral_value(ROUND_HALF_UP))),
    "date": lambda value: afficher_date(date.fromisoformat(value)),
    "oui_non": lambda value: "Oui" if value else "Non",
    "texte": str,
}
