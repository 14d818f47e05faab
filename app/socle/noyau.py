"""The kernel's services, made once by `bootstrap` and handed to everything that runs."""

from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment

from app.config import Settings
from app.socle.cache import PageCache
from app.socle.clock import Clock
from app.socle.db import Database
from app.socle.hosts import HostRegistry
from app.socle.sceau import Sceau


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
    ports: Any = None
    maintenance: str = ""
    taches: dict[str, Any] = field(default_factory=dict)

    async def start(self) -> None:
        """Begins what runs beside requests."""
        self.hosts.on_change.append(self.pages.forget)
        self.hosts.start()

    async def stop(self) -> None:
        """Ends it, and gives connections back."""
        await self.hosts.stop()
        await self.db.close()
