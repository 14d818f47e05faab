"""The object store in a folder: the embedded default, for trials and small installations on one machine.

Files are 0600, named by their uuid, spread over 256 sub-folders by its last two digits (the first ones of a
UUIDv7 are a date: every object of a day would fall in one folder).
"""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import UUID, uuid4

import anyio
import anyio.to_thread

from app.socle.fichiers import fsync_folder, make_private_folder
from app.socle.storage.errors import ObjectExistsError, ObjectMissingError, StoreUnavailableError

T = TypeVar("T")
CHUNK = 1024 * 1024
THREADS = 8


class FolderStore:
    """Objects as files under `root`; write-once by hard link, durable by fsync of file and folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "en-cours"
        self._limiter = anyio.CapacityLimiter(THREADS)

    async def put(self, key: UUID, chunks: AsyncIterable[bytes]) -> int:
        """Store a new object durably and return its size; ObjectExistsError if the key is taken."""
        temporary = self._temporary / uuid4().hex
        held = bytearray()
        source = aiter(chunks)
        async for chunk in source:
            held += chunk
            if len(held) >= CHUNK:
                return await self._put_long(temporary, key, held, source)
        await self._run(lambda: self._put_whole(temporary, key, held))
        return len(held)

    def _put_whole(self, temporary: Path, key: UUID, data: bytearray) -> None:
        """A small object, in one call of a thread."""
        try:
            with self._open_new(temporary) as file:
                file.write(data)
                _sync(file)
            self._publish(temporary, key)
        finally:
            temporary.unlink(missing_ok=True)

    async def _put_long(
        self, temporary: Path, key: UUID, held: bytearray, following: AsyncIterable[bytes]
    ) -> int:
        size = len(held)
        try:
            file = await self._run(lambda: self._open_new(temporary))
            try:
                await self._run(partial(file.write, held))
                async for chunk in following:
                    await self._run(partial(file.write, chunk))
                    size += len(chunk)
                await self._run(lambda: _sync(file))
            finally:
                file.close()
            await self._run(lambda: self._publish(temporary, key))
        finally:
            # A cancelled request cleans up too.
            with anyio.CancelScope(shield=True):
                await self._run(lambda: temporary.unlink(missing_ok=True))
        return size

    async def get(self, key: UUID, start: int = 0, end: int | None = None) -> "_FolderObject":
        """Open bytes `start` to `end` (excluded; None = to the end); ObjectMissingError if there is none."""

        def opened() -> tuple[BinaryIO, int]:
            file = self.path_of(key).open("rb")
            file.seek(start)
            return file, os.fstat(file.fileno()).st_size

        file, size = await self._run(opened)
        return _FolderObject(
            file, size, max(0, min(size, size if end is None else end) - start), self._limiter
        )

    async def size(self, key: UUID) -> int:
        """Size in bytes; ObjectMissingError if there is none."""
        return await self._run(lambda: self.path_of(key).stat().st_size)

    async def delete(self, key: UUID) -> None:
        """Remove the object durably; nothing happens if there is none."""

        def remove() -> None:
            path = self.path_of(key)
            try:
                path.unlink()
            except FileNotFoundError:
                return
            fsync_folder(path.parent)

        await self._run(remove)

    async def keys(self, prefix: str = "") -> AsyncIterator[UUID]:
        """Keys whose text starts with `prefix`, in no set order."""
        for number in range(256):
            folder = self._root / f"{number:02x}"
            names = await self._run(partial(_names, folder))
            for name in names:
                if name.startswith(prefix):
                    yield UUID(name)

    async def purge_unfinished(self, before: datetime) -> int:
        """Remove temporary files last written before that instant; returns how many."""

        def purge() -> int:
            old = [path for path in self._temporary.glob("*") if path.stat().st_mtime < before.timestamp()]
            for path in old:
                path.unlink(missing_ok=True)
            return len(old)

        return await self._run(purge)

    async def check(self) -> None:
        """Return if a file can be written and removed there."""

        def try_out() -> None:
            path = self._temporary / f"essai-{uuid4().hex}"
            self._open_new(path).close()
            path.unlink()

        await self._run(try_out)

    async def prepare(self) -> bool:
        """Make the folder if it is missing; whether it was."""
        made = not await self._run(self._root.is_dir)
        await self._run(lambda: make_private_folder(self._root))
        return made

    def path_of(self, key: UUID) -> Path:
        """Where an object is, or would be; never written to again once it is there."""
        return self._root / key.hex[-2:] / str(key)

    def _open_new(self, path: Path) -> BinaryIO:
        make_private_folder(path.parent)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")

    def _publish(self, temporary: Path, key: UUID) -> None:
        path = self.path_of(key)
        make_private_folder(path.parent)
        # A link, unlike a rename, refuses to replace an object.
        os.link(temporary, path)
        fsync_folder(path.parent)

    async def _run(self, call: Callable[[], T]) -> T:
        return await _in_thread(call, self._limiter)


class _FolderObject:
    """A file being read, `length` bytes from where it stands."""

    def __init__(self, file: BinaryIO, size: int, length: int, limiter: anyio.CapacityLimiter) -> None:
        self.size = size
        self._file, self._left, self._limiter = file, length, limiter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._left > 0:
            data = await _in_thread(lambda: self._file.read(min(CHUNK, self._left)), self._limiter)
            if not data:
                raise StoreUnavailableError("the file became shorter while it was read")
            self._left -= len(data)
            yield data

    async def aclose(self) -> None:
        """Close the file."""
        self._file.close()


async def _in_thread(call: Callable[[], T], limiter: anyio.CapacityLimiter) -> T:
    try:
        return await anyio.to_thread.run_sync(call, limiter=limiter)
    except FileNotFoundError as error:
        raise ObjectMissingError(str(error)) from error
    except FileExistsError as error:
        raise ObjectExistsError(str(error)) from error
    except OSError as error:
        raise StoreUnavailableError(str(error)) from error


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
