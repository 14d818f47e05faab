"""Reads uploads from the request as they come: counted, bounded, and never written to a disk in clear.

Each file is held in memory once, whole, because it is checked before it is encrypted and stored; the size
limit of a file (usually 10 MB) and the number of uploads held at once (`UploadPlaces`) bound that memory.
Starlette's own form parser is not used: it spools files in clear to the temporary folder.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.socle.errors import BusinessError, InvalidInputError, UnavailableError
from app.socle.langues import N_, phrase

MEGA = 1_000_000
# Bodies up to this size are read whole, then cut.
PETIT = 256 * 1024
_HEADER = re.compile(rb"([A-Za-z-]+): ([\x20-\x7e\x80-\xff]*)")
_PLAIN = re.compile(rb'form-data; name="([^"\\%]*)"(?:; filename="([^"\\%]*)")?')


class BodyTooHeavyError(BusinessError):
    """The whole request is heavier than allowed; said before reading it when it announces its size."""

    status = 413
    code = "envoi_trop_lourd"

    def __init__(self, limit: int) -> None:
        super().__init__(
            phrase(
                N_(
                    "Votre envoi dépasse %(taille)s. Joignez moins de fichiers à la fois, ou des fichiers plus "
                    "légers."
                ),
                taille=_in_mega(limit),
            )
        )


class FileTooHeavyError(InvalidInputError):
    """One file is heavier than its limit; the sentence goes beside its field."""

    code = "fichier_trop_lourd"

    def __init__(self, limit: int) -> None:
        super().__init__(
            phrase(
                N_(
                    "Ce fichier dépasse %(taille)s. Prenez une photo moins détaillée du document, ou "
                    "enregistrez-le en PDF de plus petite taille."
                ),
                taille=_in_mega(limit),
            )
        )


class BodyCutError(InvalidInputError):
    """The request stopped before its end: nothing of it is kept."""

    status = 400
    code = "envoi_interrompu"

    def __init__(self) -> None:
        super().__init__(
            N_("L’envoi s’est interrompu avant la fin et rien n’a été enregistré. Recommencez l’envoi.")
        )


class FieldTooLongError(InvalidInputError):
    """A text field is longer than any question takes."""

    status = 413
    code = "reponse_trop_longue"

    def __init__(self, limit: int) -> None:
        super().__init__(
            phrase(
                N_(
                    "Une de vos réponses est trop longue pour être reçue : %(nombre)s caractères au plus. "
                    "Raccourcissez-la, ou joignez un document. Rien de cet envoi n’a été enregistré."
                ),
                nombre=f"{limit:,}".replace(",", "\u202f"),
            )
        )


class MalformedBodyError(InvalidInputError):
    """The request is not the form it says it is."""

    status = 400
    code = "envoi_illisible"

    def __init__(self) -> None:
        super().__init__(N_("Votre envoi n’a pas pu être lu. Rechargez la page, puis recommencez."))


class UploadsBusyError(UnavailableError):
    """As many uploads as memory allows are being received."""

    code = "trop_d_envois"

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Beaucoup de personnes envoient des fichiers en ce moment. Réessayez dans une minute : ce que vous "
                "avez déjà enregistré est conservé."
            )
        )


@dataclass(frozen=True)
class FormLimits:
    """Bounds of one form, in bytes and numbers."""

    poids_max: int = 10 * MEGA
    total_max: int = 50 * MEGA
    files_max: int = 20
    fields_max: int = 8_000
    field_max: int = 100_000


@dataclass(frozen=True)
class TextPart:
    """A text field of the form."""

    name: str
    value: str


@dataclass(frozen=True)
class FilePart:
    """A file of the form, whole, in memory. An input left empty gives an empty name and no data.

    `filename` is as the browser sent it: make it safe before any use. A file over its limit is received to
    its end, so that the page can say it beside the field, but not kept: `content` raises then.
    """

    name: str
    filename: str
    too_heavy: bool = False
    limit: int = 0
    data: bytes = field(default=b"", repr=False)

    def content(self) -> bytes:
        """The bytes; FileTooHeavyError if the file is over its limit."""
        if self.too_heavy:
            raise FileTooHeavyError(self.limit)
        return self.data


class UploadPlaces:
    """How many uploads a process receives at once, and how long one may take (seconds)."""

    def __init__(self, places: int = 24, seconds: float = 600) -> None:
        self._places, self._seconds = places, seconds
        self._taken = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold a place during an upload; UploadsBusyError if none is free, BodyCutError if too slow."""
        if self._taken >= self._places:
            raise UploadsBusyError
        self._taken += 1
        try:
            with anyio.move_on_after(self._seconds) as limit:
                yield
            if limit.cancelled_caught:
                raise BodyCutError
        finally:
            self._taken -= 1


async def read_body(body: AsyncIterable[bytes], content_length: str | None, poids_max: int) -> bytes:
    """A whole raw body (PUT of one file); refuses unread one that announces more than `poids_max`.

    Refuses too a body that grows past the limit, or that is shorter than it announced.
    """
    announced = _announced(content_length, poids_max, FileTooHeavyError)
    received = bytearray()
    async for chunk in _chunks(body):
        received += chunk
        if len(received) > poids_max:
            raise FileTooHeavyError(poids_max)
    if announced is not None and len(received) != announced:
        raise BodyCutError
    return bytes(received)


async def read_form(
    body: AsyncIterable[bytes], content_type: str, content_length: str | None, limits: FormLimits
) -> AsyncGenerator[TextPart | FilePart]:
    """The parts of a multipart/form-data body, in order, each as soon as it is whole.

    Refuses before reading a body that announces more than `total_max` (BodyTooHeavyError), while reading
    one that grows past it, one that is not such a form (MalformedBodyError), one that is cut
    (BodyCutError). What was given before a refusal must be dropped: act on the form only once it has come
    to its end.
    """
    announced = _announced(content_length, limits.total_max, BodyTooHeavyError)
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise MalformedBodyError
    parts = _Parts(boundary, limits)
    if announced is not None and announced <= PETIT:
        for part in parts.whole(await _gathered(body, announced)):
            yield part
        return
    received = 0
    async for chunk in _chunks(body):
        received += len(chunk)
        if received > limits.total_max:
            raise BodyTooHeavyError(limits.total_max)
        for part in parts.feed(chunk):
            yield part
    if not parts.ended or (announced is not None and received != announced):
        raise BodyCutError


class _Parts:
    """Turns the parser's callbacks into whole parts."""

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        self._boundary, self._limits = boundary, limits
        self._done: list[TextPart | FilePart] = []
        self._files = self._fields = 0
        self._headers: dict[str, bytes] = {}
        self._header_name, self._header_value = b"", b""
        self._name, self._filename = "", ""
        self._is_file = self._over = False
        self._data = bytearray()
        self.ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def whole(self, body: bytes) -> list[TextPart | FilePart]:
        """The parts of a small body, cut at its boundary; one that is not plainly written goes through the parser."""
        cut = _cut(body, self._boundary)
        if cut is None:
            done = self.feed(body)
            if not self.ended:
                raise BodyCutError
            return done
        for headers, data in cut:
            self._on_part_begin()
            self._headers = headers
            self._on_headers_finished()
            self._on_part_data(data, 0, len(data))
            self._on_part_end()
        return self._done

    def feed(self, chunk: bytes) -> list[TextPart | FilePart]:
        """The parts that this chunk completes."""
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise MalformedBodyError from None
        done, self._done = self._done, []
        return done

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._data = bytearray()
        self._over = False

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        kind, options = _disposition(self._headers.get("content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise MalformedBodyError
        self._is_file = b"filename" in options
        self._name = options[b"name"].decode("utf-8", "replace")
        self._filename = options.get(b"filename", b"").decode("utf-8", "replace")
        self._files += self._is_file
        self._fields += not self._is_file
        if self._files > self._limits.files_max or self._fields > self._limits.fields_max:
            raise MalformedBodyError

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._over:
            return
        self._data += memoryview(data)[start:end]
        if len(self._data) > (self._limits.poids_max if self._is_file else self._limits.field_max):
            if not self._is_file:
                raise FieldTooLongError(self._limits.field_max)
            self._over = True
            self._data = bytearray()

    def _on_part_end(self) -> None:
        if not self._is_file:
            self._done.append(TextPart(self._name, self._data.decode("utf-8", "replace")))
            return
        limit = self._limits.poids_max
        self._done.append(FilePart(self._name, self._filename, self._over, limit, bytes(self._data)))
        self._data = bytearray()

    def _on_end(self) -> None:
        self.ended = True


async def _gathered(body: AsyncIterable[bytes], announced: int) -> bytes:
    """A small body whole; BodyCutError when it is not as long as it said."""
    received = bytearray()
    async for chunk in _chunks(body):
        received += chunk
        if len(received) > announced:
            break
    if len(received) != announced:
        raise BodyCutError
    return bytes(received)


def _cut(body: bytes, boundary: bytes) -> list[tuple[dict[str, bytes], bytes]] | None:
    """The parts of a body as every browser writes it: headers and data; None for any other."""
    mark = b"--" + boundary
    start, between, end = mark + b"\r\n", b"\r\n" + mark + b"\r\n", b"\r\n" + mark + b"--"
    inner, _, tail = body.rpartition(end)
    if not inner.startswith(start) or tail not in (b"", b"\r\n"):
        return None
    chunks = inner[len(start) :].split(between)
    if inner.count(b"\r\n" + mark) != len(chunks) - 1:
        return None
    found = []
    for chunk in chunks:
        head, blank, data = chunk.partition(b"\r\n\r\n")
        lines = [_HEADER.fullmatch(line) for line in head.split(b"\r\n")]
        if not blank or None in lines:
            return None
        found.append(({m[1].decode("ascii").lower(): m[2] for m in lines if m}, data))
    return found


def _disposition(header: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """What a part says of itself. What browsers write is read at once; anything else as the standard says."""
    plain = _PLAIN.fullmatch(header)
    if plain is None:
        return parse_options_header(header)
    name, filename = plain.groups()
    return b"form-data", {b"name": name} if filename is None else {b"name": name, b"filename": filename}


async def _chunks(body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in body:
            yield chunk
    except ClientDisconnect:
        raise BodyCutError from None


def _announced(
    content_length: str | None, limit: int, refusal: type[BodyTooHeavyError] | type[FileTooHeavyError]
) -> int | None:
    if content_length is None:
        return None
    if not (content_length.isascii() and content_length.isdigit() and len(content_length) < 19):
        raise MalformedBodyError
    if int(content_length) > limit:
        raise refusal(limit)
    return int(content_length)


def _in_mega(size: int) -> str:
    return f"{size / MEGA:.3g}".replace(".", ",") + "\u00a0Mo"
