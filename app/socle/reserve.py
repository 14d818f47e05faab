"""The pool of connections: how it is made, how one is taken, what PostgreSQL's refusals become."""

from contextvars import ContextVar
from typing import Any

import asyncpg
from sqlalchemy import Engine, event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

statement_log: ContextVar[list[str] | None] = ContextVar("statement_log", default=None)
"""When a list is set here, each statement sent is appended to it (tests and benchmarks count with it)."""


def make_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose transactions are begun and ended by `TransactionSession` alone."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        # The connection that was just given back goes first: its statements are prepared and its caches warm.
        pool_use_lifo=True,
        # A transaction is ended by who began it, and `checkout` below refuses a connection that is still in one.
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "prepared_statement_cache_size": 500,
            "statement_cache_size": 200,
            "max_cached_statement_lifetime": 0,
            "server_settings": {"timezone": "UTC", "lock_timeout": "5000", "statement_timeout": "20000"},
        },
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _clean(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
        # A transaction that nobody ended would lend its perimeter to the next one; a connection that PostgreSQL closed
        # would fail it. Either is thrown away, and another one is taken.
        driver = dbapi_connection.driver_connection
        if driver.is_closed() or driver.is_in_transaction():
            raise DisconnectionError("a connection that is closed, or still in a transaction")

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _count(_c: Any, _cur: Any, statement: str, _p: Any, _ctx: Any, _many: bool) -> None:
        log = statement_log.get()
        if log is not None:
            log.append(statement)

    return engine


def refusal_of(error: Exception, sql: str) -> DBAPIError:
    """What the driver raised, as SQLAlchemy says it; values are left out, since they may be personal."""
    kind: type[DBAPIError] = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = IntegrityError
    elif isinstance(error, asyncpg.InterfaceError | asyncpg.PostgresConnectionError):
        kind = OperationalError
    return kind(sql, None, error)


DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError)


async def take(engine: Engine) -> PoolProxiedConnection:
    """A connection of the pool, made if none waits there; whoever takes it gives it back (`close`)."""
    return await greenlet_spawn(engine.raw_connection)
