"""The tables of what a step reaches outside: addresses that may be called, calls owed; and of places."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, FetchedValue, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demarches.models import DuDossier
from app.socle.db import Base
from app.socle.models import Instant, Json
from app.socle.tenancy import CommunMixin


class Point(CommunMixin, Base):
    """An outside address that the collectivité lets its parcours call; the sealed secret signs each call."""

    __tablename__ = "demarches_point"
    cle: Mapped[str] = mapped_column(Text, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    modifie_le: Mapped[datetime] = mapped_column(Instant)
    modifie_par: Mapped[str] = mapped_column(Text)


class Appel(DuDossier, Base):
    """A call of an outside address owed by a step, and what became of it."""

    __tablename__ = "demarches_appel"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    etape: Mapped[str] = mapped_column(Text)
    point: Mapped[str] = mapped_column(Text)
    libelle: Mapped[str] = mapped_column(Text)
    bloquant: Mapped[bool] = mapped_column(Boolean)
    corps: Mapped[Json] = mapped_column(JSONB)
    etat: Mapped[str] = mapped_column(Text, default="a_faire")
    essais: Mapped[int] = mapped_column(SmallInteger, default=0)
    detail: Mapped[str] = mapped_column(Text, default="")
    cree_le: Mapped[datetime] = mapped_column(Instant)
    dernier_le: Mapped[datetime | None] = mapped_column(Instant)


class Quota(CommunMixin, Base):
    """How many may choose an option in a season; the counters are the database's own."""

    __tablename__ = "demarches_quota"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    champ_id: Mapped[str] = mapped_column(Text)
    option: Mapped[str] = mapped_column(Text)
    saison: Mapped[str] = mapped_column(Text)
    places: Mapped[int] = mapped_column(Integer)
    prises: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    attente: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    active: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())


class Place(DuDossier, Base):
    """What a dossier holds of a quota: a place, or a rank in its waiting list."""

    __tablename__ = "demarches_place"
    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    quota_id: Mapped[UUID] = mapped_column(primary_key=True)
    etat: Mapped[str] = mapped_column(Text)
    rang: Mapped[int] = mapped_column(Integer)
    cree_le: Mapped[datetime] = mapped_column(Instant)
