"""Owners' keys in and out of a backup: a file of their own, kept a short time, and the list of destructions for ever.

A key that was destroyed lives as long as its oldest copy; so copies are few, and a restore first learns what was
destroyed since.
"""

import base64
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.socle.crypto import FolderKeyStore, KeyOwner, RootKey, StoredKey
from app.socle.crypto.keyring import opens
from app.socle.fichiers import make_private_folder, write_new
from app.socle.sauvegarde.manifeste import SauvegardeError
from app.socle.storage.encrypted import WITNESS

LISTE = "destructions.log"
_STAMP = "%Y%m%dT%H%M%SZ"


async def export(store: FolderKeyStore, folder: Path, at: datetime) -> Path:
    """Writes every key, wrapped as it is, to a new file named by the instant."""
    lines = []
    for owner in await store.owners():
        key = await store.get(owner)
        if key is not None:
            wrapped = base64.b64encode(key.wrapped).decode()
            lines.append(json.dumps({"proprietaire": str(owner), "cle": str(key.key_id), "scellee": wrapped}))
    make_private_folder(folder)
    path = folder / f"cles-{at.strftime(_STAMP)}.jsonl"
    write_new(path, "".join(f"{line}\n" for line in lines).encode())
    return path


def read(path: Path) -> dict[KeyOwner, StoredKey]:
    """The keys of a file, by owner."""
    found = {}
    for line in path.read_text().splitlines():
        try:
            row = json.loads(line)
            kind, _, ident = str(row["proprietaire"]).partition("/")
            wrapped = base64.b64decode(row["scellee"], validate=True)
            found[KeyOwner(kind, UUID(ident))] = StoredKey(UUID(row["cle"]), wrapped)
        except (ValueError, KeyError, TypeError) as error:
            raise SauvegardeError(f"Le fichier de clés {path} est abîmé.") from error
    return found


def latest(folder: Path) -> Path:
    """The newest file of keys: it holds what older backups need, under the present root key."""
    found = sorted(folder.glob("cles-*.jsonl"))
    if not found:
        raise SauvegardeError(
            f"Il n’y a pas de fichier de clés dans {folder} : indiquez leur dossier (--cles)."
        )
    return found[-1]


def forget_old(folder: Path, at: datetime, jours: int) -> int:
    """Removes the files of keys older than that many days, never the newest; returns how many."""
    limit = f"cles-{(at - timedelta(days=jours)).strftime(_STAMP)}.jsonl"
    old = [path for path in sorted(folder.glob("cles-*.jsonl"))[:-1] if path.name < limit]
    for path in old:
        path.unlink()
    return len(old)


def keep_destructions(store: FolderKeyStore, folder: Path) -> None:
    """Adds to the backup's list of destructions what the installation's has more; it never shrinks."""
    kept = folder / LISTE
    known = set(kept.read_text().splitlines()) if kept.is_file() else set()
    new = [line for line in store.destructions().values() if line not in known]
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{line}\n" for line in new)
        file.flush()
        os.fsync(file.fileno())


async def check_root(keys: dict[KeyOwner, StoredKey], root: RootKey) -> None:
    """Refuses keys that the present KUMUN_MASTER_KEY does not open, before anything is changed."""
    for owner, key in keys.items():
        if not await opens(root, owner, key):
            raise SauvegardeError(
                "KUMUN_MASTER_KEY n’est pas la clé maîtresse de cette sauvegarde : sans elle, aucun document "
                "ne pourrait être lu. Remettez celle d’alors."
            )


async def check_conflicts(store: FolderKeyStore, keys: dict[KeyOwner, StoredKey], folder: Path) -> None:
    """Refuses, before anything is changed, keys that could not be put beside those in place."""
    destroyed = store.destructions(folder / LISTE)
    for owner, key in keys.items():
        current = await store.get(owner)
        if current is None or owner == WITNESS or {key.key_id, current.key_id} & destroyed.keys():
            continue
        if current.key_id != key.key_id:
            raise SauvegardeError(
                f"{owner} a ici une autre clé que dans la sauvegarde : ce dossier de données est celui d’une autre "
                "installation. Restaurez dans un KUMUN_VAR neuf."
            )


async def put_back(store: FolderKeyStore, keys: dict[KeyOwner, StoredKey], folder: Path) -> tuple[int, int]:
    """Replays the destructions, then puts back each key that was not destroyed; (put back, destroyed).

    A key in place stays: since the backup it may have been wrapped anew. Only the witness of the installation, which
    protects nothing, is replaced.
    """
    kept = folder / LISTE
    store.replay_destructions(kept if kept.is_file() else None)
    destroyed = store.destructions().keys()
    living = {owner: key for owner, key in keys.items() if key.key_id not in destroyed}
    for owner, key in living.items():
        await store.restore(owner, key, over=owner == WITNESS)
    return len(living), len(keys) - len(living)
