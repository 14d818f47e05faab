"""Owners' wrapped keys in a store of their own: destroying one makes all it protected unreadable.

Keys have their own short-lived backups; each destruction is first written to a list that only grows, which
is kept apart from those backups and replayed after any restore. A key on the list is never handed out
again.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

import anyio
import anyio.to_thread

from app.socle.clock import Clock
from app.socle.crypto.errors import KeyUnavailableError
from app.socle.fichiers import fsync_folder, make_private_folder, write_new

_KIND = re.compile(r"[a-z]{1,32}")
_LINE = re.compile(r"(?P<key>[0-9a-f-]{36}) (?P<owner>[a-z]+/[0-9a-f-]{36}) \S+")
_MARK = b"KMNK\x01"


@dataclass(frozen=True)
class KeyOwner:
    """Whose key it is: a kind (`collectivite`, later `coffre`) and the owner's id."""

    kind: str
    id: UUID

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError("the kind of an owner is a lowercase word")

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True)
class StoredKey:
    """An owner's key as stored: the id that objects' headers carry, the bytes wrapped by the root key."""

    key_id: UUID
    wrapped: bytes


class KeyStore(Protocol):
    """Where owners' wrapped keys live. Each owner has at most one key at a time."""

    async def get(self, owner: KeyOwner) -> StoredKey | None:
        """The owner's key, or None if there is none or it was destroyed."""
        ...

    async def create(self, owner: KeyOwner, key: StoredKey) -> StoredKey:
        """Keep `key` durably unless the owner has one; returns the one kept, the same to everybody."""
        ...

    async def replace(self, owner: KeyOwner, key: StoredKey) -> None:
        """Put a new wrapping of the same key (same id) in place; refuses a key that is not the owner's."""
        ...

    async def destroy(self, owner: KeyOwner) -> UUID | None:
        """Destroy the owner's key for good, durably before returning; its id, None if there was none."""
        ...

    async def owners(self) -> list[KeyOwner]:
        """Every owner that has a key."""
        ...


class FolderKeyStore:
    """Keys as files under `root/actives`, destructions in `root/destroyed.log`; safe among several processes.

    A backup copies `actives` and keeps its copies a short time; `destroyed.log` is copied apart and never
    goes back.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock
        self._active = root / "actives"
        self._log = root / "destroyed.log"
        self._destroyed: set[UUID] = set()
        self._log_seen: tuple[int, int] | None = None
        self._limiter = anyio.CapacityLimiter(4)
        make_private_folder(self._active)

    async def get(self, owner: KeyOwner) -> StoredKey | None:
        """The owner's key, or None if there is none or it was destroyed, even if its file is back."""
        return await anyio.to_thread.run_sync(self._get, owner, limiter=self._limiter)

    async def create(self, owner: KeyOwner, key: StoredKey) -> StoredKey:
        """Keep `key` durably unless the owner has one; returns the one kept, the same to everybody."""
        return await anyio.to_thread.run_sync(self._create, owner, key, limiter=self._limiter)

    async def replace(self, owner: KeyOwner, key: StoredKey) -> None:
        """Put a new wrapping of the same key (same id) in place; refuses a key that is not the owner's."""
        await anyio.to_thread.run_sync(self._replace, owner, key, limiter=self._limiter)

    async def destroy(self, owner: KeyOwner) -> UUID | None:
        """List the key as destroyed, then remove it, both durably; its id, None if there was none."""
        return await anyio.to_thread.run_sync(self._destroy, owner, limiter=self._limiter)

    async def owners(self) -> list[KeyOwner]:
        """Every owner that has a key."""
        return await anyio.to_thread.run_sync(self._owners, limiter=self._limiter)

    async def restore(self, owner: KeyOwner, key: StoredKey, *, over: bool = False) -> StoredKey:
        """Put back a key of a backup; returns the one that is in place afterwards.

        A key in place stays unless `over`; one that is on the list of destructions is refused
        (KeyUnavailableError).
        """
        return await anyio.to_thread.run_sync(self._restore, owner, key, over, limiter=self._limiter)

    def destructions(self, other_log: Path | None = None) -> dict[UUID, str]:
        """The lines of the list by key id, with those of another copy of it."""
        lines: dict[UUID, str] = {}
        for log in (self._log, other_log):
            if log is not None and log.is_file():
                lines |= dict(_parse(log.read_text()))
        return lines

    def replay_destructions(self, other_log: Path | None = None) -> int:
        """Remove every key that the list names, after a restore; returns how many files were removed.

        `other_log` is another copy of the list, for instance the one kept before the restore: its lines are
        added.
        """
        with self._locked():
            known = self._read_log()
            if other_log is not None:
                lines = {key: line for key, line in _parse(other_log.read_text()) if key not in known}
                self._append(lines.values())
                known |= lines.keys()
            removed = 0
            for path in list(self._active.glob("*/*")):
                if path.suffix == ".cle" and _decode(path.read_bytes()).key_id in known:
                    self._remove(path)
                    removed += 1
            return removed

    def _path(self, owner: KeyOwner) -> Path:
        return self._active / owner.kind / f"{owner.id}.cle"

    def _get(self, owner: KeyOwner) -> StoredKey | None:
        try:
            key = _decode(self._path(owner).read_bytes())
        except FileNotFoundError:
            return None
        return None if key.key_id in self._read_log() else key

    def _create(self, owner: KeyOwner, key: StoredKey) -> StoredKey:
        path = self._path(owner)
        with self._locked():
            known = self._read_log()
            if key.key_id in known:
                raise KeyUnavailableError("this key was destroyed and cannot be kept again")
            make_private_folder(path.parent)
            if path.exists():
                current = _decode(path.read_bytes())
                if current.key_id not in known:
                    return current
                self._remove(path)
            write_new(path, _encode(key))
            return key

    def _restore(self, owner: KeyOwner, key: StoredKey, over: bool) -> StoredKey:
        path = self._path(owner)
        if over:
            with self._locked():
                if key.key_id not in self._read_log():
                    self._remove(path)
        return self._create(owner, key)

    def _replace(self, owner: KeyOwner, key: StoredKey) -> None:
        path = self._path(owner)
        with self._locked():
            current = self._get(owner)
            if current is None or current.key_id != key.key_id:
                raise KeyUnavailableError("the owner has another key, or none")
            temporary = path.with_suffix(".nouvelle")
            temporary.unlink(missing_ok=True)
            write_new(temporary, _encode(key))
            os.replace(temporary, path)
            fsync_folder(path.parent)

    def _destroy(self, owner: KeyOwner) -> UUID | None:
        path = self._path(owner)
        with self._locked():
            try:
                key_id = _decode(path.read_bytes()).key_id
            except FileNotFoundError:
                return None
            if key_id not in self._read_log():
                self._append([f"{key_id} {owner} {self._clock.now().isoformat(timespec='seconds')}"])
            self._remove(path)
            return key_id

    def _owners(self) -> list[KeyOwner]:
        found = [KeyOwner(path.parent.name, UUID(path.stem)) for path in self._active.glob("*/*.cle")]
        return sorted((owner for owner in found if self._get(owner)), key=str)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time among threads and processes; the kernel frees a killed one's lock."""
        descriptor = os.open(self._root / "verrou", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read_log(self) -> set[UUID]:
        try:
            facts = self._log.stat()
        except FileNotFoundError:
            return set()
        seen = (facts.st_mtime_ns, facts.st_size)
        if seen != self._log_seen:
            self._destroyed = {key for key, _ in _parse(self._log.read_text())}
            self._log_seen = seen
        return set(self._destroyed)

    def _append(self, lines: Iterable[str]) -> None:
        """Add lines under the lock; a tail torn by a crash was never acknowledged and is dropped first."""
        new = not self._log.exists()
        descriptor = os.open(self._log, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "r+b") as log:
                whole = log.read()
                log.truncate(log.seek(whole.rfind(b"\n") + 1))
                log.write("".join(f"{line}\n" for line in lines).encode())
                log.flush()
                os.fsync(log.fileno())
        finally:
            self._log_seen = None
        if new:
            fsync_folder(self._root)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except FileNotFoundError:
            return
        fsync_folder(path.parent)


def _parse(text: str) -> Iterator[tuple[UUID, str]]:
    """The complete lines of a list; a line that is not ours stops everything: guessing could revive a key."""
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise KeyUnavailableError("the list of destroyed keys is damaged")
        yield UUID(match["key"]), line


def _encode(key: StoredKey) -> bytes:
    return _MARK + key.key_id.bytes + key.wrapped


def _decode(data: bytes) -> StoredKey:
    if len(data) <= len(_MARK) + 16 or not data.startswith(_MARK):
        raise KeyUnavailableError("a key file is damaged")
    return StoredKey(UUID(bytes=data[len(_MARK) :][:16]), data[len(_MARK) + 16 :])
