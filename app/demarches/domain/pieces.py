"""Whether the documents attached to a question answer it: their kinds, their number, their age.

The kind and the date are the person's word, checked by the agent who reads the document.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.demarches.definitions.attributs import ReglesPiece
from app.demarches.definitions.champs import Champ
from app.demarches.domain.calendrier import ajouter_mois
from app.demarches.types.base import RefusDeSaisie, sujet
from app.demarches.types.dates import ecrire_jour, lire_jour
from app.socle.calendrier import afficher_date
from app.socle.langues import N_, Phrase, phrase

# Why a document is refused: the typed part of the reason, in the person's words.
RAISONS: dict[str, str] = {
    "illisible": N_("Le document n’est pas lisible."),
    "perime": N_("Le document n’est plus valable."),
    "incomplet": N_("Le document n’est pas complet."),
    "mauvais_document": N_("Ce n’est pas le document demandé."),
}


@dataclass(frozen=True, slots=True)
class Decrit:
    """What is said of one document: its kind and its date, when they were given."""

    nature: str = ""
    date: datetime.date | None = None


def lire_decrit(champ: Champ, brut: Mapping[str, Sequence[str]], prefixe: str) -> Decrit:
    """The kind and the date typed under a prefix; what is not offered, or is no day, is not there."""
    rules = champ.piece or ReglesPiece()
    typed = (brut.get(f"{prefixe}-nature") or [""])[-1]
    nature = typed if rules.nature(typed) else ""
    try:
        day = lire_jour(champ, brut, prefixe) if rules.datee else None
    except RefusDeSaisie:
        day = None
    return Decrit(nature, day)


def ecrire_decrit(prefixe: str, decrit: Decrit) -> dict[str, list[str]]:
    """The inputs that stand for it, which `lire_decrit` reads back."""
    found = {f"{prefixe}-nature": [decrit.nature]}
    return found | (ecrire_jour(prefixe, decrit.date.isoformat()) if decrit.date else {})


def faute_pieces(champ: Champ, documents: Sequence[Decrit], aujourd_hui: datetime.date) -> Phrase | None:
    """The first thing that keeps these documents from answering the question; None when they do, or there is none.

    In order: a kind or a date that is not given, a day to come, too old, too few, the wrong kinds.
    """
    rules = champ.piece
    if rules is None or not documents:
        return None
    said = faute_document(champ, documents, aujourd_hui)
    if said is not None:
        return said
    if len(documents) < rules.nombre_min:
        return phrase(
            N_("Joignez %(sujet)s : %(limite)s fichiers au moins, il y en a %(nombre)s."),
            sujet=sujet(champ),
            limite=rules.nombre_min,
            nombre=len(documents),
        )
    return _faute_natures(champ, rules, {document.nature for document in documents})


def faute_document(champ: Champ, documents: Sequence[Decrit], aujourd_hui: datetime.date) -> Phrase | None:
    """The first thing wrong with one of these documents for itself, whatever comes with it."""
    rules = champ.piece or ReglesPiece()
    said = (_faute(champ, rules, document, aujourd_hui) for document in documents)
    return next((fault for fault in said if fault is not None), None)


def _faute(champ: Champ, rules: ReglesPiece, document: Decrit, aujourd_hui: datetime.date) -> Phrase | None:
    if rules.natures and not document.nature:
        return phrase(N_("Dites quel document vous avez joint : choisissez-le dans la liste."))
    months = rules.mois(document.nature)
    if months is None:
        return None
    if document.date is None:
        return phrase(N_("Indiquez la date écrite sur le document, par exemple 27 3 2026."))
    if document.date > aujourd_hui:
        return phrase(N_("Vérifiez la date du document : elle est à venir."))
    return vieux(champ, document, aujourd_hui) if rules.trop_ancien == "refuse" else None


def vieux(champ: Champ, document: Decrit, aujourd_hui: datetime.date) -> Phrase | None:
    """What to say of a document that is older than the question wants; None for one that is not."""
    rules = champ.piece
    months = rules.mois(document.nature) if rules else None
    if months is None or document.date is None or document.date > aujourd_hui:
        return None
    if ajouter_mois(document.date, months) >= aujourd_hui:
        return None
    return phrase(
        N_("Ce document est du %(jour)s : il doit avoir moins de %(mois)s mois. Joignez-en un plus récent."),
        jour=afficher_date(document.date),
        mois=months,
    )


def _faute_natures(champ: Champ, rules: ReglesPiece, there: set[str]) -> Phrase | None:
    """What is missing beside what is there; the kind that was begun is told first."""
    given = [nature for nature in rules.suffisantes if nature.valeur in there]
    if not rules.natures or any(set(nature.compagnie) <= there for nature in given):
        return None
    if not given:
        known = " ; ".join(nature.libelle for nature in rules.suffisantes)
        return phrase(
            N_("Ce qui est joint ne suffit pas. Joignez aussi un de ces documents : %(liste)s."), liste=known
        )
    wanted = [rules.nature(name) for name in given[0].compagnie if name not in there]
    return phrase(
        N_("Avec « %(nature)s », joignez aussi : %(liste)s."),
        nature=given[0].libelle,
        liste=" ; ".join(nature.libelle for nature in wanted if nature),
    )


def nommer(champ: Champ, decrit: Decrit) -> str:
    """« Facture d’énergie, du 27 mars 2026 »; empty when nothing is said."""
    nature = champ.piece.nature(decrit.nature) if champ.piece else None
    day = f"du {afficher_date(decrit.date)}" if decrit.date else ""
    return ", ".join(part for part in (nature.libelle if nature else "", day) if part)
