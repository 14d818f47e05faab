"""The papers of a dossier: receipt, acknowledgement, request for a piece, decision, whole print.

CRPA L112-11, L112-12, R112-4, R112-5, R112-11-1 (receipts), L114-5 (missing pieces), L211-2 and L211-5
(reasons), L212-2 (author): a paper that lacks a required mention cannot be built. French is authentic.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.socle.lettres import (
    Auteur,
    Destinataire,
    EnTete,
    IncompleteAuthorError,
    IncompleteLetterError,
    VoiesRecours,
    jour,
    require,
    require_aware,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reponse:
    """A question of the form and the answer as the person saw it; empty prints as « Non renseigné »."""

    libelle: str
    valeur: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the form with its answers, in the order of the form."""

    titre: str
    reponses: tuple[Reponse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceRecue:
    """A file that came with the dossier: which piece it is, and its name as the person knows it.

    `precision` is its kind and its date as the person gave them, empty when none was asked.
    """

    libelle: str
    fichier: str
    precision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceDemandee:
    """A piece or information that is asked, and why what came does not do (empty when nothing came)."""

    libelle: str
    motif: str = ""

    def __post_init__(self) -> None:
        require(self.libelle, "la pièce demandée")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceAcceptation:
    """Silence means acceptance on `echeance` if the file is complete (CRPA L231-1)."""

    echeance: date
    fondement: str

    def __post_init__(self) -> None:
        require(self.fondement, "le texte qui fonde la décision implicite")

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {"sens": "acceptation", "echeance": jour(self.echeance), "fondement": self.fondement}


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRejet:
    """Silence means refusal on `echeance` (CRPA L231-4 or L231-5): the ways of appeal are part of it."""

    echeance: date
    fondement: str
    recours: VoiesRecours

    def __post_init__(self) -> None:
        require(self.fondement, "le texte qui fonde la décision implicite")

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {
            "sens": "rejet",
            "echeance": jour(self.echeance),
            "fondement": self.fondement,
            "recours": self.recours.data(),
        }


Silence = SilenceAcceptation | SilenceRejet


class EffetDelai(StrEnum):
    """What asking for a piece does to the clock of silence (CRPA L114-5, L114-5-1)."""

    NE_COURT_PAS = "ne_court_pas"  # acceptance: runs once the file is complete
    SUSPENDU = "suspendu"  # refusal: suspended for the time granted
    AUCUN = "aucun"  # the piece is not indispensable, or the démarche has no such clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """What was filed: dossier, démarche, by whom, how, when, with which answers and pieces.

    `transmission` says who received it first and when, if another administration did (L114-3).
    `canal` is a French phrase (« en ligne », « au guichet »); `depose_par` names who filed for the person
    (agent at the counter, helper), empty when it was the person. `represente` says for whom the applicant acts and in
    what quality, empty when it is for themselves.
    """

    en_tete: EnTete
    numero: str
    demarche: str
    recu_le: datetime
    canal: str
    demandeur: Destinataire
    depose_par: str = ""
    agent: Auteur | None = None
    sections: tuple[Section, ...] = ()
    pieces: tuple[PieceRecue, ...] = ()
    transmission: str = ""
    represente: str = ""

    def __post_init__(self) -> None:
        require(self.numero, "le numéro du dossier")
        require(self.demarche, "le nom de la démarche")
        require(self.canal, "le mode de dépôt")
        require_aware(self.recu_le, "recu_le")

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {
            "en_tete": self.en_tete.data(),
            "numero": self.numero,
            "demarche": self.demarche,
            "recu_le": self.en_tete.moment(self.recu_le),
            "canal": self.canal,
            "demandeur": self.demandeur.data(),
            "depose_par": self.depose_par,
            "transmission": self.transmission,
            "represente": self.represente,
            "agent": self.agent.data() if self.agent else None,
            "sections": [_section(section) for section in self.sections],
            "pieces": [
                {"libelle": piece.libelle, "precision": piece.precision, "fichier": piece.fichier}
                for piece in self.pieces
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationEnregistrement:
    """Receipt of a demand for which the law asks no acknowledgement (R112-4): nothing is said about silence.

    `suite` says in a sentence what comes next (« L’acte vous sera envoyé par courrier. »).
    """

    depot: Depot
    suite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuseReception:
    """Electronic acknowledgement of a demand (L112-11, R112-11-1), with the missing pieces (L114-5)."""

    depot: Depot
    silence: Silence
    pieces_manquantes: tuple[PieceDemandee, ...] = ()
    pieces_avant_le: date | None = None

    def __post_init__(self) -> None:
        if self.pieces_manquantes and self.pieces_avant_le is None:
            raise IncompleteLetterError("Une date limite accompagne toujours la liste des pièces manquantes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandeComplement:
    """Letter that asks for pieces or information (L114-5): which, why, until when, effect on the clock."""

    en_tete: EnTete
    numero: str
    demarche: str
    destinataire: Destinataire
    etablie_le: datetime
    pieces: tuple[PieceDemandee, ...]
    avant_le: date
    effet: EffetDelai
    agent: Auteur
    message: str = ""

    def __post_init__(self) -> None:
        require(self.numero, "le numéro du dossier")
        require(self.demarche, "le nom de la démarche")
        require(self.pieces, "la liste des pièces demandées")
        require_aware(self.etablie_le, "etablie_le")
        _require_author(self.agent)
        if self.avant_le <= self.en_tete.date_de(self.etablie_le):
            raise IncompleteLetterError("La date limite doit être postérieure à la date du courrier.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettre:
    """A plain letter on a dossier: what it is about, its paragraphs, the text it rests on (`mention`, may be empty).

    `agent` is None where nobody writes it: an attestation is the administration's.
    """

    en_tete: EnTete
    numero: str
    demarche: str
    destinataire: Destinataire
    etablie_le: datetime
    objet: str
    paragraphes: tuple[str, ...]
    mention: str = ""
    agent: Auteur | None = None

    def __post_init__(self) -> None:
        require(self.numero, "le numéro du dossier")
        require(self.objet, "l’objet")
        require(any(text.strip() for text in self.paragraphes), "le corps du courrier")
        require_aware(self.etablie_le, "etablie_le")


class Forme(StrEnum):
    """Form of an act: articles after « ARRÊTE », or a letter."""

    ARRETE = "arrete"
    COURRIER = "courrier"


class Sens(StrEnum):
    """What the act does to the demand; all but the first must give reasons and ways of appeal."""

    FAVORABLE = "favorable"
    PARTIEL = "partiel"
    DEFAVORABLE = "defavorable"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionActe:
    """A decision. Refused without an author by first name, name, quality and service (L212-2).

    `autorite` opens an arrêté (« La maire de la commune de Guingamp »); `dispositif` is its articles, or the
    paragraphs of the letter that decide; `motifs` its considérants, or the paragraphs that give reasons.
    `par_teleservice` prints the mention that no signature is needed; otherwise room is left to sign. `represente` says
    for whom the addressee acts.
    """

    en_tete: EnTete
    forme: Forme
    sens: Sens
    objet: str
    autorite: str
    numero_dossier: str
    numero_acte: str = ""
    destinataire: Destinataire
    visas: tuple[str, ...] = ()
    motifs: tuple[str, ...] = ()
    dispositif: tuple[str, ...]
    lieu: str
    signee_le: datetime
    auteur: Auteur
    recours: VoiesRecours | None = None
    par_teleservice: bool = True
    represente: str = ""

    def __post_init__(self) -> None:
        _require_author(self.auteur)
        require(self.objet, "l’objet")
        require(self.lieu, "le lieu")
        require(any(text.strip() for text in self.dispositif), "ce qui est décidé")
        require_aware(self.signee_le, "signee_le")
        if self.forme is Forme.ARRETE:
            require(self.autorite, "l’autorité qui arrête")
            require(self.visas, "les visas")
        if self.sens is not Sens.FAVORABLE:
            require(any(text.strip() for text in self.motifs), "les motifs de fait et de droit")
            require(self.recours, "les voies et délais de recours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenement:
    """A line of the dossier's history: when, what, by whom."""

    instant: datetime
    libelle: str
    auteur: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecapDossier:
    """The whole dossier on paper, for the counter or its owner: identity, answers, pieces, history."""

    depot: Depot
    statut: str
    historique: tuple[Evenement, ...] = ()
    imprime_le: datetime
    imprime_par: str

    def __post_init__(self) -> None:
        require(self.statut, "l’état du dossier")
        require(self.imprime_par, "qui imprime")
        require_aware(self.imprime_le, "imprime_le")


def _require_author(author: object) -> None:
    """An act without author is refused in words that a page can show, not by an AttributeError."""
    if not isinstance(author, Auteur):
        raise IncompleteAuthorError("L’auteur doit être désigné par ses prénom, nom, qualité et service.")


def _section(section: Section) -> dict[str, object]:
    answers = [{"libelle": answer.libelle, "valeur": answer.valeur} for answer in section.reponses]
    return {"titre": section.titre, "reponses": answers}
