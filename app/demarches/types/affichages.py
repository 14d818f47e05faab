"""What a form shows and does not ask, and what it asks as a file: an explanation, a document."""

from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    sujet,
)
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
