"""The module's own tables: logos, and files of communes between their trial and their confirmation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.models import Instant
from app.socle.tenancy import CommunMixin


class Blason(CommunMixin, Base):
    """A collectivité's logo, as it is served: made safe before it came here."""

    __tablename__ = "collectivites_blason"
    empreinte: Mapped[str] = mapped_column(Text)
    type_mime: Mapped[str] = mapped_column(Text)
    contenu: Mapped[bytes] = mapped_column(LargeBinary)
    modifie_le: Mapped[datetime] = mapped_column(Instant)


class Borne(CommunMixin, Base):
    """A screen that the town hall puts at the disposal of its visitors; its code is typed on the device, once."""

    __tablename__ = "collectivites_borne"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(Text)
    code_empreinte: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expire_le: Mapped[datetime] = mapped_column(Instant)
    cree_par: Mapped[str] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(Instant)
    installee_le: Mapped[datetime | None] = mapped_column(Instant)
    revoquee_le: Mapped[datetime | None] = mapped_column(Instant)


class ImportEnAttente(Base):
    """A CSV that was shown on trial and waits for a confirmation; forgotten after a day."""

    __tablename__ = "collectivites_import"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(Text)
    contenu: Mapped[bytes] = mapped_column(LargeBinary)
    cree_le: Mapped[datetime] = mapped_column(Instant)
