"""The tables that agents alone fill: what the collectivité closes, who is absent, how the rules are read there."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.models import Instant
from app.socle.tenancy import CommunMixin


class ReglageRendezVous(CommunMixin, Base):
    """How the calendar is read in a collectivité, and until when its rules are expanded."""

    __tablename__ = "rendezvous_reglage"
    vendredi_saint: Mapped[bool] = mapped_column(Boolean, default=True)
    deplie_jusqu_au: Mapped[date | None] = mapped_column(Date)


class Fermeture(CommunMixin, Base):
    """Days on which nobody receives: a bridge, works, an election. Both days included."""

    __tablename__ = "rendezvous_fermeture"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    du: Mapped[date] = mapped_column(Date)
    au: Mapped[date] = mapped_column(Date)
    libelle: Mapped[str] = mapped_column(Text, default="")


class Absence(CommunMixin, Base):
    """When a person or a thing is not there, whatever its rules say."""

    __tablename__ = "rendezvous_absence"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    occupant_id: Mapped[UUID] = mapped_column()
    debut: Mapped[datetime] = mapped_column(Instant)
    fin: Mapped[datetime] = mapped_column(Instant)
    libelle: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="saisie")
