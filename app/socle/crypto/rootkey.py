"""The root key behind a port: it wraps owners' keys and never leaves its provider.

`LocalRootKey` derives it from `KUMUN_MASTER_KEY`. A key service (KMS, HSM) is another class with the same two
calls; the context it authenticates is what such services call an encryption context.
"""

import json
import os
from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.socle.crypto.errors import KeyUnavailableError

MIN_MASTER_KEY = 32
_VERSION = 1
_ID_SIZE = 8
_NONCE_SIZE = 12


class RootKey(Protocol):
    """What protects owners' keys; both calls may cross a network."""

    async def wrap(self, key: bytes, context: Mapping[str, str]) -> bytes:
        """`key` sealed so that only this root key, given the same context, opens it."""
        ...

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key; raises KeyUnavailableError for another root key, another context or damaged bytes."""
        ...


class LocalRootKey:
    """A root key held in the process, derived by HKDF-SHA256 from the master key of the settings."""

    def __init__(self, master_key: str) -> None:
        if len(master_key) < MIN_MASTER_KEY:
            raise ValueError(
                f"KUMUN_MASTER_KEY must have at least {MIN_MASTER_KEY} characters, drawn at random"
            )
        secret = master_key.encode()
        self._aes = AESGCM(_derive(secret, b"kumun/cle-racine/1", 32))
        # Tells a wrong master key from a damaged file without saying anything of the key.
        self._id = _derive(secret, b"kumun/cle-racine/identifiant/1", _ID_SIZE)

    async def wrap(self, key: bytes, context: Mapping[str, str]) -> bytes:
        """`key` sealed under this root key: `[version][root key id][nonce][AES-GCM]`."""
        nonce = os.urandom(_NONCE_SIZE)
        return bytes([_VERSION]) + self._id + nonce + self._aes.encrypt(nonce, key, _encode(context))

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key; raises KeyUnavailableError for another root key, another context or damaged bytes."""
        if not wrapped or wrapped[0] != _VERSION:
            raise KeyUnavailableError("a wrapped key has an unknown version")
        if wrapped[1 : 1 + _ID_SIZE] != self._id:
            raise KeyUnavailableError("KUMUN_MASTER_KEY is not the one that wrapped this key")
        nonce, sealed = wrapped[1 + _ID_SIZE :][:_NONCE_SIZE], wrapped[1 + _ID_SIZE + _NONCE_SIZE :]
        try:
            return self._aes.decrypt(nonce, sealed, _encode(context))
        except (InvalidTag, ValueError):
            raise KeyUnavailableError("a wrapped key is damaged, or was moved to another owner") from None


class SuccessiveRootKeys:
    """The present root key and the one before it, for the time of a rotation: the first seals, either opens."""

    def __init__(self, present: RootKey, former: RootKey) -> None:
        self._present, self._former = present, former

    async def wrap(self, key: bytes, context: Mapping[str, str]) -> bytes:
        """`key` sealed under the present root key."""
        return await self._present.wrap(key, context)

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key, whichever of the two sealed it; KeyUnavailableError when neither did."""
        try:
            return await self._present.unwrap(wrapped, context)
        except KeyUnavailableError:
            return await self._former.unwrap(wrapped, context)


def _derive(secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)


def _encode(context: Mapping[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True, separators=(",", ":")).encode()
