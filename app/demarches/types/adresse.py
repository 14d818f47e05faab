"""A postal address: always accepted as typed; what the national address base adds is kept beside it."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
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
from app.socle.langues import N_, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

LONGUEUR = 255
_MANQUE = {
    "ligne": N_("le numéro et la rue (ou le lieu-dit)"),
    "code_postal": N_("le code postal"),
    "commune": N_("la commune"),
}
_MANQUE_ETRANGER = {"ligne": _MANQUE["ligne"], "commune": N_("la ville et le pays")}


class Adresse(TypeSimple):
    """Street, complement, postal code and town; with `etranger`, another country's are taken as they are."""

    nom: ClassVar[str] = "adresse"
    attributs: ClassVar[frozenset[str]] = frozenset({"etranger"})
    widget: ClassVar[str] = "adresse"
    parties: ClassVar[tuple[str, ...]] = ("ligne", "complement", "code_postal", "commune")

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, Any] | None:
        """The parts, complete."""
        parts = {name: nettoyer(derniere(brut, f"{champ.id}-{name}")) for name in self.parties}
        if not any(parts.values()):
            return None
        for name, text in parts.items():
            if len(text) > LONGUEUR:
                raise refus(N_("Raccourcissez %(sujet)s."), champ, entree=f"{champ.id}-{name}")
        for name, words in (_MANQUE_ETRANGER if champ.etranger else _MANQUE).items():
            if not parts[name]:
                raise refus(
                    N_("Complétez %(sujet)s : il manque %(manque)s."),
                    champ,
                    manque=phrase(words),
                    entree=f"{champ.id}-{name}",
                    incomplet=True,
                )
        parts["code_postal"] = parts["code_postal"].replace(" ", "")
        if not champ.etranger and not re.fullmatch(r"[0-9]{5}", parts["code_postal"]):
            raise refus(
                N_("Complétez %(sujet)s : le code postal a 5 chiffres, par exemple 22200."),
                champ,
                entree=f"{champ.id}-code_postal",
                incomplet=len(parts["code_postal"]) < 5,
            )
        return parts

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """One input per part."""
        return {f"{champ.id}-{part}": [str(text)] for part, text in valeur.items() if part in self.parties}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 12 rue Notre-Dame, 22200 Guingamp »."""
        town = f"{valeur.get('code_postal', '')} {valeur.get('commune', '')}".strip()
        return ", ".join(part for part in (valeur.get("ligne"), valeur.get("complement"), town) if part)

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """One column per part that a letter needs."""
        headers = {
            "ligne": "adresse",
            "complement": "complément",
            "code_postal": "code postal",
            "commune": "commune",
        }
        return tuple(
            Colonne(f"{champ.id}.{part}", f"{champ.libelle} – {word}") for part, word in headers.items()
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The parts."""
        return tuple((valeur or {}).get(part) or None for part in self.parties)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Texts by part."""
        names = (*self.parties, "code_insee")
        return TypeExpression("compose", parties=dict.fromkeys(names, TEXTE))
