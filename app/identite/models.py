"""The module's own table: each collectivité's FranceConnect client."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.socle.db import Base
from app.socle.models import Instant
from app.socle.tenancy import CommunMixin


class CleFranceConnect(CommunMixin, Base):
    """A collectivité's client at FranceConnect; the secret is sealed with the installation's key."""

    __tablename__ = "identite_franceconnect"
    emetteur: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    entite: Mapped[str] = mapped_column(Text)
    modifie_le: Mapped[datetime] = mapped_column(Instant)
