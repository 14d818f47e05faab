"""One contract for every store of objects, held by the folder and by S3 against two real servers."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import boto3
import pytest

from app.socle.storage import (
    BucketMissingError,
    ObjectExistsError,
    ObjectMissingError,
    ObjectStore,
    StoreUnavailableError,
)
from app.socle.storage.folder import FolderStore
from app.socle.storage.s3 import PART_SIZE, S3Settings, S3Store

from . import serveurs

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("serveurs-s3")]
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
Pieces = Callable[..., AsyncIterator[bytes]]
Starter = Callable[[Path], AbstractContextManager[serveurs.ServeurS3]]


def _server(tmp_path_factory: pytest.TempPathFactory, start: Starter) -> Iterator[S3Settings]:
    with start(tmp_path_factory.mktemp("s3")) as found:
        settings = S3Settings(
            found.endpoint, "objets", "us-east-1", found.access_key_id, found.secret_access_key
        )
        client: Any = boto3.client(
            "s3",
            endpoint_url=found.endpoint,
            region_name="us-east-1",
            aws_access_key_id=found.access_key_id,
            aws_secret_access_key=found.secret_access_key,
        )
        client.create_bucket(Bucket="objets")
        client.close()
        yield settings


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    yield from _server(tmp_path_factory, serveurs.ministack)


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    yield from _server(tmp_path_factory, serveurs.swift)


@pytest.fixture(
    params=[
        "dossier",
        pytest.param("ministack", marks=pytest.mark.serveur),
        pytest.param("swift", marks=pytest.mark.serveur),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "dossier":
        return FolderStore(tmp_path / "objets")
    return S3Store(request.getfixturevalue(request.param))


async def read(store: ObjectStore, key: UUID, start: int = 0, end: int | None = None) -> bytes:
    stored = await store.get(key, start, end)
    async with aclosing(stored):
        return b"".join([chunk async for chunk in stored])


async def test_what_was_put_is_read_back_whole_and_by_ranges(store: ObjectStore, in_pieces: Pieces) -> None:
    key, data = uuid4(), os.urandom(300_000)
    assert await store.put(key, in_pieces(data)) == len(data)
    assert await store.size(key) == len(data)
    assert await read(store, key) == data
    for start, end in ((0, 1), (1000, 2000), (299_999, 300_000), (299_000, None), (299_000, 400_000)):
        assert await read(store, key, start, end) == data[start:end]
    for start, end in ((0, 0), (5, 5), (300_000, None), (400_000, 400_001)):
        assert await read(store, key, start, end) == b""


async def test_the_whole_size_is_told_whatever_the_range(store: ObjectStore, in_pieces: Pieces) -> None:
    key = uuid4()
    await store.put(key, in_pieces(b"x" * 5000))
    for start, end in ((0, None), (10, 20), (10, 10), (6000, None)):
        stored = await store.get(key, start, end)
        await stored.aclose()
        assert stored.size == 5000


@pytest.mark.parametrize("size", [0, PART_SIZE, PART_SIZE + 1, 2 * PART_SIZE + 12_345])
async def test_any_size_goes_through(store: ObjectStore, in_pieces: Pieces, size: int) -> None:
    key, data = uuid4(), os.urandom(size)
    assert await store.put(key, in_pieces(data, 1_000_000)) == size
    assert await read(store, key) == data


@pytest.mark.parametrize("size", [10, PART_SIZE + 1])
async def test_an_object_is_written_once(store: ObjectStore, in_pieces: Pieces, size: int) -> None:
    key = uuid4()
    await store.put(key, in_pieces(b"premier"))
    with pytest.raises(ObjectExistsError):
        await store.put(key, in_pieces(b"x" * size, 1_000_000))
    assert await read(store, key) == b"premier"


@pytest.mark.parametrize("size", [100, PART_SIZE, 2 * PART_SIZE])
async def test_nothing_stays_of_a_source_that_breaks_off(store: ObjectStore, size: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(0, size, 100_000):
            yield b"x" * 100_000
        raise ConnectionResetError

    key = uuid4()
    with pytest.raises(ConnectionResetError):
        await store.put(key, broken())
    with pytest.raises(ObjectMissingError):
        await store.size(key)
    assert await store.purge_unfinished(FUTURE) == 0


async def test_nothing_stays_of_a_cancelled_put(store: ObjectStore) -> None:
    key = uuid4()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * (PART_SIZE + 1)
        await anyio.sleep_forever()

    with anyio.move_on_after(0.5):
        await store.put(key, endless())
    with pytest.raises(ObjectMissingError):
        await store.get(key)
    assert await store.purge_unfinished(FUTURE) == 0


async def test_a_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    key = uuid4()
    with pytest.raises(ObjectMissingError):
        await store.get(key)
    with pytest.raises(ObjectMissingError):
        await store.get(key, 1, 2)
    with pytest.raises(ObjectMissingError):
        await store.size(key)


async def test_deleting_is_final_and_may_be_repeated(store: ObjectStore, in_pieces: Pieces) -> None:
    key = uuid4()
    await store.put(key, in_pieces(b"x"))
    await store.delete(key)
    await store.delete(key)
    with pytest.raises(ObjectMissingError):
        await store.get(key)


async def test_keys_are_listed_by_prefix(store: ObjectStore, in_pieces: Pieces) -> None:
    keys = {uuid4() for _ in range(5)}
    for key in keys:
        await store.put(key, in_pieces(b"x"))
    assert keys <= {key async for key in store.keys(prefix="")}
    one = next(iter(keys))
    assert [key async for key in store.keys(str(one)[:13])] == [one]
    assert [key async for key in store.keys("zz")] == []


async def test_readings_and_writings_run_together(store: ObjectStore, in_pieces: Pieces) -> None:
    async def trip() -> None:
        key, data = uuid4(), os.urandom(50_000)
        await store.put(key, in_pieces(data))
        assert await read(store, key) == data

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(trip)


async def test_a_reading_given_up_frees_what_it_holds(store: ObjectStore, in_pieces: Pieces) -> None:
    key = uuid4()
    await store.put(key, in_pieces(b"x" * 3_000_000, 500_000))
    for _ in range(20):
        stored = await store.get(key)
        async for _chunk in stored:
            break
        await stored.aclose()
        await stored.aclose()


async def test_the_store_says_that_it_is_well(store: ObjectStore) -> None:
    await store.check()
    assert [key async for key in store.keys("essai")] == []


@pytest.mark.serveur
async def test_wrong_credentials_are_refused_and_seen_by_the_check(
    swift: S3Settings, in_pieces: Pieces
) -> None:
    wrong = S3Store(S3Settings(swift.endpoint_url, "objets", "us-east-1", swift.access_key_id, "autre"))
    with pytest.raises(StoreUnavailableError) as refusal:
        await wrong.put(uuid4(), in_pieces(b"x"))
    assert "SignatureDoesNotMatch" in refusal.value.detail
    with pytest.raises(StoreUnavailableError):
        await wrong.check()


async def test_a_server_that_does_not_answer_is_said_to_be_unavailable() -> None:
    dead = S3Store(S3Settings(f"http://127.0.0.1:{serveurs.free_port()}", "objets", "us-east-1", "a", "b"))
    with pytest.raises(StoreUnavailableError) as refusal:
        await dead.check()
    assert refusal.value.status == 503
    assert "réessayez" in refusal.value.message


async def test_files_are_private_and_the_folder_is_made_at_need(tmp_path: Path, in_pieces: Pieces) -> None:
    store, key = FolderStore(tmp_path / "var" / "objets"), uuid4()
    await store.put(key, in_pieces(b"x"))
    path = tmp_path / "var" / "objets" / key.hex[-2:] / str(key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_what_a_killed_put_left_in_the_folder_is_purged_once_old(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    left = tmp_path / "en-cours" / "reste"
    left.parent.mkdir()
    left.write_bytes(b"x")
    assert await store.purge_unfinished(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert await store.purge_unfinished(FUTURE) == 1
    assert not left.exists()


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "objets").write_text("a file, not a folder")
    with pytest.raises(StoreUnavailableError):
        await FolderStore(tmp_path / "objets").check()


@pytest.mark.serveur
async def test_what_a_killed_multipart_left_is_purged(ministack: S3Settings) -> None:
    store = S3Store(ministack)
    await store.call("create_multipart_upload", Key=str(uuid4()))
    assert await store.purge_unfinished(FUTURE) == 1
    assert await store.purge_unfinished(FUTURE) == 0


async def test_what_holds_the_objects_is_made_when_asked_and_said_to_be_missing_before(
    request: pytest.FixtureRequest, tmp_path: Path, in_pieces: Pieces
) -> None:
    assert await FolderStore(tmp_path / "neuf").prepare()
    found: S3Settings = request.getfixturevalue("ministack")
    store = S3Store(replace(found, bucket="neuf"))
    with pytest.raises(BucketMissingError):
        await store.check()
    assert await store.prepare()
    assert not await store.prepare()
    await store.check()
    assert await store.put(uuid4(), in_pieces(b"abc")) == 3
