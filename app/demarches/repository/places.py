"""SQL of places: how many an option has, who holds one; the database counts, under the lock of each quota."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch


class Quota(NamedTuple):
    """An option with its places: how many, taken, and people waiting."""

    id: UUID
    slug: str
    champ_id: str
    option: str
    saison: str
    places: int
    prises: int
    attente: int

    @property
    def restantes(self) -> int:
        """How many may still be taken; none while somebody waits."""
        return 0 if self.attente else max(0, self.places - self.prises)


class PlaceTenue(NamedTuple):
    """What a dossier holds: a place, or a rank in the waiting list."""

    champ_id: str
    option: str
    saison: str
    etat: str
    rang: int


_QUOTA = ", ".join(Quota._fields)


async def list_quotas(session: AsyncSession, collectivite_id: UUID, slug: str) -> list[Quota]:
    """The options of a démarche that have a number of places now."""
    sql = (
        f"SELECT {_QUOTA} FROM demarches_quota WHERE collectivite_id = $1 AND slug = $2 AND active"  # noqa: S608
        " ORDER BY champ_id, option"
    )
    return [Quota(*row) for row in await fetch(session, sql, collectivite_id, slug)]


_TENUES = """
SELECT q.champ_id, q.option, q.saison, p.etat, p.rang FROM demarches_place p
JOIN demarches_quota q ON q.collectivite_id = p.collectivite_id AND q.id = p.quota_id
WHERE p.collectivite_id = $1 AND p.dossier_id = $2 ORDER BY q.champ_id, q.option
"""


async def list_tenues(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID) -> list[PlaceTenue]:
    """What a dossier holds, for whoever sees it."""
    return [PlaceTenue(*row) for row in await fetch(session, _TENUES, collectivite_id, dossier_id)]


async def set_places(session: AsyncSession, collectivite_id: UUID, quota_id: UUID, places: int) -> None:
    """Changes how many; whoever waits gets what becomes free."""
    sql = "UPDATE demarches_quota SET places = $3 WHERE collectivite_id = $1 AND id = $2"
    await fetch(session, sql, collectivite_id, quota_id, places)


async def close(session: AsyncSession, collectivite_id: UUID, quota_ids: Sequence[UUID]) -> None:
    """Ends a season: nothing is taken from these any more; what they gave stays in the dossiers."""
    sql = "UPDATE demarches_quota SET active = false WHERE collectivite_id = $1 AND id = ANY($2::uuid[])"
    await fetch(session, sql, collectivite_id, list(quota_ids))


async def add_quota(session: AsyncSession, collectivite_id: UUID, **values: Any) -> None:
    """An option gets a number of places."""
    sql = (
        "INSERT INTO demarches_quota (collectivite_id, id, slug, champ_id, option, saison, places)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    names = ("id", "slug", "champ_id", "option", "saison", "places")
    await fetch(session, sql, collectivite_id, *(values[name] for name in names))
