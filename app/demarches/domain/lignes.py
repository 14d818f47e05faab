"""The rules inside the rows of a block: which questions of a row are asked and due, row by row.

One evaluation serves typing, reading and submission: `ContexteDeSaisie.regles` hands it to whoever reads a block.
"""

from collections.abc import Mapping
from typing import Any

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.regles import Plan, ReglesChamp


class Ligne:
    """One row, read in order; its names hide those of the form. See `types.LigneEnCours`."""

    def __init__(self, regles: Mapping[str, ReglesChamp], dehors: Mapping[str, Any]) -> None:
        self._regles = regles
        own = {chemin: None for rules in regles.values() for chemin, _ in rules.noms}
        self._valeurs: dict[str, Any] = {**dehors, **own}

    def demande(self, part: Champ) -> bool:
        """Whether a question is asked; a condition that is not known shows nothing."""
        if part.si is None:
            return True
        rule = self._regles[part.id].si
        return rule is not None and rule.evaluer(self._valeurs) is True

    def noter(self, part: Champ, valeur: Any) -> None:
        """Takes in the answer of a question that is asked."""
        for chemin, nom in self._regles[part.id].noms:
            self._valeurs[chemin] = nom.valeur(valeur)

    def due(self, part: Champ) -> bool:
        """Whether a question that is asked needs an answer."""
        rule = self._regles[part.id].obligatoire_si
        return part.obligatoire or (rule is not None and rule.evaluer(self._valeurs) is True)


class Lignes:
    """The rows of a form, with the values known outside them (those of the walk that owns it)."""

    def __init__(self, plan: Plan, valeurs: Mapping[str, Any]) -> None:
        self._plan = plan
        self._valeurs = valeurs

    def ouvrir(self, bloc: str) -> Ligne | None:
        """A row of that block, nothing noted yet; None where no rule is."""
        rules = self._plan.lignes.get(bloc)
        return None if rules is None else Ligne(rules, self._valeurs)

    def effectives(self, champ: Champ, valeur: Any) -> Any:
        """The answer of a block without what its rows do not ask; a row that asks nothing of what it holds is none.

        Any other answer comes back as it is.
        """
        if champ.id not in self._plan.lignes or not isinstance(valeur, list):
            return valeur
        rows = [self._ligne(champ, row) for row in valeur if isinstance(row, Mapping)]
        return [row for row in rows if row.keys() - {"_id"}]

    def _ligne(self, champ: Champ, row: Mapping[str, Any]) -> dict[str, Any]:
        ligne = Ligne(self._plan.lignes[champ.id], self._valeurs)
        kept: dict[str, Any] = {"_id": row["_id"]} if "_id" in row else {}
        for part in champ.champs:
            if part.repond and row.get(part.id) is not None and ligne.demande(part):
                kept[part.id] = row[part.id]
                ligne.noter(part, row[part.id])
        return kept
