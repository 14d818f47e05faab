"""Encrypted objects: readable by their owner's key only, whole or by range, and never when altered."""

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.config import Settings
from app.socle.clock import FixedClock
from app.socle.crypto import HEADER_SIZE, FolderKeyStore, KeyOwner, Keyring, LocalRootKey
from app.socle.crypto.stream import SEGMENT_SIZE
from app.socle.storage import (
    EncryptedObjects,
    ObjectAlteredError,
    ObjectDestroyedError,
    ObjectExistsError,
    ObjectMissingError,
    StoreUnavailableError,
    make_encrypted_objects,
    make_object_store,
)
from app.socle.storage.folder import FolderStore
from app.socle.storage.s3 import S3Store

pytestmark = pytest.mark.anyio
Pieces = Callable[..., AsyncIterator[bytes]]
BIG = os.urandom(3 * SEGMENT_SIZE + 1234)


@pytest.fixture
def objects(tmp_path: Path, keyring: Keyring) -> EncryptedObjects:
    return EncryptedObjects(FolderStore(tmp_path / "objets"), keyring)


def stored_path(root: Path, object_id: UUID) -> Path:
    return root / "objets" / object_id.hex[-2:] / str(object_id)


async def deposit(objects: EncryptedObjects, owner: KeyOwner, pieces: Pieces, data: bytes) -> UUID:
    object_id = uuid4()
    await objects.deposer(owner, object_id, pieces(data))
    return object_id


@pytest.mark.parametrize("size", [0, 1, 200_000, SEGMENT_SIZE, len(BIG)])
async def test_an_object_is_read_back_and_its_figures_are_right(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, tmp_path: Path, size: int
) -> None:
    data, object_id = BIG[:size], uuid4()
    kept = await objects.deposer(guingamp, object_id, in_pieces(data))
    stored = stored_path(tmp_path, object_id).read_bytes()
    assert (kept.size, kept.stored_size) == (size, len(stored))
    assert kept.sha256_chiffre == hashlib.sha256(stored).digest()
    assert kept.sha256_chiffre == await objects.sha256_chiffre(object_id)
    assert kept.sha256_clair == hashlib.sha256(data).digest()
    found = await objects.lire(guingamp, object_id)
    assert (found.size, found.start, found.end) == (size, 0, size)
    assert await found.read() == data
    await objects.controler(guingamp, object_id, kept.empreinte)


async def test_bytes_held_already_are_taken_as_they_are(
    objects: EncryptedObjects, guingamp: KeyOwner
) -> None:
    object_id = uuid4()
    await objects.deposer(guingamp, object_id, BIG)
    assert await (await objects.lire(guingamp, object_id)).read() == BIG


async def test_ranges_are_exact_and_cut_to_the_size(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, BIG)
    size = len(BIG)
    ranges: list[tuple[int, int | None]] = [
        (0, 1), (0, 10), (5, None), (SEGMENT_SIZE - 200, SEGMENT_SIZE + 5), (size - 1, None), (size, None),
        (size - 10, size + 10), (size + 5, None), (7, 7), (10, 3), (0, size),
        (2 * SEGMENT_SIZE, 2 * SEGMENT_SIZE + 1),
    ]  # fmt: skip
    for start, end in ranges:
        found = await objects.lire(guingamp, object_id, start, end)
        assert await found.read() == BIG[start:end]
        assert BIG[found.start : found.end] == BIG[start:end]
        assert found.size == size


async def test_the_plaintext_is_nowhere_on_disk_and_likeness_does_not_show(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, tmp_path: Path
) -> None:
    data = b"CARTE NATIONALE D'IDENTITE " * 1000
    first = await objects.deposer(guingamp, uuid4(), in_pieces(data))
    second = await objects.deposer(KeyOwner("collectivite", uuid4()), uuid4(), in_pieces(data))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"CARTE NATIONALE" not in path.read_bytes()
    assert first.empreinte != second.empreinte
    assert first.sha256_chiffre != second.sha256_chiffre
    assert first.sha256_clair.hex() not in repr(first)
    assert first.empreinte == await objects.empreinte(guingamp, hashlib.sha256(data).digest())


async def test_another_owner_reads_nothing(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, b"acte")
    other = KeyOwner("collectivite", uuid4())
    with pytest.raises(ObjectDestroyedError):
        await objects.lire(other, object_id)
    await deposit(objects, other, in_pieces, b"autre")
    with pytest.raises(ObjectAlteredError):
        await objects.lire(other, object_id)


async def test_an_object_put_in_the_place_of_another_is_refused(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, tmp_path: Path
) -> None:
    favorable = await deposit(objects, guingamp, in_pieces, b"avis favorable")
    refused = await deposit(objects, guingamp, in_pieces, b"refus")
    stored_path(tmp_path, refused).write_bytes(stored_path(tmp_path, favorable).read_bytes())
    with pytest.raises(ObjectAlteredError):
        await objects.lire(guingamp, refused)


ALTERATIONS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "plaintext": lambda data: b"%PDF-1.7\n" + b"x" * 500,
    "cut in the header": lambda data: data[: HEADER_SIZE - 1],
    "cut after the headers": lambda data: data[: HEADER_SIZE + 40],
    "cut in the first segment": lambda data: data[:5000],
    "first segment changed": lambda data: data[:5000] + b"\0\0\0\0" + data[5004:],
    "one segment left": lambda data: data[: HEADER_SIZE + SEGMENT_SIZE],
    "bytes before": lambda data: b"\0" + data,
}


@pytest.mark.parametrize("name", ALTERATIONS)
async def test_an_alteration_at_the_start_is_refused_before_anything_is_given(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, tmp_path: Path, name: str
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, BIG)
    path = stored_path(tmp_path, object_id)
    path.write_bytes(ALTERATIONS[name](path.read_bytes()))
    with pytest.raises(ObjectAlteredError) as refusal:
        await objects.lire(guingamp, object_id)
    assert "redéposer" in refusal.value.message


LATE: dict[str, Callable[[bytes], bytes]] = {
    "cut between segments": lambda data: data[: HEADER_SIZE + 2 * SEGMENT_SIZE],
    "cut in a segment": lambda data: data[:-1],
    "bytes after": lambda data: data + b"\0" * 50,
    "last byte changed": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
}


@pytest.mark.parametrize("name", LATE)
async def test_an_alteration_further_on_breaks_the_reading_and_gives_nothing_false(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, tmp_path: Path, name: str
) -> None:
    object_id = uuid4()
    kept = await objects.deposer(guingamp, object_id, in_pieces(BIG))
    path = stored_path(tmp_path, object_id)
    path.write_bytes(LATE[name](path.read_bytes()))
    given = bytearray()

    async def receive() -> None:
        async for chunk in await objects.lire(guingamp, object_id):
            given.extend(chunk)

    with pytest.raises(ObjectAlteredError):
        await receive()
    assert BIG.startswith(given)
    assert len(given) < len(BIG)
    with pytest.raises(ObjectAlteredError):
        await objects.controler(guingamp, object_id, kept.empreinte)
    # A range after a false end is not answered on the word of the store.
    with pytest.raises(ObjectAlteredError):
        await objects.lire(guingamp, object_id, len(BIG) + 100)


async def test_a_destroyed_key_makes_all_its_objects_unreadable(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, key_store: FolderKeyStore
) -> None:
    other = KeyOwner("collectivite", uuid4())
    mine = await deposit(objects, guingamp, in_pieces, b"acte")
    theirs = await deposit(objects, other, in_pieces, b"acte")
    assert await objects.detruire_cle(guingamp) is not None
    with pytest.raises(ObjectDestroyedError):
        await objects.lire(guingamp, mine)
    # A new key of the same owner opens nothing of the old one.
    await deposit(objects, guingamp, in_pieces, b"acte")
    with pytest.raises(ObjectAlteredError):
        await objects.lire(guingamp, mine)
    assert await (await objects.lire(other, theirs)).read() == b"acte"


async def test_missing_existing_and_deleted_objects(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, b"acte")
    with pytest.raises(ObjectExistsError):
        await objects.deposer(guingamp, object_id, in_pieces(b"autre"))
    await objects.detruire(object_id)
    await objects.detruire(object_id)
    with pytest.raises(ObjectMissingError):
        await objects.lire(guingamp, object_id)


async def test_a_wrong_master_key_is_a_store_that_cannot_be_used(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces, key_store: FolderKeyStore
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, b"acte")
    wrong = EncryptedObjects(objects.store, Keyring(LocalRootKey("n" * 48), key_store))
    with pytest.raises(StoreUnavailableError) as refusal:
        await wrong.lire(guingamp, object_id)
    assert "KUMUN_MASTER_KEY" in refusal.value.detail
    await objects.check()
    with pytest.raises(StoreUnavailableError):
        await wrong.check()


async def test_a_reading_may_be_given_up(
    objects: EncryptedObjects, guingamp: KeyOwner, in_pieces: Pieces
) -> None:
    object_id = await deposit(objects, guingamp, in_pieces, BIG)
    found = await objects.lire(guingamp, object_id)
    async for _chunk in found:
        break
    await found.aclose()
    await (await objects.lire(guingamp, object_id)).aclose()


def settings(var: Path, **more: Any) -> Settings:
    return Settings(var=var, secret_key="s" * 40, master_key="m" * 40, **more)


async def test_without_settings_objects_and_keys_go_to_two_folders(
    tmp_path: Path, clock: FixedClock, guingamp: KeyOwner, in_pieces: Pieces
) -> None:
    objects = make_encrypted_objects(settings(tmp_path), clock)
    object_id = await deposit(objects, guingamp, in_pieces, b"acte")
    assert await (await objects.lire(guingamp, object_id)).read() == b"acte"
    assert stored_path(tmp_path, object_id).exists()
    assert (tmp_path / "cles" / "actives" / "collectivite" / f"{guingamp.id}.cle").exists()


def test_settings_choose_s3(tmp_path: Path) -> None:
    store = make_object_store(
        settings(
            tmp_path,
            s3_endpoint_url="http://127.0.0.1:9",
            s3_bucket="objets",
            s3_access_key_id="a",
            s3_secret_access_key="b",
        )
    )
    assert isinstance(store, S3Store)
