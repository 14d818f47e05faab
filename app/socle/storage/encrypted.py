"""Objects encrypted in the stream: the plaintext never touches a disk, and the store never sees it.

Each object has its own key, wrapped under its owner's key in the header before the stream
(`app.socle.crypto`). Destroying the owner's key makes all its objects unreadable at once, in every copy and
backup.
"""

import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.socle.crypto import (
    HEADER_SIZE,
    CiphertextRefusedError,
    Header,
    Kek,
    KeyDestroyedError,
    KeyOwner,
    Keyring,
    KeyUnavailableError,
    StreamDecryptor,
    StreamEncryptor,
    open_header,
    seal_header,
)
from app.socle.crypto.envelope import associated_data, new_object_key
from app.socle.crypto.stream import SEGMENT_SIZE, STREAM_HEADER_SIZE, SegmentSpan, plain_size, span_of
from app.socle.storage.errors import ObjectAlteredError, ObjectDestroyedError, StoreUnavailableError
from app.socle.storage.port import ObjectStore, StoredObject

# An owner of nothing, whose key tells a wrong master key before anybody's document does.
WITNESS = KeyOwner("installation", UUID(int=0))
_HEADERS_SIZE = HEADER_SIZE + STREAM_HEADER_SIZE


@dataclass(frozen=True)
class ObjetDepose:
    """What was stored. Sizes are in bytes.

    `sha256_chiffre` lets the store be audited without keys. `empreinte` seals the content under the owner's
    key: keep this one. `sha256_clair` is for the depositor's receipt; kept bare, it would tell who has the
    same file.
    """

    object_id: UUID
    size: int
    stored_size: int
    sha256_chiffre: bytes
    empreinte: bytes
    sha256_clair: bytes = field(repr=False)


class ObjetLu:
    """Plaintext being read: the object's whole `size`, bytes `start` to `end` (excluded). Iterate once.

    What can be refused at once was refused before this exists, its first segment included; an alteration
    further on raises ObjectAlteredError in the iteration, and nothing unauthenticated is ever given.
    """

    def __init__(self, size: int, start: int, end: int, chunks: AsyncGenerator[bytes]) -> None:
        self.size, self.start, self.end = size, start, end
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def read(self) -> bytes:
        """All of it in memory, for objects known to be small."""
        return b"".join([chunk async for chunk in self])

    async def aclose(self) -> None:
        """Give back what the reading holds, when it is not read to the end."""
        await self._chunks.aclose()


class EncryptedObjects:
    """Deposits, reads and destroys objects of an owner. Ids are uuids that the caller draws."""

    def __init__(self, store: ObjectStore, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring

    async def deposer(
        self, owner: KeyOwner, object_id: UUID, stream: AsyncIterable[bytes] | bytes
    ) -> ObjetDepose:
        """Encrypt the stream, or bytes held already, into a new object, durable on return.

        Refuses an id that is taken (ObjectExistsError). If the source fails, nothing stays.
        """
        kek = await self._kek(owner, new=True)
        source = _Sealing(object_id, kek, stream)
        stored_size = await self.store.put(object_id, source.chunks())
        clear = source.clear.digest()
        return ObjetDepose(
            object_id, source.size, stored_size, source.sealed.digest(), _seal(kek, clear), clear
        )

    async def lire(self, owner: KeyOwner, object_id: UUID, start: int = 0, end: int | None = None) -> ObjetLu:
        """Open plaintext bytes `start` to `end` (excluded; None = to the end), cut to the object's size.

        Refuses: no such object, another owner's, altered or cut (ObjectAlteredError), key destroyed
        (ObjectDestroyedError). A range reads and decrypts its own segments only.
        """
        kek = await self._kek(owner, new=False)
        whole = start == 0 and end is None
        stored = await self.store.get(object_id, 0, None if whole else _HEADERS_SIZE)
        try:
            opened = await _Opened.read(stored, object_id, kek)
            size = plain_size(opened.stream_size)
            first = max(0, min(start, size))
            last = max(first, min(size if end is None else end, size))
            span, source = span_of(first, last, opened.stream_size), opened.following
            if whole:
                span = replace(span, first=0, skip=0)
            else:
                await stored.aclose()
                stored = await self.store.get(object_id, HEADER_SIZE + span.start, HEADER_SIZE + span.end)
                source = aiter(stored)
            chunks = opened.decrypt(stored, source, span, last - first)
            head = await anext(chunks, b"")
        except CiphertextRefusedError as error:
            await stored.aclose()
            raise ObjectAlteredError(f"{object_id}: {error}") from error
        except BaseException:
            await stored.aclose()
            raise
        return ObjetLu(size, first, last, _with_head(head, chunks, object_id))

    async def detruire(self, object_id: UUID) -> None:
        """Remove the object; nothing happens if it is gone. Backups keep it until the key goes."""
        await self.store.delete(object_id)

    async def detruire_cle(self, owner: KeyOwner) -> UUID | None:
        """Destroy the owner's key, hence all its objects in every copy; its id, for the certificate."""
        return await self.keyring.destroy(owner)

    async def empreinte(self, owner: KeyOwner, sha256_clair: bytes) -> bytes:
        """The seal of a content of that SHA-256, to compare with the one kept at deposit."""
        return _seal(await self._kek(owner, new=False), sha256_clair)

    async def controler(self, owner: KeyOwner, object_id: UUID, empreinte: bytes) -> None:
        """Read the whole object and return if it is what was deposited; ObjectAlteredError otherwise."""
        digest = hashlib.sha256()
        async for chunk in await self.lire(owner, object_id):
            digest.update(chunk)
        if not hmac.compare_digest(await self.empreinte(owner, digest.digest()), empreinte):
            raise ObjectAlteredError(f"{object_id}: the content is not the one deposited")

    async def sha256_chiffre(self, object_id: UUID) -> bytes:
        """SHA-256 of the object as stored, for an audit of the store without any key."""
        stored = await self.store.get(object_id)
        digest = hashlib.sha256()
        async with aclosing(stored):
            async for chunk in stored:
                digest.update(chunk)
        return digest.digest()

    async def check(self) -> None:
        """Return if the store answers and the root key is the one this installation began with."""
        await self._kek(WITNESS, new=True)
        await self.store.check()

    async def _kek(self, owner: KeyOwner, *, new: bool) -> Kek:
        try:
            return await (self.keyring.existing_or_new(owner) if new else self.keyring.existing(owner))
        except KeyDestroyedError as error:
            raise ObjectDestroyedError(str(error)) from error
        except KeyUnavailableError as error:
            raise StoreUnavailableError(str(error)) from error


class _Sealing:
    """The ciphertext of a stream, measured on its way through."""

    def __init__(self, object_id: UUID, kek: Kek, stream: AsyncIterable[bytes] | bytes) -> None:
        self._stream = _single(stream) if isinstance(stream, bytes) else stream
        key = new_object_key()
        self._header = seal_header(object_id, kek.key_id, kek.key, key)
        self._encryptor = StreamEncryptor(key, associated_data(object_id))
        self.size = 0
        self.clear, self.sealed = hashlib.sha256(), hashlib.sha256()

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._seen(self._header)
        async for chunk in self._stream:
            self.size += len(chunk)
            # A whole file may come as one chunk: hashing it at one go would hold up every other request.
            for start in range(0, len(chunk), SEGMENT_SIZE):
                piece = memoryview(chunk)[start : start + SEGMENT_SIZE]
                self.clear.update(piece)
                for segment in self._encryptor.update(piece):
                    yield self._seen(segment)
        yield self._seen(self._encryptor.finish())

    def _seen(self, data: bytes) -> bytes:
        self.sealed.update(data)
        return data


@dataclass(frozen=True)
class _Opened:
    """An object whose header was proven, and the stream that follows its headers in what was read of it."""

    key: bytes = field(repr=False)
    associated: bytes
    stream_header: bytes
    stream_size: int
    following: AsyncIterator[bytes]

    @classmethod
    async def read(cls, stored: StoredObject, object_id: UUID, kek: Kek) -> "_Opened":
        chunks, head = aiter(stored), b""
        while len(head) < _HEADERS_SIZE and (chunk := await anext(chunks, b"")):
            head += chunk
        return cls(
            open_header(Header.parse(head), object_id, kek.key_id, kek.key),
            associated_data(object_id),
            head[HEADER_SIZE:_HEADERS_SIZE],
            stored.size - HEADER_SIZE,
            _chained(head[_HEADERS_SIZE:], chunks),
        )

    async def decrypt(
        self, stored: StoredObject, source: AsyncIterator[bytes], span: SegmentSpan, length: int
    ) -> AsyncGenerator[bytes]:
        """`length` bytes of plaintext of the segments in `source`; gives `stored` back at the end."""
        decryptor = StreamDecryptor(
            self.key,
            self.associated,
            self.stream_header,
            self.stream_size,
            first=span.first,
            last=span.last,
        )
        skip = span.skip
        async with aclosing(stored):
            async for sealed in source:
                for plain in decryptor.update(sealed):
                    piece = plain[skip : skip + length]
                    skip, length = 0, length - len(piece)
                    if piece:
                        yield piece
            decryptor.finish()


async def _single(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _chained(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk


async def _with_head(head: bytes, rest: AsyncGenerator[bytes], object_id: UUID) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        if head:
            yield head
        try:
            async for chunk in rest:
                yield chunk
        except CiphertextRefusedError as error:
            raise ObjectAlteredError(f"{object_id}: {error}") from error


def _seal(kek: Kek, sha256_clair: bytes) -> bytes:
    return hmac.digest(kek.seal_key(), sha256_clair, "sha256")
