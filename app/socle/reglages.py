"""Settings of the whole installation that change while it runs; every process hears of a change within a second."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# What PostgreSQL says on the channel of collectivités when a setting changed.
ANNOUNCED = "reglages"
# The message shown on top of every page; an empty one shows nothing, whatever KUMUN_MAINTENANCE says.
BANDEAU = "bandeau"

_READ = text("SELECT valeur FROM socle_reglage WHERE cle = :cle")
_WRITE = text(
    "INSERT INTO socle_reglage (cle, valeur, modifie_le) VALUES (:cle, :valeur, :maintenant)"
    " ON CONFLICT (cle) DO UPDATE SET valeur = excluded.valeur, modifie_le = excluded.modifie_le"
)


async def read(session: AsyncSession, cle: str) -> str | None:
    """A setting, or None when it was never set."""
    found: str | None = (await session.execute(_READ, {"cle": cle})).scalar_one_or_none()
    return found


async def write(session: AsyncSession, cle: str, valeur: str, now: datetime) -> None:
    """Sets it (platform role)."""
    await session.execute(_WRITE, {"cle": cle, "valeur": valeur, "maintenant": now})
