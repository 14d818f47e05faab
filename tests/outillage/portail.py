"""The whole portal in process, with the simulators outside it: what a test holds in its hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from starlette.requests import Request

from app.bootstrap import make_gabarits, make_noyau
from app.config import Settings
from app.main import create_app
from app.socle.clock import FixedClock
from app.socle.contexte import Contexte, open_contexte, visite
from app.socle.db import Database
from app.socle.expediteurs import DossierExpediteur
from app.socle.ids import new_token, uuid7
from app.socle.noyau import Noyau
from app.socle.oidc import Oidc
from app.socle.sessions import create_session
from simulateurs.main import create_app as create_simulateurs
from tests.outillage.base import BaseEssai
from tests.outillage.navigateur import Navigateur

HOTE_BASE = "kumun.test"
SIMULATEURS = "https://simulateurs.test"
# A Monday morning in winter, working day in Brittany.
LUNDI = datetime(2026, 11, 23, 9, tzinfo=UTC)
_gabarits: dict[str, Any] = {}


def make_settings(base: BaseEssai, **overrides: Any) -> Settings:
    """The settings of the tests, with the clients that the demonstration declared at the simulators."""
    values: dict[str, Any] = {
        "var": base.var,
        "base_url": f"https://{HOTE_BASE}",
        "secret_key": "secret-des-essais-" * 3,
        "master_key": "cle-racine-des-essais-" * 3,
        "database_url": base.serveur.url_app,
        "database_url_plateforme": base.serveur.url_plateforme,
        "mail_from": f"ne-pas-repondre@{HOTE_BASE}",
    }
    return Settings(_env_file=base.var / "demo.env", **{**values, **overrides})


def make_essai_noyau(
    settings: Settings, courriels: Path, clock: FixedClock, oidc: Oidc | None = None
) -> Noyau:
    """The kernel as production makes it, but for the clock, the mail folder and the way outside."""
    # Compiled templates are the same for every test: only the first one pays for them.
    _gabarits.update(_gabarits or make_gabarits())
    return make_noyau(
        settings,
        clock=clock,
        db=Database(settings.database_url, settings.database_url_plateforme, pool_size=10),
        expediteur=DossierExpediteur(courriels),
        oidc=oidc,
        gabarits=_gabarits,
    )


class Portail:
    """The portal's ASGI application under test, its kernel, its simulators and the browsers that visit it."""

    def __init__(self, noyau: Noyau, base: BaseEssai, simulateurs: Any, courriels: Path) -> None:
        self.noyau = noyau
        self.base = base
        self.simulateurs = simulateurs
        self.courriels = courriels
        self.app = create_app(noyau)
        self._navigateurs: list[Navigateur] = []

    @property
    def clock(self) -> FixedClock:
        """The clock of the portal and of the simulators."""
        clock = self.noyau.clock
        assert isinstance(clock, FixedClock)
        return clock

    def avancer(self, **delta: float) -> None:
        """Moves time on: `avancer(minutes=5)`."""
        self.clock.instant += timedelta(**delta)

    def hote(self, label: str) -> str:
        """The full host name of a commune's slug or a service's label; the base host for ''."""
        return f"{label}.{HOTE_BASE}" if label else HOTE_BASE

    def url(self, label: str, path: str = "/") -> str:
        """An absolute address on one of our hosts."""
        return f"https://{self.hote(label)}{path}"

    def navigateur(self, label: str = "guingamp", *, verifier: bool = True) -> Navigateur:
        """A fresh browser on a host; it is shut at the end of the test."""
        made = Navigateur(
            self.app, self.simulateurs, self.hote(label), host_base=HOTE_BASE, verifier=verifier
        )
        self._navigateurs.append(made)
        return made

    async def ouvrir_session(
        self,
        label: str,
        *,
        usager: tuple[UUID, UUID] | None = None,
        agent: UUID | None = None,
        navigateur: Navigateur | None = None,
    ) -> str:
        """A session without the journey of a sign-in: `usager` is (account, identity). Returns the cookie's value.

        Given to `navigateur`, that browser is signed in on the host.
        """
        genre = {"essais": "agents"}.get(
            label, label if label in ("mon", "agents", "opsn") else "collectivite"
        )
        async with self.noyau.db.session() as session:
            token = await create_session(
                session,
                hote=self.hote(label),
                genre=genre,
                now=self.noyau.clock.now(),
                appareil="Firefox, Linux",
                usager_id=usager[0] if usager else None,
                identite_id=usager[1] if usager else None,
                agent_id=agent,
            )
        if navigateur is not None:
            navigateur.set_cookie("kumun", token, self.hote(label))
        return token

    @asynccontextmanager
    async def contexte(
        self, label: str, *, session: str = "", temoin: str = "", path: str = "/"
    ) -> AsyncIterator[Contexte]:
        """What an endpoint of that host is given for such a visitor: services can be called with it."""
        cookies = {"__Host-kumun": session, "__Host-kumun-temoin": temoin or new_token()}
        header = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
        hote = await self.noyau.hosts.resolve(self.hote(label))
        genre = hote.genre if hote else "base"
        request = Request(
            {
                "type": "http",
                "method": "POST",
                "path": path,
                "query_string": b"",
                "headers": [(b"cookie", header.encode()), (b"host", self.hote(label).encode())],
                "app": self.app.applications[genre],
                "state": {"hote": hote, "requete": str(uuid7())},
            }
        )
        async with open_contexte(visite(request)) as ctx:
            yield ctx

    async def start(self) -> None:
        """Begins what a web process runs beside requests, and waits until it hears of changes."""
        await self.noyau.start()
        for _ in range(500):
            if self.noyau.hosts.listening:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("the host registry does not listen")

    async def stop(self) -> None:
        """Shuts the browsers and gives everything back."""
        for navigateur in self._navigateurs:
            await navigateur.close()
        await self.noyau.oidc.close()
        await self.noyau.stop()


@asynccontextmanager
async def open_portail(
    base: BaseEssai, cles: Path, courriels: Path, **reglages: Any
) -> AsyncIterator[Portail]:
    """A portal of its own on the database of the tests; sign-ins go to the real simulators, in process."""
    clock = FixedClock(LUNDI)
    simulateurs = create_simulateurs(
        base_url=SIMULATEURS,
        clients_file=base.var / "simulateurs" / "clients-demo.json",
        state_folder=cles,
        clock=clock,
    )
    oidc = Oidc(clock, transport=httpx.ASGITransport(simulateurs))
    noyau = make_essai_noyau(make_settings(base, **reglages), courriels, clock, oidc)
    portail = Portail(noyau, base, simulateurs, courriels)
    await portail.start()
    try:
        yield portail
    finally:
        await portail.stop()
