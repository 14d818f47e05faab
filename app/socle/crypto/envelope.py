"""Our header in front of each encrypted object: version, algorithms, key id, the object's wrapped key.

`KMNO | version | content algorithm | wrapping algorithm | key id (16) | length (2) | wrapped key`. The
object's key is wrapped under its owner's key with the header's other fields and the object id as associated
data, so a header neither moves to another object nor has its algorithms changed. A rotation rewraps the
header alone.
"""

import os
import struct
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.socle.crypto.errors import CiphertextRefusedError
from app.socle.crypto.stream import KEY_SIZE, TAG_SIZE

MAGIC = b"KMNO"
VERSION = 1
# Registers of algorithms. A number is never given a second meaning; a new algorithm takes the next one.
CONTENT_AES256_GCM_HKDF_256K = 1
WRAP_AES256_GCM = 1
_NONCE_SIZE = 12
_FIXED = struct.Struct(">4sBBB16sH")
_WRAPPED_SIZE = _NONCE_SIZE + KEY_SIZE + TAG_SIZE
HEADER_SIZE = _FIXED.size + _WRAPPED_SIZE


@dataclass(frozen=True)
class Header:
    """A header as read, not yet proven: only unwrapping its key proves it."""

    key_id: UUID
    prefix: bytes
    wrapped: bytes

    @classmethod
    def parse(cls, data: bytes) -> "Header":
        """The header at the start of `data`; refuses foreign, plaintext, cut or unknown-version bytes."""
        if len(data) < HEADER_SIZE:
            raise CiphertextRefusedError("the object is shorter than a header")
        magic, version, content, wrap, key_id, size = _FIXED.unpack_from(data)
        if magic != MAGIC:
            raise CiphertextRefusedError("the object does not carry our mark")
        if (version, content, wrap) != (VERSION, CONTENT_AES256_GCM_HKDF_256K, WRAP_AES256_GCM):
            raise CiphertextRefusedError(f"unknown version or algorithm: {version}, {content}, {wrap}")
        if size != _WRAPPED_SIZE:
            raise CiphertextRefusedError("the wrapped key has an impossible length")
        return cls(UUID(bytes=key_id), data[: _FIXED.size], data[_FIXED.size : HEADER_SIZE])


def associated_data(object_id: UUID) -> bytes:
    """What binds a stream to its object; it survives a rotation, so it holds nothing of the header."""
    return b"kumun/objet/1/" + object_id.bytes


def new_object_key() -> bytes:
    """A fresh 256-bit key for one object."""
    return os.urandom(KEY_SIZE)


def seal_header(object_id: UUID, key_id: UUID, kek: bytes, object_key: bytes) -> bytes:
    """The header that opens `object_key` to the holder of the owner's key `key_id`."""
    prefix = _FIXED.pack(
        MAGIC, VERSION, CONTENT_AES256_GCM_HKDF_256K, WRAP_AES256_GCM, key_id.bytes, _WRAPPED_SIZE
    )
    nonce = os.urandom(_NONCE_SIZE)
    return prefix + nonce + AESGCM(kek).encrypt(nonce, object_key, prefix + object_id.bytes)


def open_header(header: Header, object_id: UUID, key_id: UUID, kek: bytes) -> bytes:
    """The object's key; refuses a header of another owner, another object, or altered."""
    if header.key_id != key_id:
        raise CiphertextRefusedError("the object was encrypted for another owner")
    nonce, sealed = header.wrapped[:_NONCE_SIZE], header.wrapped[_NONCE_SIZE:]
    try:
        return AESGCM(kek).decrypt(nonce, sealed, header.prefix + object_id.bytes)
    except InvalidTag:
        raise CiphertextRefusedError("the object's header is not authentic") from None


def rewrap_header(data: bytes, object_id: UUID, old: tuple[UUID, bytes], new: tuple[UUID, bytes]) -> bytes:
    """The header under a new owner's key `(key id, key)`: same length, and the stream is kept."""
    return seal_header(object_id, *new, open_header(Header.parse(data), object_id, *old))
