"""The kernel's services, made once by `bootstrap` and handed to everything that runs."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog
from jinja2 import Environment
from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.socle import reglages
from app.socle.annonces import Annonces
from app.socle.cache import PageCache
from app.socle.clock import Clock
from app.socle.db import Database
from app.socle.hosts import HostRegistry
from app.socle.sceau import Sceau

log = structlog.get_logger()


@dataclass
class Noyau:
    """What a request, a job or a command may need; adapters are chosen by `bootstrap` alone."""

    settings: Settings
    clock: Clock
    db: Database
    hosts: HostRegistry
    sceau: Sceau
    gabarits: dict[str, Environment]
    pages: PageCache
    objets: Any
    antivirus: Any
    expediteur: Any
    oidc: Any
    # What modules offer one another (app/contrats/ports.py): the kernel carries it and knows nothing of it.
    ports: Any = None
    adresses: Any = None
    # The way out to addresses of collectivités (app/socle/sortie.py), and the gateway of text messages.
    sortie: Any = None
    passerelle_sms: Any = None
    attentes: dict[str, Any] = field(default_factory=dict)
    maintenance: str = ""
    taches: dict[str, Any] = field(default_factory=dict)
    annonces: Annonces = field(default_factory=Annonces)
    _reading: "asyncio.Future[None] | None" = None

    async def start(self) -> None:
        """Begins what runs beside requests."""
        self.hosts.on_change.append(self.pages.forget)
        self.hosts.on_change.append(self._settings_changed)
        self.hosts.on_dossier.append(self.annonces.publish)
        self.hosts.start()

    async def stop(self) -> None:
        """Ends it, and gives connections back."""
        self.annonces.close()
        await self.hosts.stop()
        if self._reading:
            self._reading.cancel()
        await self.db.close()

    def _settings_changed(self, announced: str) -> None:
        """Reads the settings again when they changed, or when we may have missed that they did."""
        if announced in ("*", reglages.ANNOUNCED):
            self._reading = asyncio.ensure_future(self._read_settings())

    async def _read_settings(self) -> None:
        try:
            async with self.db.session() as session:
                message = await reglages.read(session, reglages.BANDEAU)
        except (SQLAlchemyError, OSError) as error:
            log.warning("settings_unread", error=type(error).__name__)
            return
        self.maintenance = self.settings.maintenance if message is None else message
