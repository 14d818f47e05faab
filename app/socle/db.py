"""The database: engines, the transaction that carries a perimeter, the only place where anything is committed.

Connections are in autocommit for SQLAlchemy: BEGIN, with the perimeter in the same message, and COMMIT are sent by the
driver itself. So a perimeter costs no round trip, and a request that only reads lists never builds an ORM transaction.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    OperationalError,
    SAWarning,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import await_, greenlet_spawn

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


def make_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose transactions are begun and ended by `TransactionSession` alone."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
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


_DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError)


class TransactionSession(CloisonSession):
    """The session on one pooled connection, where BEGIN and the perimeter leave before the first statement.

    `driver` is None before that, and again once the transaction has ended.
    """

    driver: Any = None
    _pooled: PoolProxiedConnection | None = None
    _connection: Connection | None = None

    def __init__(self, *, engine: Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = engine

    async def start(self) -> Any:
        """The driver's connection, in a transaction under the perimeter."""
        if self.driver is None:
            self._pooled = await greenlet_spawn(self._engine.raw_connection)
            self.driver = self._pooled.driver_connection
            begin = "BEGIN" if self.info.get("plateforme") else f"BEGIN; {self.perimetre.sql()}"
            try:
                await self.driver.execute(begin)
            except BaseException as error:
                self._give_back(sound=False)
                if isinstance(error, _DRIVER_ERRORS):
                    raise refusal_of(error, "BEGIN") from error
                raise
        return self.driver

    async def end(self, word: str) -> None:
        """Sends COMMIT or ROLLBACK and gives the connection back; DBAPIError when PostgreSQL did not commit."""
        if self.driver is None:
            return
        sound = False
        try:
            done = await self.driver.execute(word)
            sound = True
        except _DRIVER_ERRORS as error:
            # A deferred constraint refuses at COMMIT: the transaction is over, and the connection whole.
            sound = not (self.driver.is_closed() or self.driver.is_in_transaction())
            if word == "ROLLBACK":
                # The connection goes, and the transaction with it: nothing hides why we roll back.
                return
            raise refusal_of(error, word) from error
        finally:
            self._give_back(sound=sound)
        if done != word:
            # PostgreSQL answers COMMIT by ROLLBACK, without an error, when a statement had failed before.
            raise OperationalError(word, None, RuntimeError(f"PostgreSQL answered {done}"))

    def _give_back(self, *, sound: bool) -> None:
        pooled, self._pooled, self.driver, self._connection = self._pooled, None, None, None
        if pooled is not None:
            if not sound:
                pooled.invalidate()
            pooled.close()

    def get_bind(self, *_args: Any, **_options: Any) -> Connection:
        """The ORM works on that same connection."""
        if self._connection is None:
            await_(self.start())
            self._connection = Connection(self._engine, self._pooled)
        return self._connection


class Transaction(AsyncSession):
    """What services are given as a session: one transaction at a time, begun by its first statement."""

    sync_session_class = TransactionSession
    sync_session: TransactionSession

    async def commit(self) -> None:
        """Writes what is pending, then COMMIT."""
        if self.sync_session.in_transaction() or self.sync_session.new:
            await super().commit()
        await self.sync_session.end("COMMIT")

    async def rollback(self) -> None:
        """ROLLBACK; the session may be used again, in a new transaction under the same perimeter."""
        try:
            if self.sync_session.in_transaction():
                await super().rollback()
        finally:
            await self.sync_session.end("ROLLBACK")


class Database:
    """The two doors to PostgreSQL: the application's role under a perimeter, the platform's role under audit."""

    def __init__(self, url: str, url_plateforme: str, *, pool_size: int = 10) -> None:
        self.engine = make_engine(url, pool_size=pool_size)
        self.engine_plateforme = make_engine(url_plateforme, pool_size=max(2, pool_size // 3))
        self.url_plateforme = url_plateforme

    @asynccontextmanager
    async def session(self, perimetre: Perimetre | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction under a perimeter: committed when the block ends well, rolled back otherwise."""
        async with _transaction(self.engine, {"perimetre": perimetre or Perimetre()}) as session:
            yield session

    @asynccontextmanager
    async def hors_cloison(self, motif: str) -> AsyncIterator[AsyncSession]:
        """One transaction of platform work, outside every perimeter, through its own role.

        `motif` says why, to whoever reads the call; acts of administrators are written to the audit by their services.
        The callers are listed in `outils/regles.py`.
        """
        async with _transaction(self.engine_plateforme, {"plateforme": motif}) as session:
            yield session

    async def alone(self, sql: str, *values: Any) -> list[Any]:
        """Rows of one statement that is a transaction by itself, under no perimeter: one round trip, not three."""
        pooled = await greenlet_spawn(self.engine.sync_engine.raw_connection)
        try:
            return await _send(pooled.driver_connection, sql, values)
        except asyncio.CancelledError:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    async def answers(self) -> bool:
        """Whether PostgreSQL answers now."""
        try:
            await self.alone("SELECT 1")
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Gives the connections back."""
        await self.engine.dispose()
        await self.engine_plateforme.dispose()


@asynccontextmanager
async def _transaction(engine: AsyncEngine, info: dict[str, Any]) -> AsyncIterator[AsyncSession]:
    session = Transaction(engine=engine.sync_engine, info=info, expire_on_commit=False)
    try:
        yield session
        await session.commit()
    except BaseException:
        # What went wrong is what is told, not what rolling back says of a connection that a cancellation took away.
        with suppress(SQLAlchemyError, SAWarning):
            await session.rollback()
        raise
    finally:
        # Nothing is left to send: AsyncSession.close would make a task of it.
        session.sync_session.close()


async def _send(driver: Any, sql: str, values: tuple[Any, ...]) -> list[Any]:
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    try:
        rows: list[Any] = await driver.fetch(sql, *values)
    except _DRIVER_ERRORS as error:
        raise refusal_of(error, sql) from error
    return rows


async def fetch(session: AsyncSession, sql: str, *values: Any) -> list[Any]:
    """Rows of written SQL ($1, $2…), sent by the driver itself in the transaction and under the perimeter of `session`.

    For what is asked at each visit: several times cheaper than a statement of the ORM. The text must be constant (the
    driver keeps it prepared); what the ORM holds and has not flushed is not seen.
    """
    sync: Any = session.sync_session
    return await _send(sync.driver or await sync.start(), sql, values)


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """What the block writes goes alone when it raises; the transaction lives on, under the perimeter it had before.

    Unlike `begin_nested`, it holds what `fetch` sends too.
    """
    sync: Any = session.sync_session
    driver = sync.driver or await sync.start()
    await session.flush()
    perimetre = session.info.get("perimetre")
    await driver.execute("SAVEPOINT bloc")
    try:
        yield
        await session.flush()
    except BaseException:
        sync.expunge_all()
        session.info["perimetre"] = perimetre
        await driver.execute("ROLLBACK TO SAVEPOINT bloc")
        raise
    await driver.execute("RELEASE SAVEPOINT bloc")


async def stream(session: AsyncSession, sql: str, *values: Any, prefetch: int = 500) -> AsyncIterator[Any]:
    """Rows of written SQL through a cursor of the server, `prefetch` at a time: any number of rows, constant memory.

    In the transaction and under the perimeter of `session`, which stays open as long as the rows are read.
    """
    sync: Any = session.sync_session
    driver = sync.driver or await sync.start()
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    async for row in driver.cursor(sql, *values, prefetch=prefetch):
        yield row


async def _say(session: AsyncSession, sql: str) -> None:
    """Changes settings of the transaction, if it has begun: its BEGIN will carry them otherwise."""
    driver = session.sync_session.driver  # type: ignore[attr-defined]
    if driver is not None:
        await driver.execute(sql)


async def set_perimetre(session: AsyncSession, perimetre: Perimetre) -> None:
    """Changes the perimeter of a transaction (one round trip, none before its first statement).

    The identity map is emptied, so that no object loaded under the former perimeter can answer for the new one.
    """
    session.sync_session.expunge_all()
    session.info["perimetre"] = perimetre
    await _say(session, perimetre.sql())


async def write_in(session: AsyncSession, collectivite_id: UUID) -> None:
    """Lets the transaction write in one collectivité of its own reading perimeter, and in no other.

    Raises LookupError for a collectivité that the transaction may not even read.
    """
    perimetre: Perimetre = session.info["perimetre"]
    if collectivite_id not in perimetre.lecture:
        raise LookupError("collectivité outside the perimeter")
    await _write(session, perimetre, collectivite_id)


async def own_in(session: AsyncSession, collectivite_id: UUID) -> None:
    """Lets a person's transaction write in the collectivité of a row that is their own.

    The policies still bind it to that person's rows: the perimeter gives no `instruction`.
    """
    perimetre: Perimetre = session.info["perimetre"]
    if perimetre.instruction or (perimetre.usager is None and perimetre.jeton is None):
        raise LookupError("only a person's own transaction")
    await _write(session, perimetre, collectivite_id)


async def _write(session: AsyncSession, perimetre: Perimetre, collectivite_id: UUID) -> None:
    if perimetre.ecriture == collectivite_id:
        return
    session.info["perimetre"] = perimetre.ecrivant(collectivite_id)
    await _say(session, f"SELECT set_config('app.collectivite', '{UUID(str(collectivite_id))}', true)")
