"""What processes cost: CPU time of a web process and of its PostgreSQL backends, and the memory of the former."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.config import ROOT

START_PATIENCE = 60.0


def cpu_of(pid: int) -> float:
    """User and system seconds of a process, as in /proc/<pid>/stat but to the nanosecond; 0 once it is gone."""
    try:
        # clock_getcpuclockid(3): the clock of another process is its pid, inverted, above three bits of kind.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def memory_of(pid: int) -> float:
    """Resident megabytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"process {pid} is gone")


@dataclass
class Cible:
    """A web process on its own database, and the connection (to another one) that names its backends."""

    pid: int
    port: int
    base: str
    temoin: psycopg.Connection[Any]

    def cpu(self) -> float:
        """CPU seconds so far: the web process and every backend of its database."""
        rows = self.temoin.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            (self.base,),
        ).fetchall()
        return cpu_of(self.pid) + sum(cpu_of(pid) for (pid,) in rows)

    def memory(self) -> float:
        """Resident megabytes of the web process."""
        return memory_of(self.pid)


@contextmanager
def program(
    arguments: list[str], environment: dict[str, str], journal: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A programme for the time of a block, its output in `journal`; stopped by SIGTERM."""
    with journal.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programmes
            arguments, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
