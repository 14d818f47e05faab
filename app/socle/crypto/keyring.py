"""Owners' keys ready for use: made at first need, unwrapped by the root key, kept in memory for a short time.

The cache is bounded in time and number, so that a key destroyed by another process is forgotten here soon
after.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.socle.crypto.errors import KeyDestroyedError, KeyUnavailableError
from app.socle.crypto.keystore import KeyOwner, KeyStore, StoredKey
from app.socle.crypto.rootkey import RootKey

CACHE_SECONDS = 60.0
CACHE_KEYS = 2000


@dataclass(frozen=True)
class Kek:
    """An owner's key in clear, with its id. `key` wraps objects' keys; it is never written anywhere."""

    key_id: UUID
    key: bytes = field(repr=False)

    def seal_key(self) -> bytes:
        """A key derived for seals of content, so that the same file of two owners shows no likeness."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kumun/empreinte/1").derive(self.key)


class Keyring:
    """Gives owners' keys; `cache_seconds` bounds the use of a key that another process destroyed."""

    def __init__(
        self,
        root: RootKey,
        store: KeyStore,
        *,
        cache_seconds: float = CACHE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root, self._store = root, store
        self._seconds, self._monotonic = cache_seconds, monotonic
        self._cache: dict[KeyOwner, tuple[float, Kek]] = {}

    async def existing(self, owner: KeyOwner) -> Kek:
        """The owner's key; KeyDestroyedError if none, KeyUnavailableError if it cannot be unwrapped."""
        if cached := self._cached(owner):
            return cached
        stored = await self._store.get(owner)
        if stored is None:
            raise KeyDestroyedError(f"no key for {owner}")
        return await self._unwrap(owner, stored)

    async def existing_or_new(self, owner: KeyOwner) -> Kek:
        """The owner's key, made now if there is none; concurrent first uses get the same one."""
        if cached := self._cached(owner):
            return cached
        stored = await self._store.get(owner)
        if stored is None:
            key_id = uuid4()
            wrapped = await self._root.wrap(os.urandom(32), _context(owner, key_id))
            stored = await self._store.create(owner, StoredKey(key_id, wrapped))
        return await self._unwrap(owner, stored)

    async def destroy(self, owner: KeyOwner) -> UUID | None:
        """Destroy the owner's key for good; the id destroyed, None if there was none."""
        self._cache.pop(owner, None)
        try:
            return await self._store.destroy(owner)
        finally:
            # A read that was under way may have put it back.
            self._cache.pop(owner, None)

    async def rewrap_all(self, new_root: RootKey) -> int:
        """Wrap every owner's key under `new_root` (rotation of the root), data untouched; returns how many.

        May be run again after an interruption: a key that is already under `new_root` is left as it is.
        """
        done = 0
        for owner in await self._store.owners():
            stored = await self._store.get(owner)
            if stored is None or await opens(new_root, owner, stored):
                continue
            kek = await self._root.unwrap(stored.wrapped, _context(owner, stored.key_id))
            wrapped = await new_root.wrap(kek, _context(owner, stored.key_id))
            await self._store.replace(owner, StoredKey(stored.key_id, wrapped))
            done += 1
        return done

    def _cached(self, owner: KeyOwner) -> Kek | None:
        found = self._cache.get(owner)
        if found is None:
            return None
        expires, kek = found
        if expires > self._monotonic():
            return kek
        del self._cache[owner]
        return None

    async def _unwrap(self, owner: KeyOwner, stored: StoredKey) -> Kek:
        kek = Kek(stored.key_id, await self._root.unwrap(stored.wrapped, _context(owner, stored.key_id)))
        while len(self._cache) >= CACHE_KEYS:
            del self._cache[next(iter(self._cache))]
        self._cache[owner] = (self._monotonic() + self._seconds, kek)
        return kek


def _context(owner: KeyOwner, key_id: UUID) -> dict[str, str]:
    return {"proprietaire": str(owner), "cle": str(key_id)}


async def opens(root: RootKey, owner: KeyOwner, stored: StoredKey) -> bool:
    """Whether this root key opens that owner's key."""
    try:
        await root.unwrap(stored.wrapped, _context(owner, stored.key_id))
    except KeyUnavailableError:
        return False
    return True
