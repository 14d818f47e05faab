"""What the tests of objects share: one asynchronous backend, a store of keys, owners."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from app.socle.clock import FixedClock
from app.socle.crypto import FolderKeyStore, KeyOwner, Keyring, LocalRootKey

MASTER_KEY = "m" * 48


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


@pytest.fixture
def key_store(tmp_path: Path, clock: FixedClock) -> FolderKeyStore:
    return FolderKeyStore(tmp_path / "cles", clock)


@pytest.fixture
def keyring(key_store: FolderKeyStore) -> Keyring:
    return Keyring(LocalRootKey(MASTER_KEY), key_store)


@pytest.fixture
def guingamp() -> KeyOwner:
    return KeyOwner("collectivite", uuid4())


@pytest.fixture
def in_pieces() -> Callable[[bytes, int], AsyncIterator[bytes]]:
    async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    return pieces
