"""What every store of objects promises; `tests/socle/objets/test_contrat.py` holds them to it.

Kept to what every S3 server has (no object lock, tags, server-side encryption): objects are opaque, have a
uuid for name, are written once, whole or not at all, and durable when `put` returns.
"""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol
from uuid import UUID


class StoredObject(Protocol):
    """An object being read: its whole size in bytes, and the bytes asked for, in order, once.

    Call `aclose` when done, read to the end or not; it gives back the file or the connection.
    """

    size: int

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes asked for, in chunks of the store's own size; StoreUnavailableError if it breaks off."""
        ...

    async def aclose(self) -> None:
        """Release what the reading holds; may be called again."""
        ...


class ObjectStore(Protocol):
    """A store of opaque bytes under uuid keys. Each call may raise StoreUnavailableError."""

    async def put(self, key: UUID, chunks: AsyncIterable[bytes]) -> int:
        """Store a new object durably and return its size; ObjectExistsError if the key is taken.

        If the source or the store fails, or the task is cancelled, nothing of it stays under the key.
        """
        ...

    async def get(self, key: UUID, start: int = 0, end: int | None = None) -> StoredObject:
        """Open bytes `start` to `end` (excluded; None = to the end); ObjectMissingError if there is none.

        A range that goes past the end is cut to it.
        """
        ...

    async def size(self, key: UUID) -> int:
        """Size in bytes; ObjectMissingError if there is none."""
        ...

    async def delete(self, key: UUID) -> None:
        """Remove the object; nothing happens if there is none."""
        ...

    def keys(self, prefix: str = "") -> AsyncIterator[UUID]:
        """Keys whose text starts with `prefix`, in no set order (maintenance: checks, orphans)."""
        ...

    async def purge_unfinished(self, before: datetime) -> int:
        """Remove what puts killed before that instant left behind (never an object); returns how many."""
        ...

    async def check(self) -> None:
        """Return if the store can be reached and used with our credentials, within seconds.

        BucketMissingError when it answers but was never made (`prepare`).
        """
        ...

    async def prepare(self) -> bool:
        """Make what holds the objects (a bucket, a folder) if it is missing; whether it was."""
        ...
