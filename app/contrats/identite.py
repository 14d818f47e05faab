"""What the identity module offers to the others."""

from typing import Protocol

from app.socle.contexte import Visite


class Identification(Protocol):
    """Which ways to sign in a host offers."""

    async def has_franceconnect(self, visit: Visite) -> bool:
        """Whether this host offers FranceConnect: its collectivité has keys."""
        ...
