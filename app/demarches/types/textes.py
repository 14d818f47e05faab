"""Free text, and text of an imposed form."""

from typing import TYPE_CHECKING, ClassVar

from app.demarches.types.base import ContexteDeSaisie, TypeSimple, refus
from app.demarches.types.motif import Motif
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Texte(TypeSimple):
    """One line."""

    nom: ClassVar[str] = "texte"
    attributs: ClassVar[frozenset[str]] = frozenset({"longueur_max"})
    longueur: ClassVar[int] = 255

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The text, refused beyond its length."""
        limit = champ.longueur_max or self.longueur
        if len(texte) > limit:
            raise refus(
                N_("Raccourcissez %(sujet)s : %(limite)s caractères au plus, il y en a %(nombre)s."),
                champ,
                limite=limit,
                nombre=len(texte),
            )
        return texte


class TexteLong(Texte):
    """Several lines."""

    nom: ClassVar[str] = "texte_long"
    widget: ClassVar[str] = "texte_long"
    lignes: ClassVar[bool] = True
    longueur: ClassVar[int] = 5_000


class Formate(TypeSimple):
    """A code whose form the definition gives (`motif`), read in time proportional to its length."""

    nom: ClassVar[str] = "formate"
    attributs: ClassVar[frozenset[str]] = frozenset({"motif", "exemple"})
    largeur: ClassVar[str] = "20"

    def verifier(self, champ: "Champ") -> None:
        """A motif that can be read, and an example that it accepts: the sentence of error shows it."""
        if not champ.motif or not champ.exemple:
            raise ValueError("a field of type formate needs motif and exemple")
        if Motif(champ.motif).lire(champ.exemple) != champ.exemple:
            raise ValueError(f"exemple is not of the form of motif: {champ.exemple}")

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The code, letters in capitals where the motif wants them."""
        found = Motif(champ.motif).lire(texte[:500])
        if found is None:
            raise refus(
                N_("Vérifiez %(sujet)s : le format attendu est celui de cet exemple : %(exemple)s."),
                champ,
                exemple=champ.exemple,
                incomplet=len(texte) < len(champ.exemple),
            )
        return found
