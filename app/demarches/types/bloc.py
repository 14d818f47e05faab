"""A block of questions asked once per row: children, equipment, dates; rows may hold a block of their own.

Each row has a short id that its inputs carry, so that removing or duplicating one never moves the answers of another.
The hidden input named like the field lists the ids, in order.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    EtatDePartie,
    SaisieChamp,
    TypeExpression,
    TypeSimple,
    sujet,
)
from app.demarches.types.compose import (
    Parties,
    afficher_parties,
    ecrire_parties,
    erreurs_de,
    lire_parties,
    place,
    pour_expression_parties,
    prendre_parties,
    types_parties,
    vide,
    vues_parties,
)
from app.socle import vues
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

_LIGNE = re.compile(r"[a-z0-9]{1,12}")
# Beyond this many rows, those that are filled are folded: a page of 200 stays readable.
DEPLIEES = 5


class Bloc(TypeSimple):
    """Rows of the same questions; the answer is a list of objects, each with its `_id`."""

    nom: ClassVar[str] = "bloc"
    attributs: ClassVar[frozenset[str]] = frozenset(
        {"champs", "lignes_min", "lignes_max", "ligne", "ajouter"}
    )
    widget: ClassVar[str] = "bloc"

    def verifier(self, champ: "Champ") -> None:
        """At least one question, each id once, no document, one level of blocks inside, which has no condition."""
        if not champ.champs:
            raise ValueError("a bloc needs champs: the questions of one row")
        ids = [part.id for part in champ.champs]
        if len(set(ids)) != len(ids):
            raise ValueError("champs: each id once")
        if champ.lignes_min > champ.lignes_max:
            raise ValueError("lignes_min is above lignes_max")
        for part in champ.champs:
            if part.piece is not None or part.prerempli is not None:
                raise ValueError(f"{part.id}: a row holds no piece and nothing prefilled")
            if any(inner.si is not None for inner in part.champs):
                raise ValueError(f"{part.id}: a row inside a row holds no condition")
            if part.champs and any(inner.champs for inner in part.champs):
                raise ValueError(f"{part.id}: rows may hold rows, and these no further ones")

    def sous_champs(self, champ: "Champ") -> "tuple[Champ, ...]":
        """The questions of one row."""
        return champ.champs

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """The list of rows; the inputs of a row are known once its id is."""
        return (champ.id,)

    def lignes_de(self, champ: "Champ", brut: Brut) -> list[str]:
        """Ids of the rows that were sent, in order, each once."""
        sent = [row for row in brut.get(champ.id, ()) if _LIGNE.fullmatch(row)]
        return list(dict.fromkeys(sent))[: champ.lignes_max + 1]

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """The list of rows and the inputs of each."""
        if champ.id not in brut:
            return {}
        rows = self.lignes_de(champ, brut)
        found = {champ.id: rows}
        for row in rows:
            found.update(prendre_parties(f"{champ.id}-{row}", champ.champs, brut))
        return found

    def lire(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> SaisieChamp:
        """The rows where something is typed; what is missing or wrong is told question by question."""
        typed = self.prendre(champ, brut)
        before = _acquises(champ, contexte)
        ruled = _regie(champ, contexte)
        rows: list[dict[str, Any]] = []
        details: dict[str, str] = {}
        right, filled = True, _remplies(champ, typed)
        for row in typed.get(champ.id, ()):
            if row not in filled:
                continue
            read = _lire_ligne(champ, row, typed, contexte, before)
            if ruled and not read.garni:
                # All that is typed there is in questions that are not asked.
                continue
            details.update(read.details)
            right &= read.juste
            rows.append({"_id": row, **read.valeurs})
        value = rows if rows and right else None
        if details:
            sentence = phrase(N_("Complétez ou corrigez %(sujet)s."), sujet=sujet(champ))
            return SaisieChamp(value, sentence, typed, next(iter(details)), right, details=details)
        return self._compte(champ, value, typed)

    def _compte(
        self, champ: "Champ", rows: list[dict[str, Any]] | None, typed: dict[str, list[str]]
    ) -> SaisieChamp:
        number = len(rows or ())
        if number > champ.lignes_max:
            sentence = phrase(
                N_("Retirez des lignes à %(sujet)s : %(limite)s au plus."),
                sujet=sujet(champ),
                limite=champ.lignes_max,
            )
            return SaisieChamp(None, sentence, typed, champ.id)
        if rows and number < champ.lignes_min:
            sentence = phrase(
                N_("Complétez %(sujet)s : %(limite)s lignes au moins, il y en a %(nombre)s."),
                sujet=sujet(champ),
                limite=champ.lignes_min,
                nombre=number,
            )
            return SaisieChamp(rows, sentence, typed, champ.id, incomplet=True)
        return SaisieChamp(rows, None, typed)

    def etats(self, champ: "Champ", tapes: Brut, contexte: ContexteDeSaisie) -> dict[str, EtatDePartie]:
        """Those of every row that is drawn, filled or not, by the rules that `lire` follows."""
        found: dict[str, EtatDePartie] = {}
        before = _acquises(champ, contexte)
        for row in self._montrees(champ, tapes) if _regie(champ, contexte) else ():
            found.update(_lire_ligne(champ, row, tapes, contexte, before).etats)
        return found

    def manque(self, champ: "Champ") -> Phrase:
        """« Indiquez au moins une ligne … »."""
        return phrase(N_("Remplissez au moins une ligne : %(libelle)s."), libelle=champ.libelle)

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """The list of rows and the inputs of each."""
        found = {champ.id: [str(row["_id"]) for row in valeur]}
        for row in valeur:
            found.update(ecrire_parties(f"{champ.id}-{row['_id']}", champ.champs, row))
        return found

    def agir(self, champ: "Champ", brut: Brut, geste: str) -> dict[str, list[str]] | None:
        """Adds, removes or duplicates a row: « ajouter x », « retirer x r1 », « dupliquer x r1 ».

        `x` is this block or one inside its rows; a gesture that means nothing now changes nothing.
        """
        verb, name, row = (*geste.split(" "), "", "")[:3]
        if name.split("-")[0] != champ.id or verb not in ("ajouter", "retirer", "dupliquer"):
            return None
        after = {key: list(values) for key, values in brut.items()}
        rows = after.setdefault(name, [])
        fresh = secrets.token_hex(4)
        if verb == "ajouter":
            rows.append(fresh)
        elif row in rows and verb == "retirer":
            rows.remove(row)
            after = {key: v for key, v in after.items() if not key.startswith(f"{name}-{row}-")}
        elif row in rows:
            rows.insert(rows.index(row) + 1, fresh)
            for key, values in brut.items():
                if key.startswith(f"{name}-{row}-"):
                    after[f"{name}-{fresh}{key.removeprefix(f'{name}-{row}')}"] = list(values)
        return after

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """One line per row."""
        rows = ("\u00a0; ".join(afficher_parties(champ.champs, row)) for row in valeur)
        return "\n".join(f"{self._titre(champ, n)}\u00a0– {row}" for n, row in enumerate(rows, 1))

    def _montrees(self, champ: "Champ", tapes: Brut) -> list[str]:
        """Ids of the rows that are drawn: at first, as many as are mandatory."""
        if champ.id not in tapes:
            return [f"r{n}" for n in range(1, max(champ.lignes_min, 1) + 1)]
        return self.lignes_de(champ, tapes)

    def _titre(self, champ: "Champ", n: int) -> str:
        return f"{champ.ligne or 'Ligne'} {n}"

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """The rows, at least as many as are mandatory."""
        rows = self._montrees(champ, tapes)
        filled = _remplies(champ, tapes) if len(rows) > DEPLIEES else set[str]()
        drawn = [
            self._ligne_vue(champ, row, n, tapes, erreurs or {}, pliee=row in filled)
            for n, row in enumerate(rows, 1)
        ]
        faults = [fault for line in drawn for fault in line["erreurs"]]
        seen = super().vue(champ, tapes, erreurs)
        return replace(
            seen,
            valeur="",
            erreurs=faults,
            donnees={
                "lignes": drawn,
                "ajouter": champ.ajouter,
                "ligne": champ.ligne,
                "pleine": len(rows) >= champ.lignes_max,
                "maximum": champ.lignes_max,
            },
        )

    def _ligne_vue(
        self, champ: "Champ", row: str, n: int, tapes: Brut, erreurs: Mapping[str, str], *, pliee: bool
    ) -> dict[str, Any]:
        parts = vues_parties(f"{champ.id}-{row}", champ.champs, tapes, erreurs)
        faults = erreurs_de(parts)
        return {
            "id": row,
            "titre": self._titre(champ, n),
            "resume": _resume(parts),
            "champs": parts,
            "erreurs": faults,
            "ouverte": bool(faults) or not pliee,
        }

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """How many rows: the rows themselves have a sheet."""
        return (Colonne(champ.id, f"{champ.libelle} (nombre)", "nombre"),)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """How many rows."""
        return (None if valeur is None else len(valeur),)

    def colonnes_lignes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """The columns of each question of a row; a block inside is told as text."""
        return tuple(column for part in champ.champs for column in _colonnes(champ, part))

    def cellules_lignes(self, champ: "Champ", valeur: Any) -> tuple[tuple[Cellule, ...], ...]:
        """One line per row."""
        return tuple(
            tuple(cell for part in champ.champs for cell in _cellules(part, row.get(part.id)))
            for row in valeur or ()
        )

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Rows."""
        return TypeExpression("lignes", parties=types_parties(champ.champs))

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The rows, each by name."""
        return tuple(pour_expression_parties(champ.champs, row) for row in valeur)

    def champs_cites(self, champ: "Champ") -> tuple[str, ...]:
        """What the limits of its questions refer to outside the row."""
        own = {part.id for part in champ.champs}
        return tuple(
            name for part in champ.champs for name in part.genre.champs_cites(part) if name not in own
        )


def avec_etats(seen: vues.Champ, etats: Mapping[str, EtatDePartie]) -> vues.Champ:
    """A block as drawn, with what rules make of the questions of its rows."""
    lines = []
    for line in seen.donnees["lignes"]:
        parts = [
            replace(part, etat=etats[part.id], obligatoire=etats[part.id] == "obligatoire")
            if part.id in etats
            else part
            for part in line["champs"]
        ]
        lines.append({**line, "champs": parts, "resume": _resume(parts)})
    return replace(seen, donnees={**seen.donnees, "lignes": lines})


def _regie(champ: "Champ", contexte: ContexteDeSaisie) -> bool:
    return contexte.regles is not None and contexte.regles.ouvrir(champ.id) is not None


def _acquises(champ: "Champ", contexte: ContexteDeSaisie) -> dict[Any, Mapping[str, Any]]:
    stored = contexte.acquis.get(champ.id) or ()
    return {row.get("_id"): row for row in stored if isinstance(row, Mapping)}


def _lire_ligne(
    champ: "Champ",
    row: str,
    brut: Brut,
    contexte: ContexteDeSaisie,
    acquises: Mapping[Any, Mapping[str, Any]],
) -> Parties:
    ligne = contexte.regles.ouvrir(champ.id) if contexte.regles is not None else None
    return lire_parties(f"{champ.id}-{row}", champ.champs, brut, contexte, acquises.get(row) or {}, ligne)


def _remplies(champ: "Champ", brut: Brut) -> set[str]:
    """Ids of the rows in which something is typed; the lists of rows inside them do not count."""
    prefix, lists = f"{champ.id}-", {part.id for part in champ.champs if part.champs}
    found: set[str] = set()
    for name, texts in brut.items():
        if name.startswith(prefix):
            row, _, rest = name.removeprefix(prefix).partition("-")
            if rest not in lists and any(text.strip() for text in texts):
                found.add(row)
    return found


def _resume(parts: Sequence[vues.Champ]) -> str:
    """What tells a folded row from another: the first texts typed in it."""
    found = [
        part.valeur
        for part in parts
        if isinstance(part.valeur, str) and part.valeur and not part.options and part.etat != "cachee"
    ]
    return ", ".join(found[:2])


def _colonnes(champ: "Champ", part: "Champ") -> tuple[Colonne, ...]:
    if part.champs:
        return (Colonne(f"{champ.id}.{part.id}", part.libelle),)
    return part.genre.colonnes(place(part, f"{champ.id}.{part.id}"))


def _cellules(part: "Champ", valeur: Any) -> tuple[Cellule, ...]:
    if part.champs:
        return (None if vide(valeur) else part.genre.afficher(part, valeur).replace("\n", " / "),)
    return part.genre.cellules(part, valeur)
