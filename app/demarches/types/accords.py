"""What a person agrees to or signs: a box that is ticked, a name that is typed."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    BOOLEEN,
    DATE,
    TEXTE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
)
from app.demarches.types.ecriture import nettoyer
from app.socle.calendrier import afficher_date
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Consentement(TypeSimple):
    """A box to tick; never ticked beforehand (GDPR recital 32). Not ticked, an optional one means no."""

    nom: ClassVar[str] = "consentement"
    widget: ClassVar[str] = "case"

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> bool | None:
        """True when ticked; else False, or None where it is mandatory."""
        if nettoyer(derniere(brut, champ.id)) == "oui":
            return True
        return None if champ.obligatoire else False

    def manque(self, champ: "Champ") -> Phrase:
        """« Cochez … »."""
        return phrase(N_("Cochez la case « %(libelle)s » pour continuer."), libelle=champ.libelle)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """As a browser sends a box."""
        return {champ.id: ["oui"]} if valeur else {}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Oui », « Non »."""
        return "Oui" if valeur else "Non"

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A boolean."""
        return BOOLEEN


class Signature(TypeSimple):
    """First name and name typed by the signatory; the day is set here, and stays while the name does."""

    nom: ClassVar[str] = "signature"
    widget: ClassVar[str] = "signature"

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, str] | None:
        """The name, and the day on which it was first typed."""
        name = nettoyer(derniere(brut, champ.id))
        if not name:
            return None
        if len(name) > 150:
            raise refus(N_("Raccourcissez %(sujet)s."), champ)
        if len([word for word in name.split() if any(c.isalpha() for c in word)]) < 2:
            raise refus(
                N_("Signez de votre prénom et de votre nom, par exemple Maëlle Le Goff."),
                champ,
                incomplet=True,
            )
        before = contexte.acquis.get(champ.id)
        if isinstance(before, Mapping) and before.get("nom") == name and before.get("date"):
            return {"nom": name, "date": str(before["date"])}
        return {"nom": name, "date": contexte.aujourd_hui.isoformat()}

    def manque(self, champ: "Champ") -> Phrase:
        """What a signature is here."""
        return phrase(N_("Signez de votre prénom et de votre nom, par exemple Maëlle Le Goff."))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The name alone: nobody types the day."""
        return {champ.id: [str(valeur["nom"])]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Maëlle Le Goff, le 27 mars 2026 »."""
        return f"{valeur['nom']}, le {afficher_date(date.fromisoformat(valeur['date']))}"

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """Name and day."""
        return (
            Colonne(f"{champ.id}.nom", champ.libelle),
            Colonne(f"{champ.id}.date", f"{champ.libelle} – date", "date"),
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """Name and day."""
        return (valeur["nom"], date.fromisoformat(valeur["date"])) if valeur else (None, None)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A text and a date."""
        return TypeExpression("compose", parties={"nom": TEXTE, "date": DATE})

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The day as a date."""
        return {"nom": valeur["nom"], "date": date.fromisoformat(valeur["date"])}
