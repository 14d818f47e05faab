"""Time as a dependency, so that expiry can be tried without waiting."""

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
        return datetime.now(UTC)  # noqa: TID251 - the simulators' own clock; they import nothing of the portal


def timestamp(clock: Clock) -> int:
    """Whole seconds since 1970, as tokens write time."""
    return int(clock.now().timestamp())
