"""The embedded PostgreSQL: one start, known letters, three plain roles, and a server that only its starter stops."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.socle import embarque
from app.socle.roles import ROLES, role_statements

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.serveur


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder outside pytest's: every run of pytest closes its own to other accounts, root's server included."""
    with tempfile.TemporaryDirectory(prefix="kumun-essai-") as name:
        yield Path(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    with own_folder() as path:
        yield path


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    with own_folder() as path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LC_ALL", "C")
            embarque.start(path)
        yield path
        embarque.stop(path)


def run_psql(serveur: embarque.Serveur, *arguments: str | Path, **environment: str) -> str:
    """What psql prints, or what it complains of."""
    done = subprocess.run(
        [embarque.binaries() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *arguments],
        env={"PGHOST": serveur.repertoire_socket, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()


def psql(serveur: embarque.Serveur, query: str, *, role: str = "postgres") -> str:
    return run_psql(serveur, "-U", role, "-d", "kumun", "-c", query)


def running(var: Path) -> embarque.Serveur:
    serveur = embarque.adresses(var)
    assert serveur is not None
    return serveur


def rights_of_our_roles(var: Path) -> list[str]:
    query = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname LIKE 'kumun%' ORDER BY 1"
    return psql(running(var), query).splitlines()


def test_a_second_start_joins_the_server_that_runs(var: Path) -> None:
    serveur, started = embarque.start(var)
    assert not started
    assert serveur == running(var)
    assert serveur.url_app == f"postgresql+asyncpg://kumun_app@/kumun?host={serveur.repertoire_socket}"


def test_letters_do_not_depend_on_the_machines_locale(var: Path) -> None:
    assert psql(running(var), "SELECT lower('ÉGLISE')") == "église"


def test_no_role_of_ours_is_superuser_or_bypasses_row_level_security(var: Path) -> None:
    assert rights_of_our_roles(var) == [f"{role}|f|f|f" for role in sorted(ROLES)]


@pytest.mark.parametrize("role", ["kumun_app", "kumun_plateforme"])
def test_only_the_owner_makes_tables(var: Path, role: str) -> None:
    assert "permission denied" in psql(running(var), "CREATE TABLE intrus (id int)", role=role)
    assert (
        psql(running(var), "CREATE TABLE admis (id int); DROP TABLE admis", role="kumun_proprietaire") == ""
    )


def test_what_is_committed_is_on_disk(var: Path) -> None:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert psql(running(var), f"SHOW {name}") == "on"


def test_nobody_else_reaches_the_socket(var: Path) -> None:
    assert stat.S_IMODE(Path(running(var).repertoire_socket).stat().st_mode) == 0o700


def test_a_managed_server_gets_the_same_roles(var: Path) -> None:
    script = ROOT / "deploy" / "postgres-init.sql"
    passwords = {
        "KUMUN_APP_PASSWORD": "a",
        "KUMUN_PLATEFORME_PASSWORD": "b'",
        "KUMUN_PROPRIETAIRE_PASSWORD": "c",
    }
    before = rights_of_our_roles(var)
    assert run_psql(running(var), "-U", "postgres", "-f", script, **passwords) == ""
    assert rights_of_our_roles(var) == before
    rights = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    assert rights in script.read_text()
    assert rights in role_statements()


def test_a_crash_loses_nothing_that_was_committed_and_a_foreign_pid_is_no_obstacle(folder: Path) -> None:
    serveur, started = embarque.start(folder)
    assert started
    try:
        psql(serveur, "CREATE TABLE temoin AS SELECT 7 AS n")
        pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while embarque.adresses(folder) is not None:
            time.sleep(0.02)
        lines = (folder / "pg" / "postmaster.pid").read_text().splitlines()
        (folder / "pg" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        assert embarque.adresses(folder) is None
        serveur, started = embarque.start(folder)
        assert started
        assert psql(serveur, "SELECT n FROM temoin") == "7"
    finally:
        embarque.stop(folder)
    assert embarque.adresses(folder) is None


def test_a_folder_too_deep_for_a_socket_is_served_from_a_private_one(folder: Path) -> None:
    deep = folder / ("x" * 90)
    with embarque.running(deep) as serveur:
        private = Path(serveur.repertoire_socket)
        assert private != deep / "pg"
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert psql(serveur, "SELECT 1", role="kumun_app") == "1"
    assert embarque.adresses(deep) is None
    shutil.rmtree(private)


def test_the_keys_are_made_once_and_read_by_their_owner_alone(tmp_path: Path) -> None:
    first = embarque.ensure_secrets(tmp_path / "var")
    text = first.read_text()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert [line.split("=")[0] for line in text.splitlines()] == ["KUMUN_SECRET_KEY", "KUMUN_MASTER_KEY"]
    assert embarque.ensure_secrets(tmp_path / "var").read_text() == text
    assert [path.name for path in first.parent.iterdir()] == ["secrets.env"]
