"""Uploads are read as they come, counted, refused early, and refused when cut."""

import tempfile
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from app.socle.errors import BusinessError
from app.socle.televersement import (
    BodyCutError,
    BodyTooHeavyError,
    FilePart,
    FileTooHeavyError,
    FormLimits,
    MalformedBodyError,
    TextPart,
    UploadPlaces,
    read_body,
    read_form,
)
from app.socle.televersement.lecture import FieldTooLongError, UploadsBusyError

pytestmark = pytest.mark.anyio
BOUNDARY = "----WebKitFormBoundaryAbC123"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
SMALL = FormLimits(poids_max=1000, total_max=5000, files_max=2, fields_max=3, field_max=100)
NAME = "Carte d’identité 🪪 « née 𠮷 ».pdf"


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, filename, data in parts:
        disposition = f'form-data; name="{name}"'
        if filename is not None:
            disposition += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


async def body_of(data: bytes, step: int = 700) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]
    yield b""


async def unread() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


async def parts_of(data: bytes, limits: FormLimits = SMALL, step: int = 700, length: Any = None) -> list[Any]:
    return [part async for part in read_form(body_of(data, step), TYPE, length, limits)]


FORM = form(
    ("nom", None, "Le Goff, Aïcha".encode()), ("piece", NAME, bytes(range(256)) * 3), ("vide", "", b"")
)
PARTS = [
    TextPart("nom", "Le Goff, Aïcha"),
    FilePart("piece", NAME, limit=1000, data=bytes(range(256)) * 3),
    FilePart("vide", "", limit=1000),
]


async def test_fields_and_files_come_in_order() -> None:
    assert await parts_of(FORM, length=str(len(FORM))) == PARTS


@given(step=st.integers(1, 300))
def test_wherever_the_network_cuts_the_chunks(step: int) -> None:
    assert anyio.run(parts_of, FORM, SMALL, step) == PARTS


async def test_a_part_is_given_before_the_rest_of_the_body_comes() -> None:
    seen: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        yield FORM[:-10]
        seen.append("end sent")
        yield FORM[-10:]

    async for part in read_form(body(), TYPE, None, SMALL):
        seen.append(part.name)
    assert seen.index("nom") < seen.index("end sent")


async def test_no_file_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", None)
    monkeypatch.setattr(tempfile, "TemporaryFile", None)
    big = form(("piece", "grand.pdf", b"x" * 5_000_000))
    (part,) = await parts_of(big, FormLimits(), 65_536)
    assert len(part.content()) == 5_000_000


async def test_a_heavy_file_is_said_beside_its_field_and_the_others_are_kept() -> None:
    heavy, light = await parts_of(form(("a", "a.pdf", b"x" * 1001), ("b", "b.pdf", b"y" * 1000)))
    assert heavy.too_heavy
    assert heavy.data == b""
    with pytest.raises(FileTooHeavyError, match="dépasse"):
        heavy.content()
    assert light.content() == b"y" * 1000


async def test_a_body_that_announces_too_much_is_refused_unread() -> None:
    with pytest.raises(BodyTooHeavyError) as refusal:
        await anext(read_form(unread(), TYPE, "5001", SMALL))
    assert refusal.value.status == 413
    with pytest.raises(FileTooHeavyError):
        await read_body(unread(), "1001", 1000)


async def test_a_body_that_lies_on_its_size_is_stopped() -> None:
    with pytest.raises(BodyTooHeavyError):
        await parts_of(form(*[("a", "a.pdf", b"x" * 900)] * 2) + b"z" * 5000)
    with pytest.raises(FileTooHeavyError):
        await read_body(body_of(b"x" * 1001), None, 1000)


@pytest.mark.parametrize("kept", [0, 1, 60, 150, 400, len(FORM) - 30, len(FORM) - 5])
async def test_a_cut_body_is_refused(kept: int) -> None:
    with pytest.raises(BodyCutError):
        await parts_of(FORM[:kept])


async def test_a_body_shorter_than_announced_is_refused() -> None:
    with pytest.raises(BodyCutError):
        await parts_of(FORM, length=str(len(FORM) + 1))
    with pytest.raises(BodyCutError):
        await read_body(body_of(b"x" * 9), "10", 1000)
    assert await read_body(body_of(b"x" * 10), "10", 1000) == b"x" * 10
    assert await read_body(body_of(b""), None, 1000) == b""


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=a",
        f"multipart/form-data; boundary={'b' * 300}",
    ],
)
async def test_another_type_of_body_is_refused_unread(content_type: str) -> None:
    with pytest.raises(MalformedBodyError):
        await anext(read_form(unread(), content_type, None, SMALL))


@pytest.mark.parametrize(
    "body",
    [
        b"nothing like a form",
        f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--{BOUNDARY}--\r\n'.encode(),
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        form(*[("a", "a.pdf", b"x")] * 3),
        form(*[("a", None, b"x")] * 4),
        form(("a" * 6000, None, b"x")),
    ],
    ids=["noise", "no disposition", "attachment", "no name", "files", "fields", "long header"],
)
async def test_what_is_no_sane_form_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        await parts_of(body, FormLimits(1000, 50_000, 2, 3, 100))


async def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(FieldTooLongError):
        await parts_of(form(("a", None, b"x" * 101)), FormLimits(1000, 50_000, 2, 3, 100))


@pytest.mark.parametrize("length", ["-1", "1e3", "", "٣", "9" * 30])
async def test_an_odd_content_length_is_refused(length: str) -> None:
    with pytest.raises((MalformedBodyError, BodyTooHeavyError)):
        await anext(read_form(unread(), TYPE, length, SMALL))


async def test_uploads_beyond_the_places_are_told_to_come_back() -> None:
    places = UploadPlaces(places=1)
    async with places.taken():
        with pytest.raises(UploadsBusyError):
            async with places.taken():
                raise AssertionError
    async with places.taken():
        pass


async def test_an_upload_that_lasts_for_ever_gives_its_place_back() -> None:
    places = UploadPlaces(places=1, seconds=0.05)

    async def crawl() -> None:
        async with places.taken():
            await anyio.sleep_forever()

    with pytest.raises(BodyCutError):
        await crawl()
    async with places.taken():
        pass


async def test_what_a_real_client_sends_to_a_real_endpoint() -> None:
    app = FastAPI()

    @app.post("/depot")
    async def depot(request: Request) -> dict[str, Any]:
        headers = request.headers
        form = read_form(
            request.stream(), headers["content-type"], headers.get("content-length"), FormLimits()
        )
        parts = [part async for part in form]
        return {part.name: part.value if isinstance(part, TextPart) else len(part.data) for part in parts}

    @app.put("/piece")
    async def piece(request: Request) -> int:
        return len(await read_body(request.stream(), request.headers.get("content-length"), 2_000_000))

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://guingamp.localhost") as client:
        files = {"piece": (NAME, b"x" * 1_500_000, "application/pdf")}
        answer = await client.post("/depot", data={"nom": "Aïcha"}, files=files)
        assert answer.json() == {"nom": "Aïcha", "piece": 1_500_000}
        assert (await client.put("/piece", content=b"y" * 1_000_000)).json() == 1_000_000


async def test_a_client_that_leaves_is_a_cut_body() -> None:
    async def leaving() -> AsyncIterator[bytes]:
        yield FORM[:200]
        raise ClientDisconnect

    with pytest.raises(BodyCutError):
        await read_body(leaving(), None, 1000)
    parts = read_form(leaving(), TYPE, None, SMALL)
    with pytest.raises(BodyCutError):
        [part async for part in parts]


_MARK = f"--{BOUNDARY}".encode()
ODD = (
    b"",
    _MARK + b"--\r\n",
    FORM[:-2],
    FORM[:-6],
    FORM + b"after",
    b"before\r\n" + FORM,
    FORM.replace(b"; name", b";name"),
    FORM.replace(b": form-data", b":form-data"),
    FORM.replace(b"Content-Disposition", b"content-disposition"),
    FORM.replace(b'name="nom"', b'name="n\\"m"'),
    FORM.replace(b'name="nom"', b'name="n%22m"'),
    FORM.replace(b'name="nom"', b"name=nom"),
    FORM.replace(b'name="nom"', b'nom="nom"'),
    FORM.replace(b"\r\n\r\nLe Goff", b"\r\nX-Long: a\r\n b\r\n\r\nLe Goff"),
    form(("a", None, b"\r\n" + _MARK + b"x")),
    form(("a", None, b"\r\n\r\nx\r\n\r\n"), ("b", None, b"--"), ("c", None, _MARK)),
    form(("a", None, b"x" * 101)),
    form(*[("a", None, b"")] * 4),
    form(("a", "f", b"x" * 1001)),
)


@pytest.mark.parametrize("body", ODD)
async def test_a_form_that_says_its_length_is_read_as_one_that_does_not(body: bytes) -> None:
    async def read(length: str | None) -> Any:
        try:
            return await parts_of(body, length=length)
        except BusinessError as refusal:
            return type(refusal)

    assert await read(str(len(body))) == await read(None)
