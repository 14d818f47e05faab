"""The migrations make what the models say, have one head, on file, and run on every PostgreSQL that is promised."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import app.bootstrap  # noqa: F401 - every module's tables
from app.config import ROOT
from app.socle.db import Base
from app.socle.roles import right_statements, role_statements
from tests.outillage.base import BaseEssai, migrate

DEBIAN = Path("/usr/lib/postgresql/15/bin")
ACCOUNT = "kumun-pg"


def test_the_models_match_the_migrations(base_migree: BaseEssai) -> None:
    """Every column of a model is in the database with its type and nullability; the database may hold more."""
    engine = create_engine(base_migree.serveur.url_proprietaire.replace("+asyncpg", "+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    flat = [one for diff in found for one in (diff if isinstance(diff, list) else [diff])]
    looked_at = ("add_table", "add_column", "remove_column", "modify_type", "modify_nullable")
    assert [diff for diff in flat if diff[0] in looked_at] == []
    assert len(Base.metadata.tables) >= 20


def test_one_head_and_it_is_on_file() -> None:
    heads = ScriptDirectory(str(ROOT / "migrations")).get_heads()
    assert [(ROOT / "migrations" / ".head").read_text().strip()] == heads


def test_running_them_again_changes_nothing(base: BaseEssai) -> None:
    tables = base.tables()
    migrate(base.serveur.url_proprietaire)
    assert base.tables() == tables


@contextmanager
def debian_server() -> Iterator[str]:
    """Debian's PostgreSQL 15 in a folder of its own, without root's account; the conninfo of its superuser."""
    account = pwd.getpwnam(ACCOUNT) if os.geteuid() == 0 else None
    as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    folder = Path(tempfile.mkdtemp(prefix="kumun-15-"))
    data = folder / "pg"
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *words: str) -> None:
        subprocess.run(
            [DEBIAN / program, *words], check=True, capture_output=True, cwd="/", stdin=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"}, **as_account,  # type: ignore[call-overload]
        )  # fmt: skip

    try:
        run("initdb", "--pgdata", str(data), "--username", "postgres", "--auth", "trust", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={data} -c fsync=off"
        run(
            "pg_ctl",
            "--pgdata",
            str(data),
            "--wait",
            "--log",
            str(folder / "journal"),
            "-o",
            options,
            "start",
        )
        try:
            yield f"host={data} user=postgres"
        finally:
            run("pg_ctl", "--pgdata", str(data), "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.serveur
def test_the_migrations_run_on_debians_postgresql_15(base_migree: BaseEssai) -> None:
    assert DEBIAN.exists(), "install Debian's postgresql-15, as `make test` does when it may"
    with debian_server() as conninfo:
        with psycopg.connect(f"{conninfo} dbname=postgres", autocommit=True) as superuser:
            superuser.execute(role_statements().encode())
            superuser.execute(
                "CREATE DATABASE kumun OWNER kumun_proprietaire TEMPLATE template0 ENCODING 'UTF8'"
            )
            superuser.execute(right_statements("kumun").encode())
        folder = conninfo.split("=")[1].split()[0]
        migrate(f"postgresql+asyncpg://kumun_proprietaire@/kumun?host={folder}")
        with psycopg.connect(f"{conninfo} dbname=kumun") as connection:
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            ).fetchall()
        assert sorted(name for (name,) in found) == base_migree.tables()
