"""Time as a dependency: nothing in the application asks the operating system what time it is but this file."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that tells the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place where it is asked


class FixedClock:
    """A clock that stands still until it is moved, for tests and rehearsals."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self.instant = instant

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self.instant
