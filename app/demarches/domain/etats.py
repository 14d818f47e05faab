"""States of a dossier and the acts that change them; an act that does not fit is refused with a reason."""

from enum import StrEnum
from typing import Literal

from app.socle.errors import ConflictError
from app.socle.langues import N_, Phrase, phrase


class Etat(StrEnum):
    """Where a dossier stands."""

    BROUILLON = "brouillon"
    DEPOSE = "depose"
    EN_INSTRUCTION = "en_instruction"
    EN_ATTENTE = "en_attente"
    ACCEPTE = "accepte"
    REFUSE = "refuse"
    SANS_SUITE = "sans_suite"
    RETIRE = "retire"
    TRANSMIS = "transmis"


LIBELLES_ETAT: dict[Etat, str] = {
    Etat.BROUILLON: N_("Brouillon"),
    Etat.DEPOSE: N_("Déposé"),
    Etat.EN_INSTRUCTION: N_("En cours d’instruction"),
    Etat.EN_ATTENTE: N_("En attente de votre réponse"),
    Etat.ACCEPTE: N_("Accepté"),
    Etat.REFUSE: N_("Refusé"),
    Etat.SANS_SUITE: N_("Classé sans suite"),
    Etat.RETIRE: N_("Retiré"),
    Etat.TRANSMIS: N_("Transmis à l’administration compétente"),
}

ETATS_FINAUX: frozenset[Etat] = frozenset(
    {Etat.ACCEPTE, Etat.REFUSE, Etat.SANS_SUITE, Etat.RETIRE, Etat.TRANSMIS}
)

_PHRASES: dict[Etat, Phrase] = {
    Etat.BROUILLON: phrase(N_("Ce dossier n’est pas encore déposé")),
    Etat.DEPOSE: phrase(N_("Ce dossier est déposé et attend d’être pris en charge")),
    Etat.EN_INSTRUCTION: phrase(N_("Ce dossier est en cours d’instruction")),
    Etat.EN_ATTENTE: phrase(N_("Ce dossier attend un complément du demandeur")),
    Etat.ACCEPTE: phrase(N_("Ce dossier est déjà accepté")),
    Etat.REFUSE: phrase(N_("Ce dossier est déjà refusé")),
    Etat.SANS_SUITE: phrase(N_("Ce dossier est classé sans suite")),
    Etat.RETIRE: phrase(N_("Ce dossier a été retiré par le demandeur")),
    Etat.TRANSMIS: phrase(N_("Ce dossier a été transmis à l’administration compétente")),
}


class TransitionRefuseeError(ConflictError):
    """The act does not fit the state; `code` is `<act>_impossible`, the sentence tells the state."""

    def __init__(self, acte: str, impossible: str, etat: Etat) -> None:
        sentence = phrase(
            N_("%(constat)s : il ne peut pas être %(impossible)s."),
            constat=_PHRASES[etat],
            impossible=phrase(impossible),
        )
        super().__init__(sentence, code=f"{acte}_impossible")
        self.acte = acte
        self.etat = etat


def deposer(etat: Etat) -> Etat:
    """The person sends the request: brouillon → depose."""
    return _passer("deposer", N_("déposé"), etat, {Etat.BROUILLON}, Etat.DEPOSE)


def prendre_en_charge(etat: Etat) -> Etat:
    """An agent takes it on: depose → en_instruction."""
    return _passer("prendre_en_charge", N_("pris en charge"), etat, {Etat.DEPOSE}, Etat.EN_INSTRUCTION)


def demander_complement(etat: Etat) -> Etat:
    """The agent asks for what is missing (L. 114-5 CRPA): en_instruction → en_attente."""
    return _passer(
        "demander_complement",
        N_("mis en attente d’un complément"),
        etat,
        {Etat.EN_INSTRUCTION},
        Etat.EN_ATTENTE,
    )


def completer(etat: Etat) -> Etat:
    """The person answers: en_attente → en_instruction."""
    return _passer("completer", N_("complété"), etat, {Etat.EN_ATTENTE}, Etat.EN_INSTRUCTION)


def decider(etat: Etat, sens: Literal["accepte", "refuse"]) -> Etat:
    """The authority decides, also without waiting for a complement (L. 114-5-1 CRPA)."""
    return _passer("decider", N_("décidé"), etat, {Etat.EN_INSTRUCTION, Etat.EN_ATTENTE}, Etat(sens))


def classer_sans_suite(etat: Etat) -> Etat:
    """The agent closes a request that has no object or no answer."""
    return _passer("classer_sans_suite", N_("classé sans suite"), etat, _OUVERTS, Etat.SANS_SUITE)


def transmettre(etat: Etat) -> Etat:
    """The agent hands it over to the competent administration (L. 114-2 CRPA)."""
    return _passer("transmettre", N_("transmis"), etat, _OUVERTS, Etat.TRANSMIS)


def retirer(etat: Etat) -> Etat:
    """The person takes the request back; a draft is deleted, not withdrawn."""
    return _passer("retirer", N_("retiré"), etat, _OUVERTS, Etat.RETIRE)


_OUVERTS = frozenset({Etat.DEPOSE, Etat.EN_INSTRUCTION, Etat.EN_ATTENTE})


def _passer(acte: str, impossible: str, etat: Etat, depuis: set[Etat] | frozenset[Etat], vers: Etat) -> Etat:
    if etat not in depuis:
        raise TransitionRefuseeError(acte, impossible, etat)
    return vers
