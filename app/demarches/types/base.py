"""What a type of field must know: its inputs, its reading, its sentence of error, its display, its export.

`TypeDeChamp` is the contract that definitions, pages, exports and expressions ask; `TypeSimple` is the part that
most types share, for one text input. Nothing here knows the database or the web.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from app.demarches.types.ecriture import nettoyer
from app.socle import vues
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

Brut = Mapping[str, Sequence[str]]
# What a spreadsheet knows: amounts are Decimal, in euros; a yes or no and a time of day are texts.
Cellule = str | int | Decimal | date | datetime | None
GenreColonne = Literal["texte", "nombre", "montant", "date", "instant"]

NON_RENSEIGNE = "Non renseigné"


class RefusDeSaisie(Exception):
    """What was typed is no answer: the sentence, the input to go to, whether it is only unfinished."""

    def __init__(
        self,
        texte: Phrase,
        *,
        entree: str = "",
        incomplet: bool = False,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(texte)
        self.phrase = texte
        self.entree = entree
        self.incomplet = incomplet
        self.details = dict(details or {})


@dataclass(frozen=True)
class SaisieChamp:
    """One field as typed: the answer if it is one, else the sentence, and the inputs as they were.

    `erreur` is None for an answer, an empty field, and, where reading is lenient, an unfinished one. `ancre` is the
    input to lead to; `details` has a sentence per wrong input of a field made of several questions; `remarque` is
    a remark that does not block.
    """

    valeur: Any
    erreur: str | None
    brut: dict[str, list[str]]
    ancre: str = ""
    incomplet: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    remarque: str | None = None


# What rules make of a question of a row: not asked, or asked and to be answered or not.
EtatDePartie = Literal["cachee", "facultative", "obligatoire"]


class LigneEnCours(Protocol):
    """The rules of the questions of one row of a block, while it is read in order."""

    def demande(self, part: "Champ") -> bool:
        """Whether a question is asked, from what was noted before it."""

    def noter(self, part: "Champ", valeur: Any) -> None:
        """Takes in the answer of a question that is asked."""

    def due(self, part: "Champ") -> bool:
        """Whether a question that is asked needs an answer, once the whole row is noted."""


class ReglesDesLignes(Protocol):
    """The rules of the blocks of a form, with what is known outside them."""

    def ouvrir(self, bloc: str) -> LigneEnCours | None:
        """A row of that block, nothing noted yet; None for a block whose questions have no rule."""


@dataclass(frozen=True)
class ContexteDeSaisie:
    """What a reading may look at beside the inputs: the day, the earlier answers, what was stored before.

    `code_insee` is that of the commune that the form is filled for; `lignes` has the rows of referentials that the
    inputs name, by (referential, key); `regles` are those of the rows of blocks: without them every question of a row
    is asked, and one that has a condition never due.
    """

    aujourd_hui: date
    reponses: Mapping[str, Any] = field(default_factory=dict)
    acquis: Mapping[str, Any] = field(default_factory=dict)
    code_insee: str | None = None
    lignes: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    regles: ReglesDesLignes | None = None


@dataclass(frozen=True, slots=True)
class Colonne:
    """A column of an export: its title and what its cells hold; `cle` tells it from those of the same title."""

    cle: str
    titre: str
    genre: GenreColonne = "texte"


@dataclass(frozen=True)
class TypeExpression:
    """What an answer is to an expression; `options` for choix and liste, `parties` for lignes and compose."""

    genre: Literal["booleen", "nombre", "texte", "date", "heure", "choix", "liste", "lignes", "compose"]
    options: tuple[str, ...] = ()
    parties: Mapping[str, "TypeExpression"] = field(default_factory=dict)


TEXTE, NOMBRE, BOOLEEN = TypeExpression("texte"), TypeExpression("nombre"), TypeExpression("booleen")
DATE, HEURE = TypeExpression("date"), TypeExpression("heure")


class TypeDeChamp(Protocol):
    """One type of field; `nom` is what a definition writes, `attributs` the keys that only some types take."""

    nom: ClassVar[str]
    attributs: ClassVar[frozenset[str]]
    repond: ClassVar[bool]

    def verifier(self, champ: "Champ") -> None:
        """Refuses (ValueError, one sentence) a field whose attributes do not make sense together."""

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """Names of its HTML inputs, in order; the first is where an error leads by default."""

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """The inputs of this field among all those sent, as they were typed."""

    def lire(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> SaisieChamp:
        """The typed value, None when nothing was typed; never raises, whatever was sent."""

    def manque(self, champ: "Champ") -> Phrase:
        """The sentence for a mandatory field left empty."""

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The inputs that stand for an answer, which `lire` reads back as the same value."""

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """An answer as a French reader sees it; lines are kept."""

    def plan(self, champ: "Champ", valeur: Any) -> vues.Plan | None:
        """A drawing of the answer beside its text; None for most."""

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """What its widget draws, with what was typed and the sentence of each input that is wrong."""

    def sous_champs(self, champ: "Champ") -> "tuple[Champ, ...]":
        """The questions that it is made of; none for most."""

    def etats(self, champ: "Champ", tapes: Brut, contexte: ContexteDeSaisie) -> dict[str, EtatDePartie]:
        """What rules make of the questions of its rows as typed, by input; those that have a rule alone."""

    def agir(self, champ: "Champ", brut: Brut, geste: str) -> dict[str, list[str]] | None:
        """The inputs after a button of its widget was pressed; None for a button that is not its own."""

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """The columns of this field in an export."""

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The cells under `colonnes`, None in each for no answer."""

    def type_expression(self, champ: "Champ") -> TypeExpression | None:
        """What its answer is to an expression; None for what no expression can read."""

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The stored answer as an expression computes with it: dates, decimals in euros, sets of options."""

    def colonnes_lignes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """The columns of the sheet that a repeated block has for itself; none for any other type."""

    def cellules_lignes(self, champ: "Champ", valeur: Any) -> tuple[tuple[Cellule, ...], ...]:
        """The lines of that sheet for one answer."""

    def champs_cites(self, champ: "Champ") -> tuple[str, ...]:
        """Ids of the other fields that its attributes refer to (its limits)."""


def sujet(champ: "Champ") -> Phrase:
    """What is asked, to be put after a verb; in another language, the question itself between quotes."""
    modele = N_("votre réponse à « %(libelle)s »")
    made = phrase(modele, libelle=champ.libelle)
    return Phrase(champ.sujet, modele, {"libelle": champ.libelle}) if champ.sujet else made


def refus(
    modele: str, champ: "Champ", *, entree: str = "", incomplet: bool = False, **parametres: object
) -> RefusDeSaisie:
    """The refusal said by `modele`, where `%(sujet)s` is what the field asks."""
    return RefusDeSaisie(phrase(modele, sujet=sujet(champ), **parametres), entree=entree, incomplet=incomplet)


def derniere(brut: Brut, nom: str) -> str:
    """The last value sent under that name, as a browser would mean it; empty when absent."""
    values = brut.get(nom, ())
    return values[-1] if values else ""


class TypeSimple:
    """A type of field with one text input, and what all types share; each says only what differs."""

    nom: ClassVar[str]
    attributs: ClassVar[frozenset[str]] = frozenset()
    repond: ClassVar[bool] = True
    widget: ClassVar[str] = "texte"
    largeur: ClassVar[str] = ""
    lignes: ClassVar[bool] = False
    parties: ClassVar[tuple[str, ...]] = ()
    """Suffixes of the names of its inputs, none for an input named like the field."""

    def verifier(self, champ: "Champ") -> None:
        """Nothing beyond the attributes themselves."""

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """`<id>-<part>` for each part, or the id alone."""
        return tuple(f"{champ.id}-{part}" for part in self.parties) or (champ.id,)

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """The inputs by name."""
        return {name: list(brut[name]) for name in self.entrees(champ) if name in brut}

    def lire(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> SaisieChamp:
        """The value that `valeur` finds, or its refusal."""
        typed = self.prendre(champ, brut)
        try:
            value = self.valeur(champ, brut, contexte)
        except RefusDeSaisie as refusal:
            anchor = refusal.entree or self.entrees(champ)[0]
            return SaisieChamp(
                None, refusal.phrase, typed, anchor, refusal.incomplet, details=refusal.details
            )
        remark = None if value is None else self.remarque(champ, value, contexte)
        return SaisieChamp(value, None, typed, remarque=remark)

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """The typed value, None when nothing was typed; RefusDeSaisie when it is no answer."""
        text = nettoyer(derniere(brut, champ.id), lignes=self.lignes)
        return self.lire_texte(champ, text, contexte) if text else None

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> Any:
        """The value that a text, clean and not empty, stands for; RefusDeSaisie when it is no answer."""
        return texte

    def remarque(self, champ: "Champ", valeur: Any, contexte: ContexteDeSaisie) -> str | None:
        """A remark on an answer that is accepted as it is."""
        return None

    def manque(self, champ: "Champ") -> Phrase:
        """« Indiquez … »."""
        return phrase(N_("Indiquez %(sujet)s."), sujet=sujet(champ))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The value as text, in the one input."""
        return {champ.id: [str(valeur)]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """The value as it is."""
        return str(valeur)

    def plan(self, champ: "Champ", valeur: Any) -> vues.Plan | None:
        """None."""
        return None

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """The widget of the type, with the common parts of every question."""
        return vues.Champ(
            id=champ.id,
            type=self.widget,
            libelle=champ.libelle,
            aide=champ.aide,
            obligatoire=champ.obligatoire,
            valeur=self.valeur_vue(champ, tapes),
            options=self.options_vue(champ),
            autocomplete=champ.autocomplete,
            unite=champ.unite,
            largeur=self.largeur,
            erreur=(erreurs or {}).get(champ.id, ""),
            donnees=self.donnees_vue(champ, tapes),
        )

    def valeur_vue(self, champ: "Champ", tapes: Brut) -> str | Sequence[str] | Mapping[str, str]:
        """What stands in the inputs: a text, or a mapping by part."""
        if self.parties:
            return {part: (tapes.get(f"{champ.id}-{part}") or [""])[0] for part in self.parties}
        return (tapes.get(champ.id) or [""])[0]

    def options_vue(self, champ: "Champ") -> tuple[vues.Option, ...]:
        """The options that the definition gives."""
        return tuple(vues.Option(option.valeur, option.libelle, option.aide) for option in champ.options)

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """What only the widget of this type understands."""
        return {}

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """One column of text."""
        return (Colonne(champ.id, champ.libelle),)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The displayed answer."""
        return (None if valeur is None else self.afficher(champ, valeur),)

    def type_expression(self, champ: "Champ") -> TypeExpression | None:
        """A text."""
        return TEXTE

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The value itself."""
        return valeur

    def champs_cites(self, champ: "Champ") -> tuple[str, ...]:
        """None."""
        return ()

    def sous_champs(self, champ: "Champ") -> "tuple[Champ, ...]":
        """None."""
        return ()

    def etats(self, champ: "Champ", tapes: Brut, contexte: ContexteDeSaisie) -> dict[str, EtatDePartie]:
        """None."""
        return {}

    def agir(self, champ: "Champ", brut: Brut, geste: str) -> dict[str, list[str]] | None:
        """No button."""
        return None

    def colonnes_lignes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """None."""
        return ()

    def cellules_lignes(self, champ: "Champ", valeur: Any) -> tuple[tuple[Cellule, ...], ...]:
        """None."""
        return ()
