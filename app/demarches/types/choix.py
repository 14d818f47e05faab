"""Answers taken from a list: yes or no, title, one option, several, and lists that follow from one another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    BOOLEEN,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
    sujet,
)
from app.demarches.types.ecriture import nettoyer
from app.socle import vues
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.attributs import Option
    from app.demarches.definitions.champs import Champ

CIVILITES = {"madame": "Madame", "monsieur": "Monsieur"}


class OuiNon(TypeSimple):
    """Yes or no, stored as a boolean."""

    nom: ClassVar[str] = "oui_non"
    widget: ClassVar[str] = "oui_non"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """True for oui, False for non."""
        if texte not in {"oui", "non"}:
            raise refus(N_("Répondez par oui ou par non : %(libelle)s"), champ, libelle=champ.libelle)
        return texte == "oui"

    def manque(self, champ: "Champ") -> Phrase:
        """« Répondez par oui ou par non »."""
        return phrase(N_("Répondez par oui ou par non : %(libelle)s"), libelle=champ.libelle)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Oui or non."""
        return {champ.id: ["oui" if valeur else "non"]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Oui », « Non »."""
        return "Oui" if valeur else "Non"

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A boolean."""
        return BOOLEEN


class Civilite(TypeSimple):
    """Madame or monsieur."""

    nom: ClassVar[str] = "civilite"
    widget: ClassVar[str] = "choix"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """One of the two."""
        if texte not in CIVILITES:
            raise refus(N_("Choisissez %(sujet)s."), champ)
        return texte

    def manque(self, champ: "Champ") -> Phrase:
        """« Choisissez … »."""
        return phrase(N_("Choisissez %(sujet)s."), sujet=sujet(champ))

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Madame », « Monsieur »."""
        return CIVILITES.get(valeur, str(valeur))

    def options_vue(self, champ: "Champ") -> tuple[vues.Option, ...]:
        """Both titles."""
        return tuple(vues.Option(value, label) for value, label in CIVILITES.items())

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A choice of two."""
        return TypeExpression("choix", tuple(CIVILITES))


class Choix(TypeSimple):
    """One option; shown as radios, as a list beyond twelve."""

    nom: ClassVar[str] = "choix"
    attributs: ClassVar[frozenset[str]] = frozenset({"options"})
    widget: ClassVar[str] = "choix"

    def verifier(self, champ: "Champ") -> None:
        """At least two options, each value once, none nested."""
        verifier_options(champ.options)
        if any(option.options for option in champ.options):
            raise ValueError("nested options are for the type listes_liees")

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """One of the values offered."""
        if texte not in {option.valeur for option in champ.options}:
            raise refus(N_("Choisissez %(sujet)s dans la liste."), champ)
        return texte

    def manque(self, champ: "Champ") -> Phrase:
        """« Choisissez … »."""
        return phrase(N_("Choisissez %(sujet)s."), sujet=sujet(champ))

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """The words of the option."""
        return libelle_option(champ.options, valeur)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A choice."""
        return TypeExpression("choix", tuple(option.valeur for option in champ.options))


class ChoixMultiple(Choix):
    """Any number of options, kept in the order of the definition."""

    nom: ClassVar[str] = "choix_multiple"
    widget: ClassVar[str] = "cases"

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> list[str] | None:
        """The values ticked; None when none is."""
        given = {text for text in map(nettoyer, brut.get(champ.id, ())) if text}
        chosen = [option.valeur for option in champ.options if option.valeur in given]
        if len(chosen) != len(given):
            raise refus(N_("Choisissez %(sujet)s dans la liste."), champ)
        return chosen or None

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Each value."""
        return {champ.id: [str(item) for item in valeur]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """The words of each, after commas."""
        return ", ".join(libelle_option(champ.options, item) for item in valeur)

    def valeur_vue(self, champ: "Champ", tapes: Brut) -> Sequence[str]:
        """All that was ticked."""
        return list(tapes.get(champ.id, ()))

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """A column per option, so that a spreadsheet can count."""
        return tuple(
            Colonne(f"{champ.id}.{o.valeur}", f"{champ.libelle} – {o.libelle}") for o in champ.options
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """« Oui » under each option that is chosen."""
        return tuple("Oui" if option.valeur in (valeur or ()) else None for option in champ.options)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A list of choices."""
        return TypeExpression("liste", tuple(option.valeur for option in champ.options))


class ListesLiees(TypeSimple):
    """Two or three lists, each following from the choice before; without script one list shows all paths."""

    nom: ClassVar[str] = "listes_liees"
    attributs: ClassVar[frozenset[str]] = frozenset({"options", "niveaux"})
    widget: ClassVar[str] = "listes_liees"

    def verifier(self, champ: "Champ") -> None:
        """As many levels of options as names of levels, each value once in its list."""
        if len(champ.niveaux) not in (2, 3):
            raise ValueError("listes_liees needs niveaux: the names of its two or three lists")
        for path in chemins(champ.options):
            if len(path) != len(champ.niveaux):
                raise ValueError(
                    f"options under {path[0].valeur}: {len(path)} levels, niveaux names {len(champ.niveaux)}"
                )
        verifier_options(champ.options)
        for option in (o for path in chemins(champ.options) for o in path[:-1]):
            verifier_options(option.options, au_moins=1)

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, str] | None:
        """The values of the path chosen, by level."""
        text = nettoyer(derniere(brut, champ.id))
        if not text:
            return None
        for path in chemins(champ.options):
            if text == _joint(path):
                return {f"niveau{n}": option.valeur for n, option in enumerate(path, 1)}
        raise refus(N_("Choisissez %(sujet)s dans la liste."), champ)

    def manque(self, champ: "Champ") -> Phrase:
        """« Choisissez … »."""
        return phrase(N_("Choisissez %(sujet)s."), sujet=sujet(champ))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The path, slashes between."""
        return {champ.id: ["/".join(str(item) for item in valeur.values())]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« Voirie › Nid-de-poule »."""
        return " › ".join(self._libelles(champ, valeur))

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """Groups of paths, one per first choice, and the names of the levels for the script."""
        groups: dict[str, list[vues.Option]] = {}
        for path in chemins(champ.options):
            label = " › ".join(option.libelle for option in path[1:])
            groups.setdefault(path[0].libelle, []).append(vues.Option(_joint(path), label))
        return {"groupes": groups, "niveaux": champ.niveaux}

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """A column per level."""
        return tuple(
            Colonne(f"{champ.id}.niveau{n}", f"{champ.libelle} – {name}")
            for n, name in enumerate(champ.niveaux, 1)
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The words of each level."""
        return tuple(self._libelles(champ, valeur)) if valeur else (None,) * len(champ.niveaux)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A choice per level."""
        values: list[dict[str, None]] = [{} for _ in champ.niveaux]
        for path in chemins(champ.options):
            for level, option in enumerate(path):
                values[level].setdefault(option.valeur)
        parts = {f"niveau{n}": TypeExpression("choix", tuple(found)) for n, found in enumerate(values, 1)}
        return TypeExpression("compose", parties=parts)

    def _libelles(self, champ: "Champ", valeur: Mapping[str, str]) -> list[str]:
        options, found = champ.options, []
        for value in valeur.values():
            found.append(libelle_option(options, value))
            options = next((o.options for o in options if o.valeur == value), ())
        return found


def verifier_options(options: Sequence["Option"], *, au_moins: int = 2) -> None:
    """Refuses (ValueError) too few options or a value given twice."""
    values = [option.valeur for option in options]
    if len(values) < au_moins or len(set(values)) != len(values):
        raise ValueError("options needs at least two options, each valeur once")


def chemins(options: Sequence["Option"]) -> Iterator[tuple["Option", ...]]:
    """Every way down nested options, in order."""
    for option in options:
        if option.options:
            for rest in chemins(option.options):
                yield (option, *rest)
        else:
            yield (option,)


def libelle_option(options: Sequence["Option"], valeur: str) -> str:
    """The words of an option; the value itself for one that is not offered any more."""
    return next((option.libelle for option in options if option.valeur == valeur), str(valeur))


def _joint(path: Sequence["Option"]) -> str:
    return "/".join(option.valeur for option in path)
