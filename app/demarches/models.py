"""The tables of the démarches: catalogue, dossiers and what hangs under them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    FetchedValue,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demarches.domain.pieces import Decrit
from app.socle.db import Base
from app.socle.models import Instant, Json
from app.socle.tenancy import CommunMixin, PersonnelMixin


class DemarcheVersion(Base):
    """An immutable version, told by the SHA-256 of its content; a platform row shared by all."""

    __tablename__ = "demarches_version"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    contenu: Mapped[Json] = mapped_column(JSONB)
    titre: Mapped[str | None] = mapped_column(Text)
    publiee_le: Mapped[datetime] = mapped_column(Instant)
    proprietaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))


class Surcouche(CommunMixin, Base):
    """What a collectivité changes of a shared démarche; immutable too."""

    __tablename__ = "demarches_surcouche"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    contenu: Mapped[Json] = mapped_column(JSONB)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class Adoption(CommunMixin, Base):
    """A collectivité offers a démarche, in a given version and overlay."""

    __tablename__ = "demarches_adoption"
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("demarches_version.id"))
    surcouche_id: Mapped[str | None] = mapped_column(Text)
    ouverte: Mapped[bool] = mapped_column(Boolean)
    delai_nombre: Mapped[int | None] = mapped_column(Integer)
    delai_mediane: Mapped[int | None] = mapped_column(SmallInteger)
    delai_p90: Mapped[int | None] = mapped_column(SmallInteger)


class Dossier(PersonnelMixin, Base):
    """A person's request to one collectivité, from draft to decision."""

    __tablename__ = "demarches_dossier"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    numero: Mapped[str | None] = mapped_column(Text, unique=True)
    slug: Mapped[str] = mapped_column(Text)
    version_id: Mapped[str] = mapped_column(ForeignKey("demarches_version.id"))
    surcouche_id: Mapped[str | None] = mapped_column(Text)
    titre: Mapped[str] = mapped_column(Text)
    usager_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    jeton_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    canal: Mapped[str] = mapped_column(Text)
    etat: Mapped[str] = mapped_column(Text, default="brouillon")
    niveau_identite: Mapped[str] = mapped_column(Text)
    demandeur: Mapped[Json] = mapped_column(JSONB)
    beneficiaire: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    mandataire: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    reponses: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    cree_le: Mapped[datetime] = mapped_column(Instant)
    modifie_le: Mapped[datetime] = mapped_column(Instant)
    depose_le: Mapped[datetime | None] = mapped_column(Instant)
    silence_le: Mapped[date | None] = mapped_column(Date)
    # What silence will mean on that day: acceptation or refus; None where it was not kept.
    silence_sens: Mapped[str | None] = mapped_column(Text)
    prix_centimes: Mapped[int | None] = mapped_column(BigInteger)
    dua_annees: Mapped[int | None] = mapped_column(SmallInteger)
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_agent.id"))
    agent_nom: Mapped[str] = mapped_column(Text, default="")
    bail_jusqu_a: Mapped[datetime | None] = mapped_column(Instant)
    clos_le: Mapped[datetime | None] = mapped_column(Instant)
    suppression_le: Mapped[date | None] = mapped_column(Date)
    etape: Mapped[str] = mapped_column(Text, default="")
    etape_le: Mapped[datetime | None] = mapped_column(Instant)
    recu_initial_le: Mapped[datetime | None] = mapped_column(Instant)
    origine_collectivite_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    origine_id: Mapped[UUID | None] = mapped_column()
    revision: Mapped[int] = mapped_column(Integer, default=1)
    # In which e-mails are written; an agent who files for somebody leaves French.
    langue: Mapped[str] = mapped_column(Text, default="fr")
    essai: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    groupe_id: Mapped[UUID | None] = mapped_column()
    avis_donne: Mapped[bool] = mapped_column(Boolean, default=False)
    etiquettes: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)


class DuDossier(PersonnelMixin):
    """What hangs under a dossier and belongs to whom it belongs."""

    dossier_id: Mapped[UUID] = mapped_column()


class Reponse(DuDossier, Base):
    """One answer while the dossier is a draft; `brut` is what was typed, kept even when it is not valid."""

    __tablename__ = "demarches_reponse"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    champ_id: Mapped[str] = mapped_column(Text, primary_key=True)
    valeur: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    brut: Mapped[Any] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer, default=1)
    origine: Mapped[str] = mapped_column(Text, default="")
    auteur: Mapped[str] = mapped_column(Text, default="")
    modifie_le: Mapped[datetime] = mapped_column(Instant)


class Acces(DuDossier, Base):
    """A code that opens one dossier, or who gave it: to follow it, to fill it with somebody, to take it over."""

    __tablename__ = "demarches_acces"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text)
    code_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    jeton_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    usager_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    nom: Mapped[str] = mapped_column(Text, default="")
    cree_le: Mapped[datetime] = mapped_column(Instant)
    expire_le: Mapped[datetime | None] = mapped_column(Instant)
    accepte_le: Mapped[datetime | None] = mapped_column(Instant)
    revoque_le: Mapped[datetime | None] = mapped_column(Instant)


class Piece(DuDossier, Base):
    """A document attached to an answer; its bytes are an encrypted object of the same id."""

    __tablename__ = "demarches_piece"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    champ_id: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    type_mime: Mapped[str] = mapped_column(Text)
    taille: Mapped[int] = mapped_column(BigInteger)
    empreinte: Mapped[bytes] = mapped_column(LargeBinary)
    antivirus: Mapped[str] = mapped_column(Text)
    etat: Mapped[str] = mapped_column(Text, default="jointe")
    raison: Mapped[str] = mapped_column(Text, default="")
    motif: Mapped[str] = mapped_column(Text, default="")
    examinee_par: Mapped[str] = mapped_column(Text, default="")
    examinee_le: Mapped[datetime | None] = mapped_column(Instant)
    ajoutee_le: Mapped[datetime] = mapped_column(Instant)
    nature: Mapped[str] = mapped_column(Text, default="")
    date_document: Mapped[date | None] = mapped_column(Date)
    vignette: Mapped[bool] = mapped_column(Boolean, default=False)

    @property
    def decrit(self) -> Decrit:
        """What the person said of it."""
        return Decrit(self.nature or "", self.date_document)


class Evenement(DuDossier, Base):
    """A line of the dossier's history; `interne` ones are the agents' only."""

    __tablename__ = "demarches_evenement"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    quand: Mapped[datetime] = mapped_column(Instant)
    genre: Mapped[str] = mapped_column(Text)
    auteur: Mapped[str] = mapped_column(Text)
    interne: Mapped[bool] = mapped_column(Boolean, default=False)
    donnees: Mapped[Json] = mapped_column(JSONB, default=dict)


class Message(DuDossier, Base):
    """A message on the dossier, or an internal note of the agents."""

    __tablename__ = "demarches_message"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    quand: Mapped[datetime] = mapped_column(Instant)
    de_l_agent: Mapped[bool] = mapped_column(Boolean)
    auteur: Mapped[str] = mapped_column(Text)
    interne: Mapped[bool] = mapped_column(Boolean, default=False)
    texte: Mapped[str] = mapped_column(Text)


class Complement(DuDossier, Base):
    """A piece or an answer asked again, with its reason and date (CRPA L114-5); one `demande` (letter) asks several."""

    __tablename__ = "demarches_complement"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    champ_id: Mapped[str] = mapped_column(Text)
    motif: Mapped[str] = mapped_column(Text)
    demande_le: Mapped[datetime] = mapped_column(Instant)
    avant_le: Mapped[date] = mapped_column(Date)
    demande_par: Mapped[str] = mapped_column(Text)
    satisfait_le: Mapped[datetime | None] = mapped_column(Instant)
    demande_id: Mapped[UUID] = mapped_column()
    raison: Mapped[str] = mapped_column(Text, default="")
    indispensable: Mapped[bool] = mapped_column(Boolean, default=True)


class Decision(PersonnelMixin, Base):
    """The decision and its author: first name, name, quality and service, all mandatory (CRPA L212-2)."""

    __tablename__ = "demarches_decision"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    sens: Mapped[str] = mapped_column(Text)
    motif: Mapped[str] = mapped_column(Text)
    auteur_prenom: Mapped[str] = mapped_column(Text)
    auteur_nom: Mapped[str] = mapped_column(Text)
    auteur_qualite: Mapped[str] = mapped_column(Text)
    auteur_service: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("socle_agent.id"))
    rendue_le: Mapped[datetime] = mapped_column(Instant)
    propose_par: Mapped[str] = mapped_column(Text, default="")
    retire_tacite: Mapped[bool] = mapped_column(Boolean, default=False)


class Document(DuDossier, Base):
    """A PDF that the portal made of the dossier: receipt, letter, decision; its bytes are an object of the same id."""

    __tablename__ = "demarches_document"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    taille: Mapped[int] = mapped_column(BigInteger)
    empreinte: Mapped[bytes] = mapped_column(LargeBinary)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class Envoi(DuDossier, Base):
    """An e-mail or a text message (`moyen`) owed to the applicant, and what became of it; a refusal is shown."""

    __tablename__ = "demarches_envoi"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    evenement: Mapped[str] = mapped_column(Text)
    destinataire: Mapped[str] = mapped_column(Text)
    moyen: Mapped[str] = mapped_column(Text, default="courriel")
    etat: Mapped[str] = mapped_column(Text, default="a_envoyer")
    detail: Mapped[str] = mapped_column(Text, default="")
    cree_le: Mapped[datetime] = mapped_column(Instant)
    envoye_le: Mapped[datetime | None] = mapped_column(Instant)


class Proposition(PersonnelMixin, Base):
    """A decision prepared by one agent for another to sign; it decides nothing."""

    __tablename__ = "demarches_proposition"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    sens: Mapped[str] = mapped_column(Text)
    motif: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("socle_agent.id"))
    par: Mapped[str] = mapped_column(Text)
    proposee_le: Mapped[datetime] = mapped_column(Instant)


class Avis(DuDossier, Base):
    """An opinion asked on a dossier: of a service of the collectivité, or of an outside expert by a link and a code."""

    __tablename__ = "demarches_avis"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    etape: Mapped[str] = mapped_column(Text, default="")
    objet: Mapped[str] = mapped_column(Text)
    oui_non: Mapped[bool] = mapped_column(Boolean)
    confidentiel: Mapped[bool] = mapped_column(Boolean)
    nom: Mapped[str] = mapped_column(Text)
    courriel: Mapped[str] = mapped_column(Text, default="")
    code_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    demande_le: Mapped[datetime] = mapped_column(Instant)
    demande_par: Mapped[str] = mapped_column(Text)
    avant_le: Mapped[date] = mapped_column(Date)
    relance_le: Mapped[datetime | None] = mapped_column(Instant)
    revoque_le: Mapped[datetime | None] = mapped_column(Instant)
    rendu_le: Mapped[datetime | None] = mapped_column(Instant)
    rendu_par: Mapped[str] = mapped_column(Text, default="")
    favorable: Mapped[bool | None] = mapped_column(Boolean)
    texte: Mapped[str] = mapped_column(Text, default="")
    fichier_id: Mapped[UUID | None] = mapped_column()
    fichier_nom: Mapped[str] = mapped_column(Text, default="")
    fichier_type: Mapped[str] = mapped_column(Text, default="")
    fichier_taille: Mapped[int] = mapped_column(BigInteger, default=0)


class Attente(DuDossier, Base):
    """Something a step waits for from another module; `automatique` says that the module is there and will tell."""

    __tablename__ = "demarches_attente"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    etape: Mapped[str] = mapped_column(Text)
    genre: Mapped[str] = mapped_column(Text)
    libelle: Mapped[str] = mapped_column(Text)
    automatique: Mapped[bool] = mapped_column(Boolean)
    reference: Mapped[str] = mapped_column(Text, default="")
    ouverte_le: Mapped[datetime] = mapped_column(Instant)
    close_le: Mapped[datetime | None] = mapped_column(Instant)
    close_par: Mapped[str] = mapped_column(Text, default="")


class Transmission(PersonnelMixin, Base):
    """A dossier handed over to the competent administration (CRPA L114-2), here or outside."""

    __tablename__ = "demarches_transmission"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    vers_collectivite_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    organisme: Mapped[str] = mapped_column(Text)
    adresse: Mapped[str] = mapped_column(Text, default="")
    courriel: Mapped[str] = mapped_column(Text, default="")
    motif: Mapped[str] = mapped_column(Text)
    par: Mapped[str] = mapped_column(Text)
    transmis_le: Mapped[datetime] = mapped_column(Instant)
    remis_le: Mapped[datetime | None] = mapped_column(Instant)
    nouveau_id: Mapped[UUID | None] = mapped_column()


class Alerte(DuDossier, Base):
    """A date that comes near or has passed: told once to the agents in charge, `palier` days before it."""

    __tablename__ = "demarches_alerte"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text, primary_key=True)
    echeance: Mapped[date] = mapped_column(Date, primary_key=True)
    palier: Mapped[int] = mapped_column(Integer, primary_key=True)
    creee_le: Mapped[datetime] = mapped_column(Instant)


class Export(CommunMixin, Base):
    """What an agent asked to take away of one démarche, how far it is, and where the extraction goes on."""

    __tablename__ = "demarches_export"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    titre: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    etats: Mapped[list[str]] = mapped_column(ARRAY(Text))
    du: Mapped[date | None] = mapped_column(Date)
    au: Mapped[date | None] = mapped_column(Date)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("socle_agent.id"))
    agent_nom: Mapped[str] = mapped_column(Text)
    demande_le: Mapped[datetime] = mapped_column(Instant)
    etat: Mapped[str] = mapped_column(Text, default="extraction")
    total: Mapped[int] = mapped_column(Integer, default=0)
    extraits: Mapped[int] = mapped_column(Integer, default=0)
    ecrits: Mapped[int] = mapped_column(Integer, default=0)
    apres_le: Mapped[datetime | None] = mapped_column(Instant)
    apres_id: Mapped[UUID | None] = mapped_column()
    fini_le: Mapped[datetime | None] = mapped_column(Instant)
    expire_le: Mapped[datetime | None] = mapped_column(Instant)


class ExportObjet(CommunMixin, Base):
    """An encrypted object of an export: a piece of the extraction (`morceau`), or a file to take away (`fichier`)."""

    __tablename__ = "demarches_export_objet"
    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text, primary_key=True)
    rang: Mapped[int] = mapped_column(Integer, primary_key=True)
    objet_id: Mapped[UUID] = mapped_column()
    nom: Mapped[str] = mapped_column(Text, default="")
    type_mime: Mapped[str] = mapped_column(Text, default="")
    taille: Mapped[int] = mapped_column(BigInteger)
    dossiers: Mapped[int] = mapped_column(Integer)
