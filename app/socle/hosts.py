"""From a host name to what it serves: a collectivité, or one of our own services.

Collectivités are looked up when first asked for and kept in a bounded cache; PostgreSQL says at once, through
LISTEN/NOTIFY, which one changed, so that a change anywhere shows everywhere within a second and nothing grows with the
number of collectivités.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.socle import annonces
from app.socle.db import Database, fetch
from app.socle.gabarits import statique
from app.socle.models import Collectivite, Hote
from app.socle.theme import Theme, theme_css, theme_hash

log = structlog.get_logger()

SERVICES = ("mon", "agents", "opsn", "connexion")
# The host of test mode: the desk again, with the dossiers of tests.
ESSAIS = "essais"
CACHE_SIZE = 512
CHANNEL = "kumun_collectivite"


_PRINCIPAL = (
    select(Hote.nom)
    .where(Hote.collectivite_id == Collectivite.id, Hote.principal)
    .correlate(Collectivite)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class CollectiviteVue:
    """What every page of a collectivité needs of it; immutable, told apart by `version`."""

    id: UUID
    genre: str
    code_insee: str | None
    nom: str
    slug: str
    hote: str
    population: int | None
    departement: str
    epci_nom: str
    fuseau: str
    coordonnees: dict[str, Any]
    theme: Theme
    theme_css: str
    theme_hash: str
    version: int
    active: bool


@dataclass(frozen=True, slots=True)
class HoteResolu:
    """What a host name serves: `genre` is 'collectivite', 'base' or one of SERVICES.

    `essai` is the desk of test mode: the same pages, on test dossiers alone.
    """

    genre: str
    nom: str
    collectivite: CollectiviteVue | None = None
    essai: bool = False


class HostRegistry:
    """Resolves host names, and forgets what PostgreSQL says has changed."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._known = {
            f"{label}.{settings.base_host}": HoteResolu(label, f"{label}.{settings.base_host}")
            for label in SERVICES
        }
        essais = settings.service_host(ESSAIS)
        self._known[essais] = HoteResolu("agents", essais, essai=True)
        self._known[settings.base_host] = HoteResolu("base", settings.base_host)
        self._cache: OrderedDict[str, HoteResolu | None] = OrderedDict()
        self._generation = 0
        self._listener: asyncio.Task[None] | None = None
        self.listening = False
        self.on_change: list[Any] = []
        self.on_dossier: list[Any] = []

    async def resolve(self, host: str) -> HoteResolu | None:
        """What `host` (lower case, without port) serves, or None for a host that nobody gave us."""
        known = self._known.get(host)
        if known is not None:
            return known
        if host in self._cache:
            self._cache.move_to_end(host)
            return self._cache[host]
        generation = self._generation
        found = await self._load(host)
        # A change announced while we were reading makes this answer old: give it, do not keep it. Without a listener
        # nothing would ever be forgotten, so nothing is kept.
        if generation == self._generation and self.listening:
            self._cache[host] = found
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return found

    async def _load(self, host: str) -> HoteResolu | None:
        query = (
            select(Collectivite, _PRINCIPAL)
            .join(Hote, Hote.collectivite_id == Collectivite.id)
            .where(Hote.nom == host, Collectivite.etat != "close")
        )
        async with self._db.session() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return None
        return HoteResolu("collectivite", host, vue_of(row[0], row[1] or host))

    def forget(self, collectivite_id: str = "*") -> None:
        """Drops one collectivité (or all) from the cache, absent hosts included."""
        self._generation += 1
        for host, entry in list(self._cache.items()):
            if (
                collectivite_id == "*"
                or entry is None
                or (entry.collectivite and str(entry.collectivite.id) == collectivite_id)
            ):
                del self._cache[host]
        for callback in self.on_change:
            callback(collectivite_id)

    def _moved(self, collectivite_id: str) -> None:
        for callback in self.on_dossier:
            callback(collectivite_id)

    def start(self) -> None:
        """Begins to listen for changes; reconnects for as long as it takes."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Ends the listener."""
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def _listen(self) -> None:
        pause = 0.2
        while True:
            connection = None
            try:
                url = self._db.engine.url
                connection = await asyncpg.connect(
                    url.set(drivername="postgresql").render_as_string(hide_password=False)
                )
                await connection.add_listener(CHANNEL, lambda _c, _p, _ch, payload: self.forget(payload))
                await connection.add_listener(
                    annonces.CHANNEL, lambda _c, _p, _ch, payload: self._moved(payload)
                )
                self.forget()
                self._moved("*")
                self.listening = True
                pause = 0.2
                while not connection.is_closed():
                    await asyncio.sleep(0.5)
                raise ConnectionError("the listening connection closed")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                self.listening = False
                self.forget()
                log.warning("host_listener_lost", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
            finally:
                self.listening = False
                if connection is not None and not connection.is_closed():
                    connection.terminate()


def vue_of(collectivite: Collectivite, hote: str) -> CollectiviteVue:
    """The immutable view of a collectivité row."""
    theme = Theme(**collectivite.theme)
    return CollectiviteVue(
        id=collectivite.id,
        genre=collectivite.genre,
        code_insee=collectivite.code_insee,
        nom=collectivite.nom,
        slug=collectivite.slug,
        hote=hote,
        population=collectivite.population,
        departement=collectivite.departement,
        epci_nom=collectivite.epci_nom,
        fuseau=collectivite.fuseau,
        coordonnees=collectivite.coordonnees,
        theme=theme,
        theme_css=theme_css(theme, statique),
        theme_hash=theme_hash(theme),
        version=collectivite.version,
        active=collectivite.etat == "active",
    )


@dataclass(frozen=True, slots=True)
class Nommee:
    """What a list says of a collectivité: its name, and the host where it is visited."""

    id: UUID
    nom: str
    hote: str


_NOMMEES = """
SELECT c.id, c.nom, coalesce(h.nom, '') AS hote FROM socle_collectivite c
LEFT JOIN socle_hote h ON h.collectivite_id = c.id AND h.principal WHERE c.id = ANY($1::uuid[])
"""


async def list_nommees(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Nommee]:
    """The names of several collectivités by id, in one statement: for lists, which may meet a thousand."""
    return {row["id"]: Nommee(*row) for row in await fetch(session, _NOMMEES, list(ids))}


async def list_vues(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, CollectiviteVue]:
    """Everything of several collectivités by id, in one statement."""
    query = select(Collectivite, _PRINCIPAL).where(Collectivite.id.in_(list(ids)))
    return {row[0].id: vue_of(row[0], row[1] or "") for row in (await session.execute(query)).all()}
