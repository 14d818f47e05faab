"""One embedded PostgreSQL for a run of the tests, with the real migrations; its rows go back to the start at will."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from alembic import command as alembic
from alembic.config import Config
from psycopg.rows import tuple_row

from app.config import ROOT
from app.socle import embarque

# Nothing of these tests must outlive the machine: waiting for the disk would only make them slow.
_FAST = ("fsync", "synchronous_commit", "full_page_writes")
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version' ORDER BY 1
"""


@dataclass
class BaseEssai:
    """A running server with its data folder `var`, and the superuser's connection that puts rows back."""

    var: Path
    serveur: embarque.Serveur
    superuser: psycopg.Connection[Any]

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement as the superuser (whom no policy binds); its rows, if it has any."""
        with self.superuser.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(cast(LiteralString, query), values or None)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> list[str]:
        """Every table of the portal, the queue's included."""
        return [name for (name,) in self.sql(_TABLES)]

    def keep(self, nom: str = "garde") -> None:
        """Remembers the rows as they are now, under a name."""
        self.sql(f"DROP SCHEMA IF EXISTS {nom} CASCADE")
        self.sql(f"CREATE SCHEMA {nom}")
        for table in self.tables():
            self.sql(f"CREATE TABLE {nom}.{table} AS TABLE public.{table}")

    def restore(self, nom: str = "garde") -> None:
        """Puts back the rows remembered, without firing any trigger; what ran before is forgotten."""
        script = ["SET session_replication_role = replica"]
        for table in self.tables():
            script.append(f"DELETE FROM public.{table}")
            script.append(f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {nom}.{table}")
        script.append("SET session_replication_role = DEFAULT")
        self.sql(";".join(script))

    def state(self) -> dict[str, tuple[int, str]]:
        """How many rows each table has and a digest of them: equal states mean that nothing was written."""
        parts = [
            f"SELECT '{table}', count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"
            for table in self.tables()
        ]
        return {name: (number, digest) for name, number, digest in self.sql(" UNION ALL ".join(parts))}


@contextmanager
def open_base() -> Iterator[BaseEssai]:
    """Starts a server in a folder of its own and migrates it; both go with the block."""
    # Not under pytest's folder: it is closed to other accounts, and PostgreSQL refuses to run as root.
    var = Path(tempfile.mkdtemp(prefix="kumun-"))
    try:
        with embarque.running(var) as serveur:
            conninfo = f"host={serveur.repertoire_socket} user={embarque.SUPERUSER} dbname={embarque.BASE}"
            with psycopg.connect(conninfo, autocommit=True) as superuser:
                for name in _FAST:
                    superuser.execute(cast(LiteralString, f"ALTER SYSTEM SET {name} = off"))
                superuser.execute("SELECT pg_reload_conf()")
                superuser.execute("SET lock_timeout = '10s'")
                migrate(serveur.url_proprietaire)
                yield BaseEssai(var, serveur, superuser)
    finally:
        shutil.rmtree(var, ignore_errors=True)


def migrate(url_proprietaire: str) -> None:
    """The migrations of the project, as the owner of the tables runs them."""
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = url_proprietaire.replace("+asyncpg", "+psycopg", 1)
    alembic.upgrade(config, "head")
