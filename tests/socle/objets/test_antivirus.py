"""The clamd client against a strict stand-in that speaks its protocol, and Debian's clamd where installed.

The real one runs with one hand-made signature, that of the EICAR test file, so it is ready at once.
"""

import shutil
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream

from app.socle.antivirus import (
    Analyse,
    ClamdAntivirus,
    InfectedPieceError,
    NoAntivirus,
    ScanUnavailableError,
    Verdict,
    check_piece,
    make_antivirus,
)

from .serveurs import free_port, process

pytestmark = pytest.mark.anyio
# Split, so that no scanner takes this file for the test virus.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CLAMD = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
LIMIT = 1_000_000


class FauxClamd:
    """Reads INSTREAM as clamd does, and answers as it does; `answer` imposes another answer."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer = answer

    async def serve(self, stream: SocketStream) -> None:
        async with stream:
            buffer = bytearray()
            command = await self._until(stream, buffer, b"\0")
            if command == b"zVERSION":
                await stream.send(b"ClamAV 1.4.6/27800/Sun Nov 22 08:00:00 2026\0")
                return
            assert command == b"zINSTREAM"
            received = bytearray()
            while size := struct.unpack(">I", await self._take(stream, buffer, 4))[0]:
                received += await self._take(stream, buffer, size)
                if len(received) > LIMIT:
                    await stream.send(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            assert not buffer
            await stream.send(self.answer if self.answer is not None else self._verdict(bytes(received)))

    def _verdict(self, data: bytes) -> bytes:
        return b"stream: Portail.Test.EICAR.NDB.UNOFFICIAL FOUND\0" if EICAR in data else b"stream: OK\0"

    async def _take(self, stream: SocketStream, buffer: bytearray, size: int) -> bytes:
        while len(buffer) < size:
            buffer += await stream.receive()
        taken = bytes(buffer[:size])
        del buffer[:size]
        return taken

    async def _until(self, stream: SocketStream, buffer: bytearray, end: bytes) -> bytes:
        while end not in buffer:
            buffer += await stream.receive()
        return (await self._take(stream, buffer, buffer.index(end) + 1))[:-1]


@asynccontextmanager
async def served(handler: Callable[[SocketStream], object]) -> AsyncIterator[str]:
    port = free_port()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handler)
        yield f"tcp://127.0.0.1:{port}"
        group.cancel_scope.cancel()


@asynccontextmanager
async def real_clamd(root: Path) -> AsyncIterator[str]:
    (root / "signatures").mkdir()
    (root / "signatures" / "eicar.ndb").write_text(f"Portail.Test.EICAR.NDB:0:*:{EICAR.hex()}\n")
    port = free_port()
    (root / "clamd.conf").write_text(
        f"TCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\nDatabaseDirectory {root}/signatures\n"
        f"StreamMaxLength {LIMIT}\nMaxFileSize {LIMIT}\nAlertExceedsMax yes\nAlertEncrypted yes\n"
    )
    with process([str(CLAMD), f"--config-file={root}/clamd.conf"], root / "clamd.log", {"HOME": str(root)}):
        for _ in range(150):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await anyio.sleep(0.1)
        yield f"tcp://127.0.0.1:{port}"


@pytest.fixture(params=["stand-in", *([pytest.param("clamd", marks=pytest.mark.serveur)] if CLAMD else [])])
async def scanner(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClamdAntivirus]:
    server = served(FauxClamd().serve) if request.param == "stand-in" else real_clamd(tmp_path)
    async with server as url:
        yield ClamdAntivirus(url, connect_seconds=2, scan_seconds=10)


async def test_verdicts_on_clean_infected_empty_and_too_large(scanner: ClamdAntivirus) -> None:
    assert (await scanner.analyse(b"%PDF-1.7 rien " * 30_000)).verdict is Verdict.SAIN
    assert (await scanner.analyse(b"")).verdict is Verdict.SAIN
    for data in (EICAR, b"a" * 300_000 + EICAR):
        found = await scanner.analyse(data)
        assert found.verdict is Verdict.INFECTE
        assert "EICAR" in found.detail
    assert (await scanner.analyse(b"x" * (8 * LIMIT))).verdict is Verdict.NON_ANALYSE
    assert (await scanner.version()).startswith("ClamAV")


async def test_a_piece_is_kept_only_when_clean(scanner: ClamdAntivirus) -> None:
    assert (await check_piece(scanner, b"acte")).verdict is Verdict.SAIN
    with pytest.raises(InfectedPieceError, match="antivirus"):
        await check_piece(scanner, EICAR)
    with pytest.raises(ScanUnavailableError) as refusal:
        await check_piece(scanner, b"x" * (8 * LIMIT))
    assert refusal.value.status == 503


@pytest.mark.parametrize(
    "answer",
    [
        b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
        b"stream: Heuristics.Encrypted.PDF FOUND\0",
        b"stream: OK",
        b"",
        b"\0",
        b"stream: OK and more\0",
        b"stream: lstat() failed: Permission denied. ERROR\0",
        b"x" * 10_000,
    ],
)
async def test_anything_but_a_plain_verdict_is_not_scanned(answer: bytes) -> None:
    async with served(FauxClamd(answer).serve) as url:
        found = await ClamdAntivirus(url).analyse(b"acte")
    assert found.verdict is Verdict.NON_ANALYSE


async def test_a_scanner_that_is_down_or_silent_lets_nothing_through() -> None:
    down = ClamdAntivirus(f"tcp://127.0.0.1:{free_port()}", connect_seconds=1)

    async def silence(stream: SocketStream) -> None:
        async with stream:
            await anyio.sleep_forever()

    async with served(silence) as url:
        silent = ClamdAntivirus(url, scan_seconds=0.1)
        for scanner in (down, silent):
            assert (await scanner.analyse(b"acte")).verdict is Verdict.NON_ANALYSE
            with pytest.raises(ScanUnavailableError):
                await check_piece(scanner, b"acte")
            with pytest.raises(ScanUnavailableError):
                await scanner.version()


async def test_a_unix_socket_works_too(tmp_path: Path) -> None:
    path = tmp_path / "clamd.sock"
    async with await anyio.create_unix_listener(path) as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, FauxClamd().serve)
        assert (await make_antivirus(f"unix://{path}").analyse(EICAR)).verdict is Verdict.INFECTE
        group.cancel_scope.cancel()


async def test_without_a_scanner_everything_is_unscanned_and_taken() -> None:
    none = make_antivirus("")
    assert isinstance(none, NoAntivirus)
    assert await check_piece(none, EICAR) == Analyse(Verdict.NON_ANALYSE, "no scanner")


@pytest.mark.parametrize("url", ["clamd:3310", "tcp://127.0.0.1", "unix://", "http://127.0.0.1:3310"])
def test_a_wrong_address_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="KUMUN_CLAMD_URL"):
        make_antivirus(url)
