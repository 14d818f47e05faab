"""The kernel's tables, as the ORM sees them. The migrations make them; a test holds the two together."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Identity, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.tenancy import CommunMixin

Instant = DateTime(timezone=True)
Json = dict[str, Any]


class Collectivite(Base):
    """A tenant: a commune, an EPCI, a syndicat. Public data of the platform, read by all, written by the platform."""

    __tablename__ = "socle_collectivite"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text)
    code_insee: Mapped[str | None] = mapped_column(Text, unique=True)
    siren: Mapped[str | None] = mapped_column(Text, unique=True)
    nom: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    departement: Mapped[str] = mapped_column(Text)
    codes_postaux: Mapped[list[str]] = mapped_column(ARRAY(Text))
    population: Mapped[int | None] = mapped_column(Integer)
    epci_siren: Mapped[str | None] = mapped_column(Text)
    epci_nom: Mapped[str] = mapped_column(Text)
    fuseau: Mapped[str] = mapped_column(Text)
    theme: Mapped[Json] = mapped_column(JSONB)
    coordonnees: Mapped[Json] = mapped_column(JSONB)
    etat: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class Hote(Base):
    """A host name that answers for a collectivité."""

    __tablename__ = "socle_hote"
    nom: Mapped[str] = mapped_column(Text, primary_key=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("socle_collectivite.id"))
    principal: Mapped[bool]


class Usager(Base):
    """A resident's account; several identities may open it."""

    __tablename__ = "socle_usager"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    langue: Mapped[str] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class Identite(Base):
    """What an issuer says of a person to one of its clients."""

    __tablename__ = "socle_identite"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    usager_id: Mapped[UUID] = mapped_column(ForeignKey("socle_usager.id"), index=True)
    emetteur: Mapped[str] = mapped_column(Text)
    entite: Mapped[str] = mapped_column(Text)
    sub: Mapped[str] = mapped_column(Text)
    niveau: Mapped[str] = mapped_column(Text)
    donnees: Mapped[Json] = mapped_column(JSONB)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    vue_le: Mapped[datetime] = mapped_column(Instant)


class Agent(Base):
    """Somebody who works for one or several collectivités, or for the OPSN."""

    __tablename__ = "socle_agent"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    courriel: Mapped[str] = mapped_column(Text, unique=True)
    prenom: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    telephone: Mapped[str] = mapped_column(Text)
    sub: Mapped[str | None] = mapped_column(Text, unique=True)
    opsn: Mapped[bool]
    actif: Mapped[bool]
    cree_le: Mapped[datetime] = mapped_column(Instant)
    vu_le: Mapped[datetime | None] = mapped_column(Instant)


class Habilitation(CommunMixin, Base):
    """A right: (agent, collectivité, service, secteur, rôle), with the quality that signs."""

    __tablename__ = "socle_habilitation"
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("socle_agent.id"), primary_key=True, index=True)
    secteur: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    qualite: Mapped[str] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class SessionOuverte(Base):
    """A signed-in browser on one host; known by the SHA-256 of its cookie."""

    __tablename__ = "socle_session"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    empreinte: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hote: Mapped[str] = mapped_column(Text)
    usager_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_agent.id"))
    identite_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_identite.id"))
    appareil: Mapped[str] = mapped_column(Text)
    fournisseur: Mapped[bytes | None] = mapped_column(LargeBinary)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    vue_le: Mapped[datetime] = mapped_column(Instant)
    expire_le: Mapped[datetime] = mapped_column(Instant)
    revoquee_le: Mapped[datetime | None] = mapped_column(Instant)


class Connexion(Base):
    """A sign-in or a hand-off in progress; every secret is kept as a hash."""

    __tablename__ = "socle_connexion"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    genre: Mapped[str] = mapped_column(Text)
    hote: Mapped[str] = mapped_column(Text)
    suite: Mapped[str] = mapped_column(Text)
    temoin: Mapped[bytes] = mapped_column(LargeBinary)
    etat: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    nonce: Mapped[str | None] = mapped_column(Text)
    code: Mapped[bytes | None] = mapped_column(LargeBinary)
    essais: Mapped[int] = mapped_column(Integer, default=0)
    courriel: Mapped[str | None] = mapped_column(Text)
    usager_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_agent.id"))
    identite_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_identite.id"))
    fournisseur: Mapped[bytes | None] = mapped_column(LargeBinary)
    rattachement: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    erreur: Mapped[str | None] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    expire_le: Mapped[datetime] = mapped_column(Instant, index=True)
    consommee_le: Mapped[datetime | None] = mapped_column(Instant)


class ObjetAttendu(Base):
    """An object announced before its bytes are stored; the row goes when the object has an owner."""

    __tablename__ = "socle_objet_attendu"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    attendu_le: Mapped[datetime] = mapped_column(Instant, index=True)


class Idempotence(Base):
    """A form already taken in, and where it led."""

    __tablename__ = "socle_idempotence"
    cle: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    suite: Mapped[str] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class AuditLigne(Base):
    """One line of the audit trail; it never changes but for the batch that seals it."""

    __tablename__ = "socle_audit"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    collectivite_id: Mapped[UUID | None]
    quand: Mapped[datetime] = mapped_column(Instant)
    acteur: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    objet: Mapped[str] = mapped_column(Text)
    details: Mapped[Json] = mapped_column(JSONB)
    requete: Mapped[str] = mapped_column(Text)
    lot: Mapped[int | None] = mapped_column(Integer)
