"""The object store on any S3 server; the only file that knows boto3.

Asks of the server no more than put, get, range, head, delete, list and multipart. Write-once is
`If-None-Match: *`, integrity in transit is `Content-MD5`: the two that every server tried refuses rightly
(docs/security.md).
"""

import base64
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import anyio
import anyio.to_thread
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.socle.storage.errors import (
    BucketMissingError,
    ObjectExistsError,
    ObjectMissingError,
    StoreUnavailableError,
)

T = TypeVar("T")
# Above this an object goes by multipart, in parts of this size; servers ask for 5 MiB at least.
PART_SIZE = 8 * 1024 * 1024
CHUNK = 1024 * 1024
THREADS = 16
CHECK_SECONDS = 5
_TAKEN = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
_MISSING = {"NoSuchKey", "404", "NotFound"}


@dataclass(frozen=True)
class S3Settings:
    """How to reach a bucket; it must exist, or be made by `S3Store.prepare`."""

    endpoint_url: str
    bucket: str
    region: str
    access_key_id: str
    secret_access_key: str


class S3Store:
    """Objects in a bucket, keys as their uuid's text. boto3 blocks, so each call takes one of 16 threads."""

    def __init__(self, settings: S3Settings) -> None:
        self._bucket, self._region = settings.bucket, settings.region
        self._limiter = anyio.CapacityLimiter(THREADS)
        # A session of our own: no profile, environment or instance credentials get in.
        self._client: Any = boto3.session.Session(
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            region_name=settings.region,
        ).client(
            "s3",
            endpoint_url=settings.endpoint_url,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=THREADS,
            ),
        )

    async def put(self, key: UUID, chunks: AsyncIterable[bytes]) -> int:
        """Store a new object durably and return its size; ObjectExistsError if the key is taken."""
        pending, upload = bytearray(), None
        try:
            async for chunk in chunks:
                pending += chunk
                while len(pending) > PART_SIZE:
                    upload = upload or await _Multipart.start(self, key)
                    await upload.add(bytes(pending[:PART_SIZE]))
                    del pending[:PART_SIZE]
            if upload is None:
                await self._put_at_once(key, bytes(pending))
                return len(pending)
            await upload.add(bytes(pending))
            await upload.complete()
        except BaseException:
            if upload is not None:
                with anyio.CancelScope(shield=True):
                    await upload.abort()
            raise
        return upload.size

    async def get(self, key: UUID, start: int = 0, end: int | None = None) -> "_S3Object":
        """Open bytes `start` to `end` (excluded; None = to the end); ObjectMissingError if there is none."""
        if start == 0 and end is None:
            answer = await self.call("get_object", Key=str(key))
            return _S3Object(answer["Body"], answer["ContentLength"], self._limiter)
        if end is not None and end <= start:
            return _S3Object(None, await self.size(key), self._limiter)
        last = "" if end is None else end - 1
        try:
            answer = await self.call("get_object", Key=str(key), Range=f"bytes={start}-{last}")
        except _RangeError:
            return _S3Object(None, await self.size(key), self._limiter)
        whole = answer.get("ContentRange")
        size = int(whole.rpartition("/")[2]) if whole else answer["ContentLength"]
        return _S3Object(answer["Body"], size, self._limiter)

    async def size(self, key: UUID) -> int:
        """Size in bytes; ObjectMissingError if there is none."""
        return int((await self.call("head_object", Key=str(key)))["ContentLength"])

    async def delete(self, key: UUID) -> None:
        """Remove the object; nothing happens if there is none."""
        try:
            await self.call("delete_object", Key=str(key))
        except ObjectMissingError:
            return

    async def keys(self, prefix: str = "") -> AsyncIterator[UUID]:
        """Keys whose text starts with `prefix`."""
        more: dict[str, str] = {}
        while True:
            page = await self.call("list_objects_v2", Prefix=prefix, **more)
            for entry in page.get("Contents", []):
                yield UUID(entry["Key"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def purge_unfinished(self, before: datetime) -> int:
        """Abort multipart uploads begun before that instant; returns how many."""
        page = await self.call("list_multipart_uploads")
        old = [upload for upload in page.get("Uploads", []) if upload["Initiated"] < before]
        for upload in old:
            await self.call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
        return len(old)

    async def check(self) -> None:
        """Return if the bucket exists and our credentials open it."""
        head = partial(self._client.head_bucket, Bucket=self._bucket)
        try:
            with anyio.fail_after(CHECK_SECONDS):
                await _in_thread(head, self._limiter, abandon=True)
        except TimeoutError as error:
            raise StoreUnavailableError("no answer in time") from error
        except ObjectMissingError as error:
            raise BucketMissingError(self._bucket) from error

    async def prepare(self) -> bool:
        """Create the bucket if there is none; whether there was none. StoreUnavailableError if we may not."""
        try:
            await self.check()
        except BucketMissingError:
            # Servers refuse the name of the default region, and want that of any other (S3, CreateBucket).
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
            await self.call("create_bucket", **({} if self._region == "us-east-1" else elsewhere))
            return True
        return False

    async def call(self, operation: str, **arguments: Any) -> Any:
        """One S3 operation on our bucket in a thread, its errors turned into ours."""
        method = getattr(self._client, operation)
        return await _in_thread(partial(method, Bucket=self._bucket, **arguments), self._limiter)

    async def holds(self, key: UUID, etag: str) -> bool:
        """Whether the object under this key has this ETag, so was put by an attempt whose answer was lost."""
        try:
            found = await self.call("head_object", Key=str(key))
        except ObjectMissingError:
            return False
        return bool(found["ETag"].strip('"') == etag)

    async def _put_at_once(self, key: UUID, data: bytes) -> None:
        digest = _md5(data)
        try:
            await self.call(
                "put_object",
                Key=str(key),
                Body=data,
                ContentMD5=_b64(digest),
                IfNoneMatch="*",
                ContentType="application/octet-stream",
            )
        except ObjectExistsError:
            # boto3 repeats a request whose answer was lost, and the second is refused by the first: two
            # ciphertexts are never alike, so the same bytes there can only be ours.
            if not await self.holds(key, digest.hex()):
                raise


class _Multipart:
    """One multipart upload: parts in order, then complete or abort."""

    def __init__(self, store: S3Store, key: UUID, upload_id: str) -> None:
        self._store, self._key, self._id = store, key, upload_id
        self._parts: list[dict[str, Any]] = []
        self._digests = b""
        self.size = 0

    @classmethod
    async def start(cls, store: S3Store, key: UUID) -> "_Multipart":
        # Write-once is checked again at the end; this spares sending a big object for nothing.
        try:
            await store.size(key)
        except ObjectMissingError:
            pass
        else:
            raise ObjectExistsError(str(key))
        answer = await store.call(
            "create_multipart_upload", Key=str(key), ContentType="application/octet-stream"
        )
        return cls(store, key, answer["UploadId"])

    async def add(self, data: bytes) -> None:
        number, digest = len(self._parts) + 1, _md5(data)
        answer = await self._store.call(
            "upload_part",
            Key=str(self._key),
            UploadId=self._id,
            PartNumber=number,
            Body=data,
            ContentMD5=_b64(digest),
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._digests += digest
        self.size += len(data)

    async def complete(self) -> None:
        try:
            await self._store.call(
                "complete_multipart_upload",
                Key=str(self._key),
                UploadId=self._id,
                IfNoneMatch="*",
                MultipartUpload={"Parts": self._parts},
            )
        except (ObjectExistsError, ObjectMissingError):
            if not await self._store.holds(self._key, f"{_md5(self._digests).hex()}-{len(self._parts)}"):
                raise

    async def abort(self) -> None:
        try:
            await self._store.call("abort_multipart_upload", Key=str(self._key), UploadId=self._id)
        except (ObjectMissingError, StoreUnavailableError):
            # The caller's error matters more; `purge_unfinished` removes what stays.
            return


class _S3Object:
    """A body being received, or nothing when the range asked for is empty."""

    def __init__(self, body: Any, size: int, limiter: anyio.CapacityLimiter) -> None:
        self.size = size
        self._body, self._limiter = body, limiter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._body is not None:
            data = await _in_thread(lambda: self._body.read(CHUNK), self._limiter)
            if not data:
                return
            yield data

    async def aclose(self) -> None:
        """Close the connection; what was not read is not fetched."""
        if self._body is not None:
            self._body.close()


class _RangeError(Exception):
    """The range starts after the end of the object."""


async def _in_thread(call: Callable[[], T], limiter: anyio.CapacityLimiter, *, abandon: bool = False) -> T:
    try:
        return await anyio.to_thread.run_sync(call, limiter=limiter, abandon_on_cancel=abandon)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING or code == "NoSuchUpload":
            raise ObjectMissingError(code) from error
        if code in _TAKEN:
            raise ObjectExistsError(code) from error
        if code in {"InvalidRange", "416"}:
            raise _RangeError from error
        # Among them wrong credentials: for a reader, a store that we may not use does not answer.
        raise StoreUnavailableError(f"{error.operation_name}: {code}") from error
    except (BotoCoreError, OSError) as error:
        raise StoreUnavailableError(str(error)) from error


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
