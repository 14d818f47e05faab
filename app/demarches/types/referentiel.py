"""A row of a list that the collectivité has uploaded: only a row that is offered is an answer, kept whole.

The answer says the version of the list that it comes from. It stays an answer when a later version no longer has that
row: a dossier is read as it was filled.
"""

from collections.abc import Mapping
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
from app.demarches.types.ecriture import nettoyer, plier
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Referentiel(TypeSimple):
    """A key, its label and the other cells of its row."""

    nom: ClassVar[str] = "referentiel"
    attributs: ClassVar[frozenset[str]] = frozenset({"referentiel"})
    widget: ClassVar[str] = "repertoire"

    def verifier(self, champ: "Champ") -> None:
        """It names its list."""
        if not champ.referentiel:
            raise ValueError("a referentiel needs referentiel, the name of its list")

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """The text, then the key."""
        return (champ.id, f"{champ.id}-code")

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, Any] | None:
        """The row that the key says, or the one row that the text names; what was answered before stays one."""
        text, key = nettoyer(derniere(brut, champ.id)), nettoyer(derniere(brut, f"{champ.id}-code"))
        if not text and not key:
            return None
        before = contexte.acquis.get(champ.id)
        if isinstance(before, Mapping) and "cle" in before and _dit(before, text, key):
            return dict(before)
        rows = [row for (list_, _), row in contexte.lignes.items() if list_ == champ.referentiel]
        for row in rows:
            if key and row["cle"] == key and (not text or plier(text) == plier(row["libelle"])):
                return dict(row)
        named = [row for row in rows if text and (row["cle"] == text or plier(row["libelle"]) == plier(text))]
        exact = [row for row in named if row["cle"] == text] or named
        if len(exact) == 1:
            return dict(exact[0])
        if len(exact) > 1:
            raise refus(N_("Plusieurs lignes portent ce nom : choisissez %(sujet)s ci-dessous."), champ)
        raise refus(
            N_("Choisissez %(sujet)s dans la liste : ce que vous avez écrit n’y est pas."),
            champ,
            incomplet=len(text) < 4,
        )

    def manque(self, champ: "Champ") -> Phrase:
        """« Choisissez … dans la liste »."""
        return phrase(N_("Choisissez %(sujet)s dans la liste."), sujet=champ.sujet or champ.libelle)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The label and the key."""
        return {champ.id: [str(valeur["libelle"])], f"{champ.id}-code": [str(valeur["cle"])]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """The label, then the other cells, one a line."""
        cells = [
            f"{titre}\u00a0: {texte}" for titre, texte in (valeur.get("colonnes") or {}).items() if texte
        ]
        return "\n".join([str(valeur["libelle"]), *cells])

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """Its list is put in by who knows the collectivité: the type alone knows no row."""
        return {
            "choix": [],
            "code": derniere(tapes, f"{champ.id}-code"),
            "source": f"referentiels/{champ.referentiel}",
            "liste": (),
        }

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """Label, key, and the other cells as text: their titles are the collectivité's."""
        return (
            Colonne(f"{champ.id}.libelle", champ.libelle),
            Colonne(f"{champ.id}.cle", f"{champ.libelle} – clé"),
            Colonne(f"{champ.id}.detail", f"{champ.libelle} – détail"),
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The same."""
        if not valeur:
            return (None, None, None)
        detail = " ; ".join(
            f"{titre} : {texte}" for titre, texte in valeur.get("colonnes", {}).items() if texte
        )
        return (valeur["libelle"], valeur["cle"], detail or None)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Key and label."""
        return TypeExpression("compose", parties={"cle": TEXTE, "libelle": TEXTE})


def _dit(before: Mapping[str, Any], text: str, key: str) -> bool:
    """Whether these inputs stand for the answer that was there."""
    same = text in (before["cle"], before["libelle"])
    return (same and key in ("", before["cle"])) or (not text and key == before["cle"])
