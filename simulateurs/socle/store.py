"""Short-lived things in memory: codes, tokens, pending sign-ins, sessions. A restart forgets them."""

import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from simulateurs.socle.clock import Clock

T = TypeVar("T")
CAPACITY = 20_000


class ExpiringStore(Generic[T]):
    """Values under random keys, each readable until its end; the oldest go first when the store is full."""

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._entries: OrderedDict[str, tuple[datetime, T]] = OrderedDict()

    def add(self, value: T) -> str:
        """Keep `value` for the store's lifetime and return its unguessable key."""
        key = secrets.token_urlsafe(32)
        self.put(key, value)
        return key

    def put(self, key: str, value: T) -> None:
        """Keep `value` under a key of the caller's, for the store's lifetime."""
        while len(self._entries) >= CAPACITY:
            self._entries.popitem(last=False)
        self._entries[key] = (self._clock.now() + self._lifetime, value)

    def get(self, key: str) -> T | None:
        """The value, or None when the key is unknown or its time is over."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock.now():
            del self._entries[key]
            return None
        return entry[1]

    def pop(self, key: str) -> T | None:
        """Like `get`, and the key is used up."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def replace(self, key: str, value: T) -> None:
        """Put `value` in the place of a live entry without moving its end; nothing happens if it is gone."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries[key] = (entry[0], value)

    def extend(self, key: str) -> None:
        """Give a live entry a whole lifetime again, from now (a sliding session)."""
        value = self.get(key)
        if value is not None:
            self._entries[key] = (self._clock.now() + self._lifetime, value)

    def __len__(self) -> int:
        return len(self._entries)
