"""A small supervisor of child processes: logs to files, errors on screen, restarts with backoff, no orphan left.

One thread, one loop. Children get the parent's death as a SIGTERM from the kernel (Linux), and their pids are on disk
so that the next start can end whatever outlived a `kill -9`.
"""

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
# A process that lived this long was well: its next fall is a first one.
WELL_AFTER = 60.0
LOG_LIMIT = 20_000_000
_ERROR_SIGNS = (
    '"level": "error"',
    '"level":"error"',
    '"level": "critical"',
    "[error",
    "ERROR",
    "CRITICAL",
    "Traceback",
)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Programme:
    """Something to keep running: a name for people, and its command."""

    name: str
    command: Sequence[str]


@dataclass
class _Child:
    programme: Programme
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    restart_at: float = 0.0
    read: int = 0
    in_traceback: bool = False
    rest: bytes = field(default=b"", repr=False)


def die_with_parent() -> None:
    """Ask the kernel for a SIGTERM when our parent dies, however it dies (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _start_ticks(pid: int) -> str | None:
    """When the kernel says a process began: with the pid, its identity. None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


class Superviseur:
    """Runs programmes until told to stop; `tell` receives every line meant for the person at the terminal."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], cwd: Path, tell: Callable[[str], None] = print
    ) -> None:
        self._logs = folder / "journaux"
        self._register = folder / "processus.json"
        self._environment = dict(environment)
        self._cwd = cwd
        self._tell = tell
        self._children: list[_Child] = []
        self._logs.mkdir(parents=True, exist_ok=True)

    def end_leftovers(self, patience: float = 10.0) -> int:
        """End what an earlier start left behind (it was killed outright); returns how many there were."""
        try:
            known: list[list[object]] = json.loads(self._register.read_text())
        except (OSError, ValueError):
            return 0
        alive = {int(str(pid)): str(ticks) for pid, ticks in known if _start_ticks(int(str(pid))) == ticks}
        for pid in alive:
            _signal_group(pid, signal.SIGTERM)
        end = time.monotonic() + patience
        while any(_start_ticks(pid) == ticks for pid, ticks in alive.items()) and time.monotonic() < end:
            time.sleep(0.05)
        for pid, ticks in alive.items():
            if _start_ticks(pid) == ticks:
                _signal_group(pid, signal.SIGKILL)
        self._register.unlink(missing_ok=True)
        return len(alive)

    def start(self, *programmes: Programme) -> None:
        """Start programmes side by side; from now on `watch` keeps them running."""
        for programme in programmes:
            child = _Child(programme, self._logs / f"{programme.name}.log")
            self._children.append(child)
            self._launch(child)

    def run(self, programme: Programme) -> int:
        """Run a programme to its end and return its status; its output is in its log, its errors on screen."""
        child = _Child(programme, self._logs / f"{programme.name}.log")
        self._children.append(child)
        self._launch(child)
        assert child.process is not None  # noqa: S101 - just launched
        try:
            while (status := child.process.poll()) is None:
                self._show_errors(child)
                time.sleep(0.05)
        finally:
            if child.process.poll() is not None:
                self._children.remove(child)
                self._write_register()
        if status:
            self._show_end_of_log(child)
        return status

    def watch(self) -> None:
        """One round: show new errors, restart what fell. Call it several times a second."""
        now = time.monotonic()
        for child in self._children:
            self._show_errors(child)
            if child.process is None:
                if now >= child.restart_at:
                    self._launch(child)
                continue
            status = child.process.poll()
            if status is None:
                continue
            child.wait = FIRST_WAIT if now - child.started > WELL_AFTER else min(child.wait * 2, LONGEST_WAIT)
            child.restart_at = now + child.wait
            _signal_group(child.process.pid, signal.SIGKILL)  # what it may have left of its own
            child.process = None
            self._show_end_of_log(child)
            self._tell(
                f"{child.programme.name} s’est arrêté (code {status}) ; nouveau départ dans {child.wait:.0f} s. "
                f"Journal : {child.log}"
            )

    def stop(self, patience: float = 15.0) -> None:
        """SIGTERM to all, in the reverse order of their start, then SIGKILL to whatever is left after `patience`."""
        running = [child.process for child in reversed(self._children) if child.process is not None]
        for process in running:
            _signal_group(process.pid, signal.SIGTERM)
        end = time.monotonic() + patience
        for process in running:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._tell(f"Le processus {process.pid} ne s’arrête pas : il est tué.")
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        self._children.clear()
        self._register.unlink(missing_ok=True)

    def _launch(self, child: _Child) -> None:
        if child.log.exists() and child.log.stat().st_size > LOG_LIMIT:
            child.log.replace(child.log.with_suffix(".ancien.log"))
        with child.log.open("ab") as log:
            child.read = log.tell()
            child.rest = b""
            child.process = subprocess.Popen(
                child.programme.command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop them in order
                preexec_fn=die_with_parent,  # safe: this process has one thread
            )
        child.started = time.monotonic()
        self._write_register()

    def _write_register(self) -> None:
        pids: Iterable[int] = (child.process.pid for child in self._children if child.process is not None)
        fresh = self._register.with_suffix(".nouveau")
        fresh.write_text(json.dumps([[pid, _start_ticks(pid)] for pid in pids]))
        fresh.replace(self._register)

    def _show_errors(self, child: _Child) -> None:
        with child.log.open("rb") as log:
            for line in self._new_lines(child, log):
                if any(sign in line for sign in _ERROR_SIGNS):
                    child.in_traceback = "Traceback" in line
                    self._tell(f"[{child.programme.name}] {line[:500]}")
                elif child.in_traceback:
                    self._tell(f"[{child.programme.name}] {line[:500]}")
                    child.in_traceback = line.startswith((" ", "\t"))

    def _new_lines(self, child: _Child, log: IO[bytes]) -> list[str]:
        log.seek(child.read)
        data = child.rest + log.read()
        child.read = log.tell()
        *lines, child.rest = data.split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _show_end_of_log(self, child: _Child) -> None:
        with child.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
            lines = log.read().decode(errors="replace").splitlines()
        for line in lines[-12:]:
            self._tell(f"[{child.programme.name}] {line[:500]}")
