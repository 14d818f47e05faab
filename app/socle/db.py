"""The database: engines, the session that carries a perimeter, the only place where anything is committed.

`set_config` of the perimeter travels in the same message as BEGIN, so a perimeter costs no round trip. Two rules make
that safe on pooled connections: the suffix is consumed once, and cleared whenever a connection leaves the pool.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.socle.tenancy import CloisonSession, Perimetre

statement_log: ContextVar[list[str] | None] = ContextVar("statement_log", default=None)
"""When a list is set here, each statement sent is appended to it (tests and benchmarks count with it)."""


class Base(DeclarativeBase):
    """Every table of the portal."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


class FoldedConnection(asyncpg.Connection):  # type: ignore[misc]
    """An asyncpg connection that appends the perimeter to BEGIN."""

    begin_suffix: str | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """As asyncpg's, with the pending suffix consumed by the first BEGIN."""
        suffix = self.begin_suffix
        if suffix is not None and query.startswith("BEGIN"):
            self.begin_suffix = None
            query = f"{query.rstrip(';')}; {suffix};"
        result: str = await super().execute(query, *args, timeout=timeout)
        return result


def make_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose connections understand the perimeter."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        connect_args={
            "connection_class": FoldedConnection,
            "prepared_statement_cache_size": 500,
            "server_settings": {"timezone": "UTC", "lock_timeout": "5000", "statement_timeout": "20000"},
        },
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _clear(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
        dbapi_connection.driver_connection.begin_suffix = None

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _count(_c: Any, _cur: Any, statement: str, _p: Any, _ctx: Any, _many: bool) -> None:
        log = statement_log.get()
        if log is not None and not statement.startswith("SELECT set_config("):
            log.append(statement)

    return engine


class Database:
    """The two doors to PostgreSQL: the application's role under a perimeter, the platform's role under audit."""

    def __init__(self, url: str, url_plateforme: str, *, pool_size: int = 10) -> None:
        self.engine = make_engine(url, pool_size=pool_size)
        self.engine_plateforme = make_engine(url_plateforme, pool_size=max(2, pool_size // 3))
        self.url_plateforme = url_plateforme
        self._app = async_sessionmaker(
            self.engine, class_=AsyncSession, sync_session_class=CloisonSession, expire_on_commit=False
        )
        self._plateforme = async_sessionmaker(
            self.engine_plateforme,
            class_=AsyncSession,
            sync_session_class=CloisonSession,
            expire_on_commit=False,
        )

    @asynccontextmanager
    async def session(self, perimetre: Perimetre | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction under a perimeter: committed when the block ends well, rolled back otherwise."""
        async with self._app(info={"perimetre": perimetre or Perimetre()}) as session:
            try:
                yield session
                await session.commit()
            except BaseException:
                await session.rollback()
                raise

    @asynccontextmanager
    async def hors_cloison(self, motif: str) -> AsyncIterator[AsyncSession]:
        """One transaction of platform work, outside every perimeter, through its own role.

        `motif` says why, to whoever reads the call; acts of administrators are written to the audit by their services.
        The callers are listed in `outils/regles.py`.
        """
        async with self._plateforme(info={"plateforme": motif}) as session:
            try:
                yield session
                await session.commit()
            except BaseException:
                await session.rollback()
                raise

    async def answers(self) -> bool:
        """Whether PostgreSQL answers now."""
        try:
            async with self.session() as session:
                await session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Gives the connections back."""
        await self.engine.dispose()
        await self.engine_plateforme.dispose()


async def fetch(session: AsyncSession, sql: str, *values: Any) -> list[Any]:
    """Rows of written SQL ($1, $2…), sent by the driver itself in the transaction and under the perimeter of `session`.

    For lists read at each visit: three times cheaper than a statement of the ORM. RuntimeError when the transaction has
    sent nothing yet (BEGIN, and the perimeter with it, leave with its first statement).
    """
    driver: Any = session.sync_session.connection().connection.driver_connection
    if not driver.is_in_transaction():
        raise RuntimeError("fetch comes after a first statement of the session, never before")
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    rows: list[Any] = await driver.fetch(sql, *values)
    return rows


async def stream(session: AsyncSession, sql: str, *values: Any, prefetch: int = 500) -> AsyncIterator[Any]:
    """Rows of written SQL through a cursor of the server, `prefetch` at a time: any number of rows, constant memory.

    In the transaction and under the perimeter of `session`, which stays open as long as the rows are read.
    """
    await session.execute(text("SELECT 1"))
    driver: Any = session.sync_session.connection().connection.driver_connection
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    async for row in driver.cursor(sql, *values, prefetch=prefetch):
        yield row


async def set_perimetre(session: AsyncSession, perimetre: Perimetre) -> None:
    """Changes the perimeter of a transaction that has begun (one round trip).

    The identity map is emptied, so that no object loaded under the former perimeter can answer for the new one.
    """
    session.sync_session.expunge_all()
    session.info["perimetre"] = perimetre
    connection = await session.connection()
    await connection.exec_driver_sql(perimetre.sql())


async def write_in(session: AsyncSession, collectivite_id: UUID) -> None:
    """Lets the transaction write in one collectivité of its own reading perimeter, and in no other.

    Raises LookupError for a collectivité that the transaction may not even read.
    """
    perimetre: Perimetre = session.info["perimetre"]
    if collectivite_id not in perimetre.lecture:
        raise LookupError("collectivité outside the perimeter")
    session.info["perimetre"] = perimetre.ecrivant(collectivite_id)
    connection = await session.connection()
    await connection.exec_driver_sql(
        f"SELECT set_config('app.collectivite', '{UUID(str(collectivite_id))}', true)"
    )


async def own_in(session: AsyncSession, collectivite_id: UUID) -> None:
    """Lets a person's transaction write in the collectivité of a row that is their own.

    The policies still bind it to that person's rows: the perimeter gives no `instruction`.
    """
    perimetre: Perimetre = session.info["perimetre"]
    if perimetre.instruction or (perimetre.usager is None and perimetre.jeton is None):
        raise LookupError("only a person's own transaction")
    session.info["perimetre"] = perimetre.ecrivant(collectivite_id)
    connection = await session.connection()
    await connection.exec_driver_sql(
        f"SELECT set_config('app.collectivite', '{UUID(str(collectivite_id))}', true)"
    )
