"""Tink's AES-GCM-HKDF streaming format, AES-256, SHA-256, 256 KiB segments, on `cryptography`.

A stream is `[40][salt 32][nonce prefix 7]` then segments; each segment is AES-GCM under a key derived from
the object's key, the salt and the associated data, with nonce = prefix, segment number, last flag. So a
segment that is altered, moved, missing or added, a stream that is cut, even between segments, and other
associated data are refused. Format:
https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming (Tink itself is the oracle in
tests).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.socle.crypto.errors import CiphertextRefusedError

SEGMENT_SIZE = 256 * 1024
KEY_SIZE = 32
TAG_SIZE = 16
PREFIX_SIZE = 7
STREAM_HEADER_SIZE = 1 + KEY_SIZE + PREFIX_SIZE
PLAIN_SEGMENT = SEGMENT_SIZE - TAG_SIZE
# The stream's own header takes its room from the first segment.
FIRST_PLAIN_SEGMENT = PLAIN_SEGMENT - STREAM_HEADER_SIZE
MAX_SEGMENTS = 2**32


class _Cipher:
    """One stream's derived key and nonces."""

    def __init__(self, key: bytes, associated_data: bytes, salt: bytes, prefix: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError("an object's key has 32 bytes")
        derived = HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=salt, info=associated_data).derive(key)
        self._aes = AESGCM(derived)
        self._prefix = prefix

    def _nonce(self, number: int, last: bool) -> bytes:
        if number >= MAX_SEGMENTS:
            raise ValueError("a stream has at most 2^32 segments")
        return self._prefix + struct.pack(">IB", number, last)

    def seal(self, number: int, last: bool, plain: bytes | memoryview) -> bytes:
        return self._aes.encrypt(self._nonce(number, last), plain, None)

    def open(self, number: int, last: bool, sealed: bytes | memoryview) -> bytes:
        try:
            return self._aes.decrypt(self._nonce(number, last), sealed, None)
        except InvalidTag:
            raise CiphertextRefusedError(f"segment {number} is not authentic") from None


class StreamEncryptor:
    """Encrypts one stream: feed `update`, then call `finish` once; write all they return, in order."""

    def __init__(self, key: bytes, associated_data: bytes) -> None:
        salt, prefix = os.urandom(KEY_SIZE), os.urandom(PREFIX_SIZE)
        self._cipher = _Cipher(key, associated_data, salt, prefix)
        self._header = bytes([STREAM_HEADER_SIZE]) + salt + prefix
        self._pending = bytearray()
        self._number = 0

    def update(self, plain: bytes | bytearray | memoryview) -> Iterator[bytes]:
        """The complete segments but one, kept back: only the end tells which one is the last."""
        self._pending += plain
        start = 0
        while len(self._pending) - start > (
            room := FIRST_PLAIN_SEGMENT if self._number == 0 else PLAIN_SEGMENT
        ):
            yield self._segment(bytes(self._pending[start : start + room]), last=False)
            start += room
        del self._pending[:start]

    def finish(self) -> bytes:
        """The last segment (an empty stream has one too); the encryptor is spent afterwards."""
        segment = self._segment(bytes(self._pending), last=True)
        self._pending.clear()
        self._number = MAX_SEGMENTS
        return segment

    def _segment(self, plain: bytes, *, last: bool) -> bytes:
        sealed = self._cipher.seal(self._number, last, plain)
        head = self._header if self._number == 0 else b""
        self._number += 1
        return head + sealed


@dataclass(frozen=True)
class SegmentSpan:
    """Which ciphertext bytes hold a plaintext range, and where the range starts in their plaintext."""

    first: int
    last: int
    start: int
    end: int
    skip: int


def plain_size(cipher_size: int) -> int:
    """Bytes of plaintext in a stream of `cipher_size` bytes; refuses a size that no stream has."""
    body = cipher_size - STREAM_HEADER_SIZE
    if body < TAG_SIZE:
        raise CiphertextRefusedError("the stream is cut before its end")
    segments = (cipher_size + SEGMENT_SIZE - 1) // SEGMENT_SIZE
    size = body - segments * TAG_SIZE
    # A last segment shorter than its own tag is the mark of a cut; nobody writes one that is empty.
    if segments > 1 and cipher_size - (segments - 1) * SEGMENT_SIZE <= TAG_SIZE:
        raise CiphertextRefusedError("the stream is cut in its last segment")
    return size


def span_of(start: int, end: int, cipher_size: int) -> SegmentSpan:
    """Where to read plaintext bytes `start` to `end` (excluded), both within the stream.

    An empty range designates the last segment, so that whoever decrypts it also proves that the stream ends
    there.
    """
    size = plain_size(cipher_size)
    if not 0 <= start <= end <= size:
        raise ValueError("range outside the stream")
    if start == end:
        start = end = size
    first, last = _segment_at(min(start, max(size - 1, 0))), _segment_at(max(end - 1, 0))
    return SegmentSpan(
        first=first,
        last=last,
        start=first * SEGMENT_SIZE if first else STREAM_HEADER_SIZE,
        end=min((last + 1) * SEGMENT_SIZE, cipher_size),
        skip=start - (FIRST_PLAIN_SEGMENT + (first - 1) * PLAIN_SEGMENT if first else 0),
    )


def _segment_at(offset: int) -> int:
    return 0 if offset < FIRST_PLAIN_SEGMENT else 1 + (offset - FIRST_PLAIN_SEGMENT) // PLAIN_SEGMENT


class StreamDecryptor:
    """Decrypts segments `first` to `last` (included; None = the end) of a stream of `cipher_size` bytes.

    The size tells which segment is the stream's last, hence the flag it must carry. Nothing unauthenticated
    is ever returned.
    """

    def __init__(
        self,
        key: bytes,
        associated_data: bytes,
        header: bytes,
        cipher_size: int,
        *,
        first: int = 0,
        last: int | None = None,
    ) -> None:
        if len(header) != STREAM_HEADER_SIZE or header[0] != STREAM_HEADER_SIZE:
            raise CiphertextRefusedError("this is not a stream of ours")
        plain_size(cipher_size)
        self._cipher = _Cipher(key, associated_data, header[1 : 1 + KEY_SIZE], header[1 + KEY_SIZE :])
        self._cipher_size = cipher_size
        self._final = (cipher_size - 1) // SEGMENT_SIZE
        self._last = self._final if last is None else last
        self._pending = bytearray()
        self._number = first

    def update(self, sealed: bytes | bytearray | memoryview) -> Iterator[bytes]:
        """The plaintext of each segment that is now complete; refuses bytes after the last one."""
        self._pending += sealed
        start = 0
        while self._number <= self._last and len(self._pending) - start >= (size := self._expected()):
            piece = bytes(self._pending[start : start + size])
            start += size
            number, self._number = self._number, self._number + 1
            yield self._cipher.open(number, number == self._final, piece)
        del self._pending[:start]
        if self._number > self._last and self._pending:
            raise CiphertextRefusedError("bytes follow the last segment")

    def finish(self) -> None:
        """Refuses what was fed unless the last segment asked for was decrypted."""
        if self._number <= self._last:
            raise CiphertextRefusedError("the stream is cut before its last segment")

    def _expected(self) -> int:
        """Bytes of the next segment, its tag included."""
        end = min((self._number + 1) * SEGMENT_SIZE, self._cipher_size)
        return end - max(self._number * SEGMENT_SIZE, STREAM_HEADER_SIZE)
