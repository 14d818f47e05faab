"""The tables of the rendez-vous that the application reads row by row; free time and searches are written SQL."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, Float, ForeignKey, Integer, LargeBinary, Text, Time, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.models import Instant
from app.socle.tenancy import CommunMixin, PersonnelMixin


class Lieu(CommunMixin, Base):
    """A place where one is received, with its time zone."""

    __tablename__ = "rendezvous_lieu"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(Text)
    adresse: Mapped[dict[str, Any]] = mapped_column(JSONB)
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    fuseau: Mapped[str] = mapped_column(Text)
    acces: Mapped[str] = mapped_column(Text, default="")
    actif: Mapped[bool] = mapped_column(Boolean, default=True)


class Ressource(CommunMixin, Base):
    """A person, room or thing that a rendez-vous occupies; `occupant_id` is the physical one, installation-wide."""

    __tablename__ = "rendezvous_ressource"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(Text)
    genre: Mapped[str] = mapped_column(Text)
    occupant_id: Mapped[UUID] = mapped_column()
    parent_id: Mapped[UUID | None] = mapped_column()
    actif: Mapped[bool] = mapped_column(Boolean, default=True)


class Motif(CommunMixin, Base):
    """Why one comes: how long it takes, what it occupies, how early and how late one may book. Minutes, hours, days."""

    __tablename__ = "rendezvous_motif"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(Text)
    consignes: Mapped[str] = mapped_column(Text, default="")
    modes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    duree_premiere: Mapped[int] = mapped_column(Integer)
    duree_suivante: Mapped[int] = mapped_column(Integer)
    personnes_max: Mapped[int] = mapped_column(Integer, default=1)
    tampon_avant: Mapped[int] = mapped_column(Integer, default=0)
    tampon_apres: Mapped[int] = mapped_column(Integer, default=0)
    pas: Mapped[int] = mapped_column(Integer, default=5)
    delai_heures: Mapped[int] = mapped_column(Integer, default=0)
    delai_jours_ouvres: Mapped[int] = mapped_column(Integer, default=0)
    horizon_jours: Mapped[int] = mapped_column(Integer, default=90)
    quota_jour: Mapped[int | None] = mapped_column(Integer)
    en_ligne: Mapped[bool] = mapped_column(Boolean, default=True)
    predemande: Mapped[bool] = mapped_column(Boolean, default=False)
    raison_ants: Mapped[str | None] = mapped_column(Text)
    annuler_heures: Mapped[int] = mapped_column(Integer, default=2)
    deplacer_heures: Mapped[int] = mapped_column(Integer, default=2)
    actif: Mapped[bool] = mapped_column(Boolean, default=True)


class Besoin(CommunMixin, Base):
    """One ressource that may fill one rank of what a motif needs; every rank is needed at once."""

    __tablename__ = "rendezvous_besoin"
    motif_id: Mapped[UUID] = mapped_column(primary_key=True)
    rang: Mapped[int] = mapped_column(Integer, primary_key=True)
    ressource_id: Mapped[UUID] = mapped_column(primary_key=True)


class Plage(CommunMixin, Base):
    """A rule of opening of a ressource at a lieu, in the wall clock of that lieu."""

    __tablename__ = "rendezvous_plage"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    lieu_id: Mapped[UUID] = mapped_column()
    ressource_id: Mapped[UUID] = mapped_column()
    motifs: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    du: Mapped[date] = mapped_column(Date)
    au: Mapped[date | None] = mapped_column(Date)
    heure_debut: Mapped[time] = mapped_column(Time)
    heure_fin: Mapped[time] = mapped_column(Time)
    regle: Mapped[str] = mapped_column(Text, default="")
    vacances: Mapped[str] = mapped_column(Text, default="toujours")
    feries: Mapped[bool] = mapped_column(Boolean, default=False)


class RendezVous(PersonnelMixin, Base):
    """A meeting booked, or held for somebody who is booking it."""

    __tablename__ = "rendezvous_rendezvous"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    lieu_id: Mapped[UUID] = mapped_column()
    motif_id: Mapped[UUID] = mapped_column()
    seance_id: Mapped[UUID | None] = mapped_column()
    debut: Mapped[datetime] = mapped_column(Instant)
    fin: Mapped[datetime] = mapped_column(Instant)
    fuseau: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text, default="sur_place")
    etat: Mapped[str] = mapped_column(Text, default="retenu")
    personnes: Mapped[int] = mapped_column(Integer)
    usager_id: Mapped[UUID | None] = mapped_column(ForeignKey("socle_usager.id"))
    jeton_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    canal: Mapped[str] = mapped_column(Text)
    contact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    predemandes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    prolongations: Mapped[int] = mapped_column(Integer, default=0)
    occupe: Mapped[bool] = mapped_column(Boolean, default=False)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    modifie_le: Mapped[datetime] = mapped_column(Instant)
    expire_le: Mapped[datetime | None] = mapped_column(Instant)
    arrive_le: Mapped[datetime | None] = mapped_column(Instant)
    origine_id: Mapped[UUID | None] = mapped_column()
    deplace: Mapped[bool] = mapped_column(Boolean, default=False)
    libelles: Mapped[dict[str, Any]] = mapped_column(JSONB)
    langue: Mapped[str] = mapped_column(Text, default="fr")

    @property
    def origine(self) -> UUID:
        """The rendez-vous that this one is, however often it was moved."""
        return self.origine_id or self.id
