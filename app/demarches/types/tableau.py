"""A table of amounts or numbers with totals, such as the budget of a Cerfa; totals are computed, never sent."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    NOMBRE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    RefusDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
    sujet,
)
from app.demarches.types.ecriture import afficher_decimal, nettoyer
from app.demarches.types.nombres import ecrire_cents, lire_cents, lire_decimal
from app.socle import vues
from app.socle.gabarits import euros
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.attributs import ColonneTableau
    from app.demarches.definitions.champs import Champ


class Tableau(TypeSimple):
    """Rows and columns that the definition names; empty cells count for nothing."""

    nom: ClassVar[str] = "tableau"
    attributs: ClassVar[frozenset[str]] = frozenset({"lignes", "colonnes", "totaux"})
    widget: ClassVar[str] = "tableau"

    def verifier(self, champ: "Champ") -> None:
        """At least one row and one column, each id once."""
        for name, items in (("lignes", champ.lignes), ("colonnes", champ.colonnes)):
            ids = [item.id for item in items]
            if not ids or len(set(ids)) != len(ids):
                raise ValueError(f"a tableau needs {name}, each id once")

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """`<id>-<row>-<column>`."""
        return tuple(f"{champ.id}-{row.id}-{col.id}" for row in champ.lignes for col in champ.colonnes)

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """The cells that are filled; all wrong ones are told at once."""
        rows: dict[str, dict[str, int | str]] = {}
        wrong: dict[str, str] = {}
        for row in champ.lignes:
            for column in champ.colonnes:
                name = f"{champ.id}-{row.id}-{column.id}"
                text = nettoyer(derniere(brut, name))
                if not text:
                    continue
                cell = lire_cents(text) if column.genre == "montant" else lire_decimal(text)
                if cell is None:
                    wrong[name] = phrase(
                        N_("Indiquez un nombre : « %(ligne)s », « %(colonne)s »."),
                        ligne=row.libelle,
                        colonne=column.libelle,
                    )
                else:
                    rows.setdefault(row.id, {})[column.id] = cell
        if wrong:
            sentence = refus(N_("Complétez ou corrigez %(sujet)s."), champ).phrase
            raise RefusDeSaisie(sentence, entree=next(iter(wrong)), details=wrong)
        return {"lignes": rows} if rows else None

    def manque(self, champ: "Champ") -> Phrase:
        """« Remplissez … »."""
        return phrase(N_("Remplissez au moins une case de %(sujet)s."), sujet=sujet(champ))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Each cell as it is typed."""
        return {
            f"{champ.id}-{row.id}-{column.id}": [_tape(column, valeur["lignes"][row.id][column.id])]
            for row in champ.lignes
            for column in champ.colonnes
            if column.id in valeur["lignes"].get(row.id, {})
        }

    def totaux(self, champ: "Champ", valeur: Any) -> dict[str, int | Decimal]:
        """The sum of each column: cents for amounts, else exact decimals."""
        cells = (valeur or {}).get("lignes", {})
        return {
            column.id: sum(
                (_nombre(column, row[column.id]) for row in cells.values() if column.id in row), start=0
            )
            for column in champ.colonnes
        }

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """One line per row, then the totals."""
        lines = []
        for row in champ.lignes:
            cells = valeur["lignes"].get(row.id)
            if cells:
                shown = [f"{c.libelle} {_montre(c, cells[c.id])}" for c in champ.colonnes if c.id in cells]
                lines.append(f"{row.libelle}\u00a0: {', '.join(shown)}")
        if champ.totaux:
            totals = self.totaux(champ, valeur)
            shown = [f"{c.libelle} {_montre(c, totals[c.id])}" for c in champ.colonnes]
            lines.append(f"Total\u00a0: {', '.join(shown)}")
        return "\n".join(lines)

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """Cells as typed, and the totals of those that are numbers."""
        sums: dict[str, int | Decimal] = {column.id: 0 for column in champ.colonnes}
        lines = []
        for row in champ.lignes:
            cells = []
            for column in champ.colonnes:
                name = f"{champ.id}-{row.id}-{column.id}"
                text = derniere(tapes, name)
                cells.append({"nom": name, "valeur": text, "colonne": column.libelle})
                found = lire_cents(text) if column.genre == "montant" else lire_decimal(text)
                sums[column.id] += _nombre(column, found) if found is not None else 0
            lines.append({"libelle": row.libelle, "aide": row.aide, "cases": cells})
        totals = [_montre(column, sums[column.id]) for column in champ.colonnes] if champ.totaux else []
        columns = [{"libelle": c.libelle, "montant": c.genre == "montant"} for c in champ.colonnes]
        return {"colonnes": columns, "lignes": lines, "totaux": totals}

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """The table, each wrong cell with its sentence."""
        told = erreurs or {}
        faults = [vues.Erreur(name, told[name]) for name in self.entrees(champ) if name in told]
        return replace(super().vue(champ, tapes, erreurs), erreurs=faults)

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """A column per cell, then per total."""
        cells = [
            Colonne(f"{champ.id}.{r.id}.{c.id}", f"{champ.libelle} – {r.libelle} – {c.libelle}", _genre(c))
            for r in champ.lignes
            for c in champ.colonnes
        ]
        totals = [
            Colonne(f"{champ.id}.total.{c.id}", f"{champ.libelle} – total – {c.libelle}", _genre(c))
            for c in champ.colonnes
            if champ.totaux
        ]
        return (*cells, *totals)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """Amounts in euros."""
        rows = (valeur or {}).get("lignes", {})
        cells = [
            _cellule(c, rows[r.id][c.id]) if c.id in rows.get(r.id, {}) else None
            for r in champ.lignes
            for c in champ.colonnes
        ]
        sums = self.totaux(champ, valeur)
        totals = [_cellule(c, sums[c.id]) if rows else None for c in champ.colonnes if champ.totaux]
        return (*cells, *totals)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """The total of each column: `budget.total_depenses`."""
        return TypeExpression("compose", parties={f"total_{c.id}": NOMBRE for c in champ.colonnes})

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The totals, amounts in euros."""
        sums = self.totaux(champ, valeur)
        return {f"total_{c.id}": _cellule(c, sums[c.id]) for c in champ.colonnes}


def _genre(colonne: "ColonneTableau") -> Any:
    return "montant" if colonne.genre == "montant" else "nombre"


def _nombre(colonne: "ColonneTableau", cell: int | str | Decimal) -> int | Decimal:
    return cell if isinstance(cell, int) else Decimal(cell)


def _cellule(colonne: "ColonneTableau", cell: int | str | Decimal) -> Decimal:
    return Decimal(cell) / 100 if colonne.genre == "montant" else Decimal(cell)


def _montre(colonne: "ColonneTableau", cell: int | str | Decimal) -> str:
    return euros(int(cell)) if colonne.genre == "montant" else afficher_decimal(Decimal(cell))


def _tape(colonne: "ColonneTableau", cell: int | str) -> str:
    return ecrire_cents(int(cell)) if colonne.genre == "montant" else str(cell).replace(".", ",")
