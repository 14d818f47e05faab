"""Owners' keys: one per owner whatever the race, bound to owner and root key, destroyed for good."""

import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import pytest

from app.config import ROOT
from app.socle.clock import FixedClock
from app.socle.crypto import (
    CiphertextRefusedError,
    FolderKeyStore,
    Header,
    KeyDestroyedError,
    KeyOwner,
    Keyring,
    KeyUnavailableError,
    LocalRootKey,
    StoredKey,
    open_header,
    rewrap_header,
    seal_header,
)
from app.socle.crypto.envelope import new_object_key

MASTER_KEY = "m" * 48
pytestmark = pytest.mark.anyio


async def test_an_owner_keeps_one_key_across_restarts(key_store: FolderKeyStore, guingamp: KeyOwner) -> None:
    first = await Keyring(LocalRootKey(MASTER_KEY), key_store).existing_or_new(guingamp)
    again = await Keyring(LocalRootKey(MASTER_KEY), key_store).existing(guingamp)
    assert first == again
    assert await key_store.owners() == [guingamp]


async def test_an_owner_without_key_has_none(keyring: Keyring, guingamp: KeyOwner) -> None:
    with pytest.raises(KeyDestroyedError):
        await keyring.existing(guingamp)


async def test_keys_on_disk_are_wrapped_and_private(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path
) -> None:
    kek = await keyring.existing_or_new(guingamp)
    (path,) = (tmp_path / "cles" / "actives").rglob("*.cle")
    assert kek.key not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert repr(kek.key) not in repr(kek)


async def test_another_root_key_opens_nothing(key_store: FolderKeyStore, guingamp: KeyOwner) -> None:
    await Keyring(LocalRootKey(MASTER_KEY), key_store).existing_or_new(guingamp)
    with pytest.raises(KeyUnavailableError, match="KUMUN_MASTER_KEY"):
        await Keyring(LocalRootKey("n" * 48), key_store).existing(guingamp)


async def test_a_key_moved_to_another_owner_is_refused(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path
) -> None:
    await keyring.existing_or_new(guingamp)
    folder = tmp_path / "cles" / "actives" / "collectivite"
    thief = KeyOwner("collectivite", uuid4())
    shutil.copy(folder / f"{guingamp.id}.cle", folder / f"{thief.id}.cle")
    with pytest.raises(KeyUnavailableError):
        await keyring.existing(thief)


async def test_a_damaged_key_file_is_said_to_be_so(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path
) -> None:
    await key_store.create(guingamp, StoredKey(uuid4(), b"\x01" + b"x" * 68))
    with pytest.raises(KeyUnavailableError):
        await keyring.existing(guingamp)
    (path,) = (tmp_path / "cles" / "actives").rglob("*.cle")
    path.write_bytes(b"")
    with pytest.raises(KeyUnavailableError):
        await keyring.existing(guingamp)


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="KUMUN_MASTER_KEY"):
        LocalRootKey("secret")


async def test_a_destroyed_key_stays_destroyed_when_its_file_comes_back(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path
) -> None:
    before = await keyring.existing_or_new(guingamp)
    backup = shutil.copytree(tmp_path / "cles" / "actives", tmp_path / "sauvegarde")
    assert await keyring.destroy(guingamp) == before.key_id
    with pytest.raises(KeyDestroyedError):
        await keyring.existing(guingamp)

    shutil.copytree(backup, tmp_path / "cles" / "actives", dirs_exist_ok=True)
    with pytest.raises(KeyDestroyedError):
        await keyring.existing(guingamp)
    assert await key_store.owners() == []
    assert key_store.replay_destructions() == 1
    assert not list((tmp_path / "cles" / "actives").rglob("*.cle"))

    shutil.copytree(backup, tmp_path / "cles" / "actives", dirs_exist_ok=True)
    after = await keyring.existing_or_new(guingamp)
    assert after.key_id != before.key_id


async def test_the_list_survives_a_restore_of_the_whole_folder(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path, clock: FixedClock
) -> None:
    await keyring.existing_or_new(guingamp)
    old = shutil.copytree(tmp_path / "cles", tmp_path / "ancienne")
    await keyring.destroy(guingamp)
    restored = FolderKeyStore(old, clock)
    assert restored.replay_destructions(tmp_path / "cles" / "destroyed.log") == 1
    assert restored.replay_destructions(tmp_path / "cles" / "destroyed.log") == 0
    assert await restored.get(guingamp) is None


async def test_destroying_nothing_says_so(keyring: Keyring, guingamp: KeyOwner) -> None:
    assert await keyring.destroy(guingamp) is None


async def test_a_line_torn_by_a_crash_is_dropped_and_a_damaged_list_stops_everything(
    key_store: FolderKeyStore, keyring: Keyring, guingamp: KeyOwner, tmp_path: Path
) -> None:
    log = tmp_path / "cles" / "destroyed.log"
    log.write_text("0198c0de-torn")
    await keyring.existing_or_new(guingamp)
    await keyring.destroy(guingamp)
    assert len(log.read_text().splitlines()) == 1
    log.write_text(f"anything\n{log.read_text()}")
    with pytest.raises(KeyUnavailableError):
        await keyring.existing_or_new(guingamp)


async def test_a_key_destroyed_by_another_process_is_forgotten_within_the_cache_time(
    key_store: FolderKeyStore, guingamp: KeyOwner
) -> None:
    now = 0.0
    here = Keyring(LocalRootKey(MASTER_KEY), key_store, cache_seconds=60, monotonic=lambda: now)
    await here.existing_or_new(guingamp)
    await Keyring(LocalRootKey(MASTER_KEY), key_store).destroy(guingamp)
    now = 61.0
    with pytest.raises(KeyDestroyedError):
        await here.existing(guingamp)


async def test_a_rotation_of_the_root_rewraps_keys_and_can_be_run_again(
    key_store: FolderKeyStore, guingamp: KeyOwner
) -> None:
    old, new = LocalRootKey(MASTER_KEY), LocalRootKey("n" * 48)
    before = await Keyring(old, key_store).existing_or_new(guingamp)
    assert await Keyring(old, key_store).rewrap_all(new) == 1
    assert await Keyring(old, key_store).rewrap_all(new) == 0
    assert await Keyring(new, key_store).existing(guingamp) == before


CREATE = """
import sys, uuid, anyio
from pathlib import Path
from app.socle.clock import SystemClock
from app.socle.crypto import FolderKeyStore, KeyOwner, Keyring, LocalRootKey
store = FolderKeyStore(Path(sys.argv[1]), SystemClock())
owner = KeyOwner("collectivite", uuid.UUID(sys.argv[2]))
print(anyio.run(Keyring(LocalRootKey("m" * 48), store).existing_or_new, owner).key_id)
"""


@pytest.mark.serveur
def test_processes_that_create_at_once_get_one_key(tmp_path: Path, guingamp: KeyOwner) -> None:
    command = [sys.executable, "-W", "error", "-c", CREATE, str(tmp_path / "cles"), str(guingamp.id)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    answers = [worker.communicate(timeout=60)[0].strip() for worker in workers]
    assert len(set(answers)) == 1
    assert UUID(answers[0])


async def test_tasks_that_create_at_once_get_one_key(key_store: FolderKeyStore, guingamp: KeyOwner) -> None:
    keys = set()

    async def first_use() -> None:
        keys.add(await Keyring(LocalRootKey(MASTER_KEY), key_store).existing_or_new(guingamp))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(first_use)
    assert len(keys) == 1


def test_a_header_is_bound_to_its_object_its_key_and_its_algorithms() -> None:
    object_id, key_id, kek, secret = uuid4(), uuid4(), new_object_key(), new_object_key()
    sealed = seal_header(object_id, key_id, kek, secret)
    assert open_header(Header.parse(sealed), object_id, key_id, kek) == secret
    for wrong in ((uuid4(), key_id, kek), (object_id, uuid4(), kek), (object_id, key_id, new_object_key())):
        with pytest.raises(CiphertextRefusedError):
            open_header(Header.parse(sealed), *wrong)
    for position in range(len(sealed)):
        altered = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(CiphertextRefusedError):
            open_header(Header.parse(altered), object_id, key_id, kek)


def test_a_rewrapped_header_opens_under_the_new_key_only() -> None:
    object_id, secret = uuid4(), new_object_key()
    old, new = (uuid4(), new_object_key()), (uuid4(), new_object_key())
    sealed = seal_header(object_id, *old, secret)
    rewrapped = rewrap_header(sealed, object_id, old, new)
    assert len(rewrapped) == len(sealed)
    assert open_header(Header.parse(rewrapped), object_id, *new) == secret
    with pytest.raises(CiphertextRefusedError):
        open_header(Header.parse(rewrapped), object_id, *old)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 plaintext" * 20, b"KMNO", b"KMNO\x02" + b"\0" * 200])
def test_what_does_not_carry_our_mark_and_version_is_refused(data: bytes) -> None:
    with pytest.raises(CiphertextRefusedError):
        Header.parse(data)
