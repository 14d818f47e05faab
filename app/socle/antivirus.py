"""The virus scanner behind a port: clamd over a socket, or none when `KUMUN_CLAMD_URL` is empty.

Three verdicts, because "not scanned" is neither clean nor infected. Once a scanner is configured, what it
did not scan is refused: a scanner that is down or a file beyond its limits never lets a file through.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketStream

from app.socle.errors import InvalidInputError, UnavailableError

CHUNK = 128 * 1024
CONNECT_SECONDS = 5.0
SCAN_SECONDS = 60.0
MAX_ANSWER = 4096
# Verdicts of clamd that say "I did not look inside" rather than "I found".
_NOT_SCANNED = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")


class Verdict(StrEnum):
    """What is known of a file."""

    SAIN = "sain"
    INFECTE = "infecte"
    NON_ANALYSE = "non_analyse"


@dataclass(frozen=True)
class Analyse:
    """A verdict, and what the scanner said: a signature's name, or why it did not scan."""

    verdict: Verdict
    detail: str = ""


class InfectedPieceError(InvalidInputError):
    """The scanner recognised something harmful in the piece."""

    code = "piece_infectee"


class ScanUnavailableError(UnavailableError):
    """The scanner is configured but gave no verdict."""

    code = "analyse_indisponible"


class Antivirus(Protocol):
    """A scanner. `obligatoire` tells whether a file without verdict must be refused."""

    obligatoire: bool

    async def analyse(self, data: bytes) -> Analyse:
        """The verdict on these bytes; never raises for a scanner that fails, it did not scan."""
        ...


class NoAntivirus:
    """No scanner: everything is « non analysé », and pages that show a piece say so."""

    obligatoire = False

    async def analyse(self, data: bytes) -> Analyse:
        """Not scanned."""
        return Analyse(Verdict.NON_ANALYSE, "no scanner")


class ClamdAntivirus:
    """clamd at `unix:///path` or `tcp://host:port`, one connection per scan (command INSTREAM)."""

    obligatoire = True

    def __init__(
        self, url: str, *, connect_seconds: float = CONNECT_SECONDS, scan_seconds: float = SCAN_SECONDS
    ) -> None:
        parts = urlsplit(url)
        known = (parts.scheme == "unix" and parts.path) or (
            parts.scheme == "tcp" and parts.hostname and parts.port
        )
        if not known:
            raise ValueError("KUMUN_CLAMD_URL must be unix:///path or tcp://host:port")
        self._parts = parts
        self._connect_seconds, self._scan_seconds = connect_seconds, scan_seconds

    async def analyse(self, data: bytes) -> Analyse:
        """The verdict of clamd; not scanned when it is silent, too slow, or says so."""
        try:
            answer = await self._ask(b"zINSTREAM\0", _framed(data))
        except (OSError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            return Analyse(Verdict.NON_ANALYSE, f"clamd does not answer: {type(error).__name__}")
        return _read_verdict(answer)

    async def version(self) -> str:
        """Version of the engine and date of its signatures, for health pages; raises ScanUnavailableError."""
        try:
            return await self._ask(b"zVERSION\0", iter(()))
        except (OSError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            raise ScanUnavailableError("L’antivirus ne répond pas.") from error

    async def _ask(self, command: bytes, frames: Iterator[bytes]) -> str:
        with anyio.fail_after(self._connect_seconds):
            stream = await self._connect()
        async with stream:
            with anyio.fail_after(self._scan_seconds):
                try:
                    await stream.send(command)
                    for frame in frames:
                        await stream.send(frame)
                except (anyio.BrokenResourceError, OSError):
                    # clamd hangs up on a file over its limit, after saying so: read what it said.
                    return await _receive(stream)
                return await _receive(stream)

    async def _connect(self) -> SocketStream:
        if self._parts.scheme == "unix":
            return await anyio.connect_unix(self._parts.path)
        return await anyio.connect_tcp(self._parts.hostname or "", self._parts.port or 0)


def make_antivirus(url: str) -> Antivirus:
    """The scanner that the setting names; none when it is empty."""
    return ClamdAntivirus(url) if url else NoAntivirus()


async def check_piece(antivirus: Antivirus, data: bytes) -> Analyse:
    """The verdict on a piece to keep; refuses an infected one, and an unscanned one if scanning is due."""
    found = await antivirus.analyse(data)
    if found.verdict is Verdict.INFECTE:
        raise InfectedPieceError(
            "Notre antivirus a reconnu un programme nuisible dans ce fichier\u00a0: "
            "il n’a pas été enregistré. Analysez votre appareil, puis joignez une autre copie "
            "ou une photo du document."
        )
    if found.verdict is Verdict.NON_ANALYSE and antivirus.obligatoire:
        raise ScanUnavailableError(
            "Ce fichier n’a pas pu être analysé par notre antivirus et n’a pas été enregistré. "
            "Réessayez dans quelques minutes\u00a0; si cela recommence, joignez une photo du document."
        )
    return found


def _framed(data: bytes) -> Iterator[bytes]:
    """Chunks, each after its length in four bytes, then a length of zero."""
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        yield struct.pack(">I", len(chunk)) + chunk
    yield struct.pack(">I", 0)


async def _receive(stream: SocketStream) -> str:
    answer = b""
    while b"\0" not in answer:
        answer += await stream.receive()
        if len(answer) > MAX_ANSWER:
            raise OSError("endless answer")
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _read_verdict(answer: str) -> Analyse:
    """`stream: OK`, `stream: <signature> FOUND`; anything else is not a verdict."""
    if answer == "stream: OK":
        return Analyse(Verdict.SAIN)
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        name = answer.removeprefix("stream: ").removesuffix(" FOUND")
        if name.startswith(_NOT_SCANNED):
            return Analyse(Verdict.NON_ANALYSE, name)
        return Analyse(Verdict.INFECTE, name)
    return Analyse(Verdict.NON_ANALYSE, answer)
