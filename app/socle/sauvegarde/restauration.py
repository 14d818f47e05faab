"""`kumun restaurer`: everything is checked before anything is changed; destroyed keys stay destroyed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from app.config import Settings
from app.socle.clock import Clock
from app.socle.crypto import FolderKeyStore, KeyOwner, StoredKey
from app.socle.sauvegarde import base as bases
from app.socle.sauvegarde import cles, objets
from app.socle.sauvegarde.base import Base
from app.socle.sauvegarde.manifeste import Avancement, Manifeste, SauvegardeError, check, choose, read
from app.socle.sauvegarde.sauvegarde import LISTE, USAGE
from app.socle.sceau import Sceau
from app.socle.storage import make_object_store, make_root_key
from app.socle.storage.folder import FolderStore


@dataclass(frozen=True)
class Restauration:
    """What was put back. `anomalies`: one sentence each, for what could not be; `avis`: what to know."""

    manifeste: Manifeste
    dossier: Path
    cles: int
    cles_detruites: int
    anomalies: tuple[str, ...]
    avis: tuple[str, ...]


async def restaurer(
    settings: Settings,
    clock: Clock,
    base: Base,
    dossier: Path,
    avancement: Avancement,
    *,
    remplacer: bool = False,
    dossier_cles: Path | None = None,
    connu: Callable[[str], bool],
) -> Restauration:
    """Puts a backup back: keys and objects first, then the database, in one transaction.

    `dossier` is a backup, or the folder of several (the latest is taken); `connu` says whether this version knows a
    migration. Refuses, before anything is changed: an installation in use without `remplacer`, a file that is not the
    one saved, a schema to come, an older server, another root key. Objects that cannot be put back are told, and stop
    nothing.
    """
    folder = choose(dossier)
    racine = folder.parent
    manifeste = await anyio.to_thread.run_sync(read, folder)
    await anyio.to_thread.run_sync(_check, manifeste, folder, base, remplacer, connu)
    listed = objets.read_list(folder / LISTE)
    keys = _keys(manifeste, dossier_cles or racine / "cles")
    await cles.check_root(keys, make_root_key(settings))
    key_store = FolderKeyStore(settings.var / "cles", clock)
    await cles.check_conflicts(key_store, keys, racine)

    put_back, destroyed = await cles.put_back(key_store, keys, racine)
    faults = await objets.put_back(
        FolderStore(racine / "objets"), make_object_store(settings), listed, avancement
    )
    await anyio.to_thread.run_sync(
        bases.restore, base, folder / manifeste.base.fichier, len(manifeste.lignes), avancement
    )
    faults += await anyio.to_thread.run_sync(_missing_rows, manifeste, base)
    sceau = Sceau(settings.secret_key.get_secret_value())
    same_secret = sceau.verify(USAGE, manifeste.cree_le.isoformat(), manifeste.temoin_secret)
    avis = () if same_secret else (
        "KUMUN_SECRET_KEY n’est pas celle d’alors : les clés FranceConnect des collectivités sont à saisir de nouveau.",
    )  # fmt: skip
    return Restauration(manifeste, folder, put_back, destroyed, tuple(faults), avis)


def _check(
    manifeste: Manifeste, folder: Path, base: Base, remplacer: bool, connu: Callable[[str], bool]
) -> None:
    check(manifeste.base, folder / manifeste.base.fichier)
    check(manifeste.objets, folder / LISTE)
    if not connu(manifeste.schema_base):
        raise SauvegardeError(
            f"Cette sauvegarde vient d’une version plus récente (schéma {manifeste.schema_base}, Kumun "
            f"{manifeste.kumun}) : mettez d’abord Kumun à jour."
        )
    if (present := bases.check_idle(base)) < manifeste.postgresql:
        raise SauvegardeError(
            f"La sauvegarde vient de PostgreSQL {manifeste.postgresql} et ce serveur est en {present} : il faut "
            f"{manifeste.postgresql} ou plus."
        )
    if not remplacer and bases.is_occupied(base):
        raise SauvegardeError(
            "Cette installation n’est pas vide. Pour remplacer ce qu’elle contient par la sauvegarde, ajoutez "
            "--remplacer."
        )


def _keys(manifeste: Manifeste, folder: Path) -> dict[KeyOwner, StoredKey]:
    """The newest keys; when they are those of this very backup, its manifest answers for them."""
    path = cles.latest(folder)
    if path.name == Path(manifeste.cles.fichier).name:
        check(manifeste.cles, path)
    return cles.read(path)


def _missing_rows(manifeste: Manifeste, base: Base) -> list[str]:
    with base.connexion() as connexion:
        present = bases.count_rows(connexion)
    return [
        f"La table {table} a {present.get(table, 0)} lignes au lieu de {count}."
        for table, count in manifeste.lignes.items()
        if present.get(table, 0) != count
    ]
