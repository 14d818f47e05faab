"""`kumun sauvegarder`: one backup beside the former ones, which share its objects."""

import fcntl
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import anyio.to_thread

from app.config import ROOT, Settings
from app.socle.clock import Clock
from app.socle.crypto import FolderKeyStore
from app.socle.fichiers import fsync_folder, make_private_folder, write_new
from app.socle.sauvegarde import cles, objets
from app.socle.sauvegarde.base import Base, dump
from app.socle.sauvegarde.manifeste import (
    FORMAT,
    NOM,
    Avancement,
    Manifeste,
    SauvegardeError,
    describe,
    read,
)
from app.socle.sceau import Sceau
from app.socle.storage import ObjectStore, make_object_store
from app.socle.storage.folder import FolderStore

USAGE = "sauvegarde"
LISTE = "objets.liste"


@dataclass(frozen=True)
class Options:
    """Where keys go (None: under the backups' folder), how many days keys and backups are kept.

    `copier_objets`: None copies them from a folder and only lists them on S3, whose own copies serve.
    """

    cles: Path | None = None
    garder_cles: int = 7
    garder: int | None = None
    copier_objets: bool | None = None


async def sauvegarder(
    settings: Settings, clock: Clock, base: Base, dossier: Path, options: Options, avancement: Avancement
) -> Path:
    """Makes one backup under `dossier` and returns its folder; nothing of a failed one counts.

    Refuses to run beside another one. The portal goes on meanwhile.
    """
    make_private_folder(dossier.resolve())
    with _alone(dossier):
        return await _sauvegarder(settings, clock, base, dossier.resolve(), options, avancement)


async def _sauvegarder(
    settings: Settings, clock: Clock, base: Base, dossier: Path, options: Options, avancement: Avancement
) -> Path:
    at = clock.now()
    folder = dossier / f"sauvegarde-{at:%Y%m%dT%H%M%SZ}"
    if folder.exists():
        raise SauvegardeError(f"{folder} existe déjà : recommencez dans une seconde.")
    make_private_folder(folder)
    dumped = folder / "base.dump"
    etat = await anyio.to_thread.run_sync(dump, base, dumped, avancement)
    await anyio.to_thread.run_sync(_sync, dumped)
    copies, listed = await _objects(settings, dossier, options, avancement)
    objets.write_list(folder / LISTE, listed)
    keys_folder = (options.cles or dossier / "cles").resolve()
    store = FolderKeyStore(settings.var / "cles", clock)
    keys = await cles.export(store, keys_folder, at)
    cles.keep_destructions(store, dossier)
    manifeste = Manifeste(
        format=FORMAT,
        cree_le=at,
        kumun=_version(),
        schema_base=etat.schema,
        postgresql=etat.postgresql,
        lignes=etat.lignes,
        base=describe(dumped, folder),
        objets=describe(folder / LISTE, folder),
        nombre_objets=len(listed),
        objets_copies=copies,
        cles=describe(keys, folder),
        temoin_secret=Sceau(settings.secret_key.get_secret_value()).sign(USAGE, at.isoformat()),
    )
    write_new(folder / NOM, manifeste.model_dump_json(indent=2).encode())
    fsync_folder(dossier)
    cles.forget_old(keys_folder, at, options.garder_cles)
    await _forget_old(dossier, folder, at, options.garder)
    return folder


async def _objects(
    settings: Settings, dossier: Path, options: Options, avancement: Avancement
) -> tuple[bool, dict[UUID, objets.Objet]]:
    store: ObjectStore = make_object_store(settings)
    copies = isinstance(store, FolderStore) if options.copier_objets is None else options.copier_objets
    if not copies:
        return False, await objets.list_all(store)
    known: dict[UUID, objets.Objet] = {}
    for path in sorted(dossier.glob(f"sauvegarde-*/{LISTE}")):
        known |= objets.read_list(path)
    return True, await objets.copy_new(store, FolderStore(dossier / "objets"), known, avancement)


async def _forget_old(dossier: Path, latest: Path, at: datetime, garder: int | None) -> None:
    """Removes what was cut short, and backups past their term with the objects that no other one lists."""
    kept: set[UUID] = set()
    dropped = False
    for folder in sorted(dossier.glob("sauvegarde-*")):
        old = garder is not None and folder != latest and _is_old(folder, at - timedelta(days=garder))
        if old or not (folder / NOM).is_file():
            shutil.rmtree(folder)
            dropped = True
        else:
            kept |= objets.read_list(folder / LISTE).keys()
    if dropped:
        await objets.drop_unlisted(FolderStore(dossier / "objets"), kept)


def _is_old(folder: Path, limit: datetime) -> bool:
    return (folder / NOM).is_file() and read(folder).cree_le < limit


@contextmanager
def _alone(dossier: Path) -> Iterator[None]:
    with (dossier / ".verrou").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SauvegardeError(f"Une autre sauvegarde s’exécute déjà dans {dossier}.") from None
        yield


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
