"""A commune, a département, a country: typed by name, checked against the official geographic code.

Without script a name that several communes share gets its namesakes as buttons to choose from.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types import repertoires
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
from app.demarches.types.repertoires import Entree, Repertoire
from app.socle import vues
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Lieu(TypeSimple):
    """A place of a directory: a text, and a code when the person chose among namesakes."""

    widget: ClassVar[str] = "repertoire"
    largeur: ClassVar[str] = "20"
    source: ClassVar[str] = ""
    """Name of the suggestions that a script may ask for; empty where the whole list is in the page."""

    def repertoire(self, champ: "Champ") -> Repertoire:
        """Where places are looked for."""
        return repertoires.communes()

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """The text, then the code."""
        return (champ.id, f"{champ.id}-code")

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """The place that the text names, by the code chosen when it has namesakes."""
        text, code = nettoyer(derniere(brut, champ.id)), nettoyer(derniere(brut, f"{champ.id}-code"))
        directory = self.repertoire(champ)
        chosen = directory.de_code(code) if code else None
        if not text:
            return self.en_valeur(chosen) if chosen else None
        if chosen and plier(text) in (plier(chosen.nom), plier(chosen.libelle)):
            return self.en_valeur(chosen)
        named = directory.nommees(text)
        if chosen and chosen in directory.chercher(text, 50):
            return self.en_valeur(chosen)
        if len({entree.code for entree in named}) == 1:
            return self.en_valeur(named[0])
        return self.inconnu(champ, text, len(named))

    def inconnu(self, champ: "Champ", texte: str, homonymes: int) -> Any:
        """What to do with a name that is no place, or several."""
        if homonymes > 1:
            raise refus(N_("Plusieurs lieux portent ce nom : choisissez %(sujet)s ci-dessous."), champ)
        raise refus(
            N_("Vérifiez %(sujet)s : ce nom n’est pas dans le code officiel géographique."),
            champ,
            incomplet=len(texte) < 4,
        )

    def en_valeur(self, entree: Entree) -> dict[str, str]:
        """What is stored."""
        return {"code": entree.code, "nom": entree.nom}

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The label and the code."""
        return {champ.id: [self.afficher(champ, valeur)], f"{champ.id}-code": [str(valeur["code"])]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """The name."""
        return str(valeur["nom"])

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """The places to choose from: those like the text when it is not one alone, or the whole list."""
        text = derniere(tapes, champ.id)
        directory = self.repertoire(champ)
        named = directory.nommees(text)
        near = [] if len(named) == 1 else directory.chercher(text)
        listed = () if self.source else tuple(dict.fromkeys(e.libelle for e in directory.entrees))
        return {
            "choix": [vues.Option(e.code, e.libelle) for e in near],
            "code": derniere(tapes, f"{champ.id}-code"),
            "source": self.source,
            "liste": listed,
        }

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """Name and code."""
        return (
            Colonne(f"{champ.id}.nom", champ.libelle),
            Colonne(f"{champ.id}.code", f"{champ.libelle} – code INSEE"),
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """Name and code."""
        return (valeur["nom"], valeur["code"] or None) if valeur else (None, None)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Texts by part."""
        return TypeExpression("compose", parties={"code": TEXTE, "nom": TEXTE})


class Commune(Lieu):
    """A French commune; with `anciennes`, one that is no more is taken as it is written."""

    nom: ClassVar[str] = "commune"
    attributs: ClassVar[frozenset[str]] = frozenset({"anciennes"})
    source: ClassVar[str] = "communes"

    def inconnu(self, champ: "Champ", texte: str, homonymes: int) -> Any:
        """Taken as written where former communes are, its code left empty."""
        if champ.anciennes and not homonymes and len(texte) <= 100:
            return {"code": "", "nom": texte, "code_postal": ""}
        return super().inconnu(champ, texte, homonymes)

    def en_valeur(self, entree: Entree) -> dict[str, str]:
        """With its first postal code."""
        return {"code": entree.code, "nom": entree.nom, "code_postal": entree.precision}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Guingamp (22200) »."""
        return f"{valeur['nom']} ({valeur['code_postal']})" if valeur["code_postal"] else str(valeur["nom"])

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Texts by part."""
        return TypeExpression("compose", parties={"code": TEXTE, "nom": TEXTE, "code_postal": TEXTE})


class Departement(Lieu):
    """A French département, or an overseas collectivity, by name or number."""

    nom: ClassVar[str] = "departement"

    def repertoire(self, champ: "Champ") -> Repertoire:
        """All of them."""
        return repertoires.departements()

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Côtes-d’Armor (22) »."""
        return f"{valeur['nom']} ({valeur['code']})"


class Pays(Lieu):
    """A country; with `anciennes`, also those that are no more."""

    nom: ClassVar[str] = "pays"
    attributs: ClassVar[frozenset[str]] = frozenset({"anciennes"})

    def repertoire(self, champ: "Champ") -> Repertoire:
        """Those of today, or all."""
        return repertoires.pays(anciens=champ.anciennes)
