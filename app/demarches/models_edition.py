"""The tables of what makes a démarche: publications, works in progress, automated tests, moves of dossiers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.models import Instant, Json
from app.socle.tenancy import CommunMixin


class Publication(Base):
    """A version that was offered, with its number; shared when it has no owner."""

    __tablename__ = "demarches_publication"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    proprietaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    slug: Mapped[str] = mapped_column(Text)
    numero: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[str] = mapped_column(ForeignKey("demarches_version.id"))
    publiee_le: Mapped[datetime] = mapped_column(Instant)
    auteur: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")


class Chantier(Base):
    """Work in progress on a démarche: its present state, and the revisions that can be come back to."""

    __tablename__ = "demarches_chantier"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    proprietaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    slug: Mapped[str] = mapped_column(Text)
    base_version_id: Mapped[str | None] = mapped_column(ForeignKey("demarches_version.id"))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    contenu: Mapped[Json] = mapped_column(JSONB)
    annuler: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    refaire: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    modifie_le: Mapped[datetime] = mapped_column(Instant)
    modifie_par: Mapped[str] = mapped_column(Text)


class Pas(Base):
    """One step of a work in progress: the state that it led to, who took it and when."""

    __tablename__ = "demarches_pas"
    chantier_id: Mapped[UUID] = mapped_column(ForeignKey("demarches_chantier.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    contenu: Mapped[Json] = mapped_column(JSONB)
    geste: Mapped[str] = mapped_column(Text)
    auteur: Mapped[str] = mapped_column(Text)
    quand: Mapped[datetime] = mapped_column(Instant)


class Scenario(Base):
    """An automated test of a démarche, recorded from a test dossier."""

    __tablename__ = "demarches_scenario"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    proprietaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    slug: Mapped[str] = mapped_column(Text)
    nom: Mapped[str] = mapped_column(Text)
    contenu: Mapped[Json] = mapped_column(JSONB)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    auteur: Mapped[str] = mapped_column(Text)


class Nouveaute(CommunMixin, Base):
    """A new shared version that a collectivité must accept, since it touches what its overlay changes."""

    __tablename__ = "demarches_nouveaute"
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("demarches_version.id"))
    parties: Mapped[Any] = mapped_column(JSONB, default=list)
    cree_le: Mapped[datetime] = mapped_column(Instant)


class Bascule(Base):
    """Dossiers being moved to a new version by a job; `curseur` is the last one looked at.

    `raisons` counts those that stay by sentence; `refus` are the first of them, each with its number and reasons.
    """

    __tablename__ = "demarches_bascule"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    proprietaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_collectivite.id"))
    slug: Mapped[str] = mapped_column(Text)
    version_id: Mapped[str] = mapped_column(ForeignKey("demarches_version.id"))
    deposes: Mapped[bool] = mapped_column(Boolean)
    curseur: Mapped[UUID | None] = mapped_column()
    deplaces: Mapped[int] = mapped_column(Integer, default=0)
    laisses: Mapped[int] = mapped_column(Integer, default=0)
    prevus: Mapped[int] = mapped_column(Integer, default=0)
    raisons: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    refus: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    finie_le: Mapped[datetime | None] = mapped_column(Instant)
