"""What the identity module offers to the others."""

from typing import Any, Protocol


class Identification(Protocol):
    """Which ways to sign in a host offers."""

    async def has_franceconnect(self, visit: Any) -> bool:
        """Whether this host offers FranceConnect: its collectivité has keys."""
        ...
