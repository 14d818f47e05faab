"""News within the process: who waits for something to move in some collectivités is woken when PostgreSQL says so.

One listening connection a process (app/socle/hosts.py) feeds it; whoever waits holds no connection.
"""

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Self
from uuid import UUID

CHANNEL = "kumun_dossier"


class Abonnement:
    """Somebody who waits for news of some collectivités; within `with`, and no longer."""

    def __init__(self, annonces: "Annonces", collectivites: Collection[UUID]) -> None:
        self._annonces = annonces
        self.collectivites = frozenset(str(id_) for id_ in collectivites)
        self._moved = asyncio.Event()
        self.ended = False

    def __enter__(self) -> Self:
        self._annonces.abonnes.add(self)
        self.ended = self._annonces.closed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._annonces.abonnes.discard(self)

    def wake(self) -> None:
        """There is news."""
        self._moved.set()

    async def wait(self, seconds: float) -> bool:
        """Whether there was news (since the last call) before so many seconds had passed."""
        try:
            await asyncio.wait_for(self._moved.wait(), seconds)
        except TimeoutError:
            return False
        self._moved.clear()
        return not self.ended


class Annonces:
    """Hands on what PostgreSQL announces to those who wait."""

    def __init__(self) -> None:
        self.abonnes: set[Abonnement] = set()
        self.closed = False

    def subscribe(self, collectivites: Collection[UUID]) -> Abonnement:
        """To be entered by `with`."""
        return Abonnement(self, collectivites)

    def publish(self, collectivite_id: str = "*") -> None:
        """Something moved there; `*` when we may have missed what."""
        for abonne in self.abonnes:
            if collectivite_id == "*" or collectivite_id in abonne.collectivites:
                abonne.wake()

    def close(self) -> None:
        """The process stops: nobody waits any longer."""
        self.closed = True
        for abonne in self.abonnes:
            abonne.ended = True
            abonne.wake()
