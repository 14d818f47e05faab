"""Objects in and out of a backup: write-once and encrypted, so each is copied once and shared by every backup.

The list of a backup has a line per object: its id and, when its bytes were copied, their size and SHA-256.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import anyio.to_thread

from app.socle.fichiers import fsync_folder, make_private_folder
from app.socle.sauvegarde.manifeste import Avancement, SauvegardeError, digest
from app.socle.storage import ObjectMissingError, ObjectStore
from app.socle.storage.folder import FolderStore

STEP = "Documents"
EVERY = 50


@dataclass(frozen=True)
class Objet:
    """A line of the list; without size and SHA-256 when only its presence was noted."""

    id: UUID
    taille: int | None = None
    sha256: str = ""

    def __str__(self) -> str:
        return f"{self.id}" if self.taille is None else f"{self.id} {self.taille} {self.sha256}"


def read_list(path: Path) -> dict[UUID, Objet]:
    """The objects of a list, by id."""
    found = {}
    for line in path.read_text().splitlines():
        words = line.split(" ")
        try:
            item = Objet(UUID(words[0]), int(words[1]), words[2]) if len(words) > 1 else Objet(UUID(words[0]))
        except (ValueError, IndexError) as error:
            raise SauvegardeError(f"La liste des documents {path} est abîmée.") from error
        found[item.id] = item
    return found


def write_list(path: Path, items: dict[UUID, Objet]) -> None:
    """Writes a list durably."""
    with path.open("w") as file:
        file.writelines(f"{items[key]}\n" for key in sorted(items))
        file.flush()
        os.fsync(file.fileno())


async def list_all(store: ObjectStore) -> dict[UUID, Objet]:
    """What the store holds, without reading it."""
    return {key: Objet(key) async for key in store.keys("")}


async def copy_new(
    store: ObjectStore, target: FolderStore, known: dict[UUID, Objet], avancement: Avancement
) -> dict[UUID, Objet]:
    """Copies what `target` lacks, and describes all of it; `known` spares hashing what former backups have.

    From a folder of the same disk an object is linked, not copied: it is never written again.
    """
    keys = [key async for key in store.keys("")]
    found: dict[UUID, Objet] = {}
    for number, key in enumerate(keys, 1):
        with suppress(ObjectMissingError):  # destroyed since it was listed
            found[key] = await _copy(store, target, key, known.get(key))
        if number % EVERY == 0 or number == len(keys):
            avancement(STEP, number, len(keys))
    return found


async def _copy(store: ObjectStore, target: FolderStore, key: UUID, known: Objet | None) -> Objet:
    path = target.path_of(key)
    if known and known.taille is not None and path.is_file() and path.stat().st_size == known.taille:
        return known
    if not path.is_file() and not await _link(store, key, path):
        stored = await store.get(key)
        async with aclosing(stored):
            await target.put(key, stored)
    return Objet(key, path.stat().st_size, await anyio.to_thread.run_sync(digest, path))


async def _link(store: ObjectStore, key: UUID, path: Path) -> bool:
    if not isinstance(store, FolderStore):
        return False
    source = store.path_of(key)

    def link() -> bool:
        make_private_folder(path.parent)
        try:
            os.link(source, path)
        except FileNotFoundError:
            raise ObjectMissingError(str(key)) from None
        except OSError:
            return False  # another disk, or one without links
        fsync_folder(path.parent)
        return True

    return await anyio.to_thread.run_sync(link)


async def put_back(
    source: FolderStore, store: ObjectStore, items: dict[UUID, Objet], avancement: Avancement
) -> list[str]:
    """Puts every object of a list in the store unless it is there; one sentence for each that cannot be."""
    present = {key async for key in store.keys("")}
    faults = []
    for number, item in enumerate(items.values(), 1):
        if item.id not in present and (fault := await _put_back(source, store, item)):
            faults.append(fault)
        if number % EVERY == 0 or number == len(items):
            avancement(STEP, number, len(items))
    return faults


async def _put_back(source: FolderStore, store: ObjectStore, item: Objet) -> str:
    if item.taille is None:
        return f"Le document {item.id} n’est plus dans le stockage, et cette sauvegarde n’en a pas de copie."
    try:
        await store.put(item.id, _checked(source, item))
    except ObjectMissingError:
        return f"Le document {item.id} manque dans la sauvegarde."
    except _AlteredError:
        return f"Le document {item.id} est abîmé dans la sauvegarde : il n’a pas été restauré."
    return ""


class _AlteredError(Exception):
    """The copy is not what its line says; raised before the store has taken it."""


async def _checked(source: FolderStore, item: Objet) -> AsyncIterator[bytes]:
    stored = await source.get(item.id)
    seen = hashlib.sha256()
    async with aclosing(stored):
        async for chunk in stored:
            seen.update(chunk)
            yield chunk
    if seen.hexdigest() != item.sha256:
        raise _AlteredError


async def drop_unlisted(target: FolderStore, listed: set[UUID]) -> int:
    """Removes copies that no backup kept lists any more; returns how many."""
    dropped = [key async for key in target.keys("") if key not in listed]
    for key in dropped:
        await target.delete(key)
    return len(dropped)
