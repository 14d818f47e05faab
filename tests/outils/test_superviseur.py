"""The supervisor: what falls is restarted, what is stopped is gone, and a killed launcher leaves nothing for long."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outils.superviseur import Programme, Superviseur

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.serveur


def python(name: str, code: str) -> Programme:
    return Programme(name, [sys.executable, "-S", "-u", "-c", code])


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def superviseur(tmp_path: Path, said: list[str]) -> Iterator[Superviseur]:
    it = Superviseur(tmp_path, os.environ, tmp_path, said.append)
    yield it
    it.stop(patience=1)


def until(condition: Callable[[], bool], each: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited for nothing"
        each()
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_falls_is_told_and_restarted(superviseur: Superviseur, said: list[str], tmp_path: Path) -> None:
    superviseur.start(
        python("web", f"open({str(tmp_path / 'n')!r}, 'a').write('x'); print('adieu'); raise SystemExit(3)")
    )
    until(lambda: (tmp_path / "n").exists() and (tmp_path / "n").stat().st_size >= 2, superviseur.watch)
    assert "[web] adieu" in said
    assert any("web s’est arrêté (code 3)" in line for line in said)


def test_errors_are_shown_and_the_rest_stays_in_the_log(
    superviseur: Superviseur, said: list[str], tmp_path: Path
) -> None:
    fault = "Traceback (most recent call last):\\n  File x\\nValueError: aïe"
    code = f"import time; print('bonjour'); print('{fault}'); time.sleep(60)"
    superviseur.start(python("worker", code))
    until(lambda: "[worker] ValueError: aïe" in said, superviseur.watch)
    assert not any("bonjour" in line for line in said)
    assert "bonjour" in (tmp_path / "journaux" / "worker.log").read_text()


def test_stop_ends_everything_even_what_ignores_the_signal_and_its_children(
    superviseur: Superviseur, tmp_path: Path
) -> None:
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); child = os.fork(); "
        f"child and open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child}}.'); time.sleep(60)"
    )
    superviseur.start(python("web", code))
    until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("."))
    superviseur.stop(patience=0.2)
    until(lambda: not any(alive(int(pid)) for pid in (tmp_path / "pids").read_text().strip(".").split()))


def test_run_returns_the_status(superviseur: Superviseur, said: list[str]) -> None:
    assert superviseur.run(python("migrer", "print('fait')")) == 0
    assert said == []
    assert superviseur.run(python("migrer", "print('perdu'); raise SystemExit(4)")) == 4
    assert "[migrer] perdu" in said


def test_a_killed_launcher_takes_its_children_along(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from outils.superviseur import *\n"
        f"s = Superviseur(Path({str(tmp_path)!r}), {{}}, Path({str(tmp_path)!r}))\n"
        "s.start(Programme('web', [sys.executable, '-S', '-c', 'import time; time.sleep(60)']))\n"
        "print(s._children[0].process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        assert alive(pid)
        launcher.kill()
        until(lambda: not alive(pid))


def test_leftovers_are_ended_but_a_pid_that_changed_hands_is_left_alone(
    superviseur: Superviseur, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as left:
        ticks = Path(f"/proc/{left.pid}/stat").read_text().rpartition(")")[2].split()[19]
        register = tmp_path / "processus.json"
        register.write_text(f'[[{left.pid}, "1"]]')
        assert superviseur.end_leftovers() == 0
        assert left.poll() is None
        register.write_text(f'[[{left.pid}, "{ticks}"]]')
        assert superviseur.end_leftovers() == 1
        assert left.wait() == -signal.SIGTERM
