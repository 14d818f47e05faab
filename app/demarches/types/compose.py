"""Answers made of several questions: the parts of an identity, the rows of a block; read part by part.

A part of field `x` is named `x-<part>`, a part of row `r1` `x-r1-<part>`, at any depth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    NON_RENSEIGNE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    EtatDePartie,
    LigneEnCours,
    SaisieChamp,
    TypeExpression,
    TypeSimple,
    sujet,
)
from app.socle import vues
from app.socle.langues import N_, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


@dataclass
class Parties:
    """Parts as they were read; `complet` is false when something mandatory is missing, `juste` when some are wrong.

    `garni`: something is typed in a part that is asked; `etats` is what rules make of those that have some.
    """

    valeurs: dict[str, Any] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    complet: bool = True
    juste: bool = True
    garni: bool = False
    remarque: str | None = None
    etats: dict[str, EtatDePartie] = field(default_factory=dict)


def place(champ: "Champ", nom: str) -> "Champ":
    """The same question under another name of input."""
    return champ.model_copy(update={"id": nom})


def vide(valeur: Any) -> bool:
    """Whether a stored part is no answer."""
    return valeur is None or valeur in ("", [], {})


def lire_parties(
    prefixe: str,
    champs: "Sequence[Champ]",
    brut: Brut,
    contexte: ContexteDeSaisie,
    acquis: Mapping[str, Any],
    ligne: LigneEnCours | None = None,
) -> Parties:
    """Reads the questions named under `prefixe`; each may refer to those before it.

    `ligne` are their rules. Nothing is wrong with a question that is not asked: its right answer is kept among
    `valeurs`, for the day it is asked again, and no other question sees it.
    """
    found = Parties()
    counted: dict[str, Any] = {}
    told: dict[str, Mapping[str, str]] = {}
    empty = set[str]()
    for part in champs:
        asked = ligne is None or ligne.demande(part)
        if not asked:
            found.etats[f"{prefixe}-{part.id}"] = "cachee"
        if not part.repond:
            continue
        placed = place(part, f"{prefixe}-{part.id}")
        around = replace(
            contexte,
            reponses={**contexte.reponses, **counted},
            acquis={placed.id: acquis.get(part.id)},
        )
        read = part.genre.lire(placed, brut, around)
        if read.valeur is not None:
            found.valeurs[part.id] = read.valeur
        if not asked:
            continue
        if read.valeur is not None:
            counted[part.id] = read.valeur
            if ligne is not None:
                ligne.noter(part, read.valeur)
        found.garni |= read.valeur is not None or read.erreur is not None
        if read.erreur is not None:
            told[part.id] = read.details or {placed.id: read.erreur}
            found.complet &= not read.incomplet
            found.juste &= read.incomplet or read.valeur is not None
        elif read.valeur is None:
            empty.add(part.id)
        found.remarque = found.remarque or read.remarque
    _reclamer(prefixe, champs, found, ligne, told, empty)
    return found


def _reclamer(
    prefixe: str,
    champs: "Sequence[Champ]",
    found: Parties,
    ligne: LigneEnCours | None,
    told: dict[str, Mapping[str, str]],
    empty: set[str],
) -> None:
    """Once all is read: what is due, and every sentence in the order of the questions."""
    for part in champs:
        name = f"{prefixe}-{part.id}"
        if found.etats.get(name) == "cachee":
            continue
        due = ligne.due(part) if ligne is not None else part.obligatoire and part.si is None
        if ligne is not None and (part.si is not None or part.obligatoire_si is not None):
            found.etats[name] = "obligatoire" if due else "facultative"
        if due and part.id in empty:
            told[part.id] = {name: part.genre.manque(place(part, name))}
            found.complet = False
    for part in champs:
        found.details.update(told.get(part.id, {}))


def ecrire_parties(
    prefixe: str, champs: "Iterable[Champ]", valeurs: Mapping[str, Any]
) -> dict[str, list[str]]:
    """The inputs that stand for stored parts."""
    found: dict[str, list[str]] = {}
    for part in champs:
        if part.repond and not vide(valeurs.get(part.id)):
            found.update(part.genre.ecrire(place(part, f"{prefixe}-{part.id}"), valeurs[part.id]))
    return found


def prendre_parties(prefixe: str, champs: "Iterable[Champ]", brut: Brut) -> dict[str, list[str]]:
    """The inputs of questions named under `prefixe`."""
    found: dict[str, list[str]] = {}
    for part in champs:
        found.update(part.genre.prendre(place(part, f"{prefixe}-{part.id}"), brut))
    return found


def vues_parties(
    prefixe: str, champs: "Iterable[Champ]", tapes: Brut, erreurs: Mapping[str, str]
) -> list[vues.Champ]:
    """The widgets of questions named under `prefixe`."""
    return [part.genre.vue(place(part, f"{prefixe}-{part.id}"), tapes, erreurs) for part in champs]


def erreurs_de(champs: Iterable[vues.Champ]) -> list[vues.Erreur]:
    """Every fault among some questions, those inside a question made of others told one by one."""
    found: list[vues.Erreur] = []
    for seen in champs:
        if seen.erreurs:
            found += seen.erreurs
        elif seen.erreur:
            found.append(vues.Erreur(seen.id, seen.erreur))
    return found


def afficher_parties(champs: "Iterable[Champ]", valeurs: Mapping[str, Any]) -> list[str]:
    """« Libellé : réponse » for each part that is answered."""
    return [
        f"{part.libelle}\u00a0: {part.genre.afficher(part, valeurs[part.id])}".replace("\n", ", ")
        for part in champs
        if part.repond and not vide(valeurs.get(part.id))
    ]


def types_parties(champs: "Iterable[Champ]") -> dict[str, TypeExpression]:
    """What each part is to an expression."""
    kinds = {part.id: part.genre.type_expression(part) for part in champs if part.repond}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def pour_expression_parties(champs: "Iterable[Champ]", valeurs: Mapping[str, Any]) -> dict[str, Any]:
    """Stored parts as an expression computes with them."""
    return {
        part.id: part.genre.pour_expression(part, valeurs[part.id])
        for part in champs
        if part.repond and not vide(valeurs.get(part.id))
    }


class Compose(TypeSimple):
    """A question whose answer is an object with one value per part."""

    widget: ClassVar[str] = "ensemble"

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """The inputs of each part."""
        return tuple(
            name
            for part in self.sous_champs(champ)
            for name in part.genre.entrees(place(part, f"{champ.id}-{part.id}"))
        )

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """The inputs of each part."""
        return prendre_parties(champ.id, self.sous_champs(champ), brut)

    def lire(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> SaisieChamp:
        """All parts; when some are missing they are told one by one, and what is right is kept."""
        typed = self.prendre(champ, brut)
        if not any(text.strip() for texts in typed.values() for text in texts):
            return SaisieChamp(None, None, typed)
        before = contexte.acquis.get(champ.id)
        acquis = before if isinstance(before, Mapping) else {}
        read = lire_parties(champ.id, self.sous_champs(champ), brut, contexte, acquis)
        value = read.valeurs if read.juste and read.valeurs else None
        if not read.details:
            return SaisieChamp(value, None, typed, remarque=read.remarque)
        sentence = phrase(N_("Complétez ou corrigez %(sujet)s."), sujet=sujet(champ))
        anchor = next(iter(read.details))
        return SaisieChamp(value, sentence, typed, anchor, read.juste, details=read.details)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The inputs of each part."""
        return ecrire_parties(champ.id, self.sous_champs(champ), valeur)

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """One line per part."""
        return "\n".join(afficher_parties(self.sous_champs(champ), valeur)) or NON_RENSEIGNE

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """The widget of each part, in a frame."""
        parts = vues_parties(champ.id, self.sous_champs(champ), tapes, erreurs or {})
        seen = super().vue(champ, tapes, erreurs)
        return replace(seen, valeur="", donnees={"champs": parts}, erreurs=erreurs_de(parts))

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """The columns of each part."""
        return tuple(
            replace(column, titre=f"{champ.libelle} – {column.titre}")
            for part in self.sous_champs(champ)
            for column in part.genre.colonnes(place(part, f"{champ.id}.{part.id}"))
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The cells of each part."""
        values = valeur or {}
        return tuple(
            cell
            for part in self.sous_champs(champ)
            for cell in part.genre.cellules(part, values.get(part.id))
        )

    def type_expression(self, champ: "Champ") -> TypeExpression | None:
        """Its parts, by name."""
        return TypeExpression("compose", parties=types_parties(self.sous_champs(champ)))

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """Its parts, by name."""
        return pour_expression_parties(self.sous_champs(champ), valeur)
