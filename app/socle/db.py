"""The database: engines, the transaction that carries a perimeter, the only place where anything is committed.

Connections are in autocommit for SQLAlchemy: BEGIN, with the perimeter in the same message, and COMMIT are sent by the
driver itself. So a perimeter costs no round trip, and a request that only reads lists never builds an ORM transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import (
    OperationalError,
    SAWarning,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import await_

from app.socle.reserve import DRIVER_ERRORS, make_engine, refusal_of, statement_log, take
from app.socle.tenancy import CloisonSession, Perimetre


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


class _Ligne:
    """One pooled connection for one transaction at a time: BEGIN and the perimeter leave before the first statement.

    `driver` is None before that, and again once the transaction has ended.
    """

    __slots__ = ("_pooled", "driver", "engine", "info")

    def __init__(self, engine: Engine, info: dict[str, Any]) -> None:
        self.engine = engine
        self.info = info
        self.driver: Any = None
        self._pooled: PoolProxiedConnection | None = None

    async def start(self) -> Any:
        """The driver's connection, in a transaction under the perimeter."""
        if self.driver is None:
            self._pooled = await take(self.engine)
            self.driver = self._pooled.driver_connection
            perimetre = self.info.get("perimetre") or Perimetre()
            begin = "BEGIN" if self.info.get("plateforme") else perimetre.begin()
            try:
                await self.driver.execute(begin)
            except BaseException as error:
                self._give_back(sound=False)
                if isinstance(error, DRIVER_ERRORS):
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
        except DRIVER_ERRORS as error:
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

    def connection(self) -> Connection:
        """The same connection, for the ORM (within its greenlet)."""
        await_(self.start())
        return Connection(self.engine, self._pooled)

    def _give_back(self, *, sound: bool) -> None:
        pooled, self._pooled, self.driver = self._pooled, None, None
        if pooled is not None:
            if not sound:
                pooled.invalidate()
            pooled.close()


class TransactionSession(CloisonSession):
    """The ORM's session on the connection of a transaction."""

    def __init__(self, *, ligne: _Ligne) -> None:
        super().__init__(expire_on_commit=False)
        self.__dict__["info"] = ligne.info
        self._ligne = ligne
        self._known: tuple[Any, Connection] | None = None

    def get_bind(self, *_args: Any, **_options: Any) -> Connection:
        """The ORM works on that same connection."""
        if self._known is None or self._known[0] is not self._ligne.driver:
            connection = self._ligne.connection()
            self._known = (self._ligne.driver, connection)
        return self._known[1]


class Transaction(AsyncSession):
    """What services are given as a session: one transaction at a time, begun by its first statement.

    The ORM's own session is made when the ORM is first asked for something: most requests never do.
    """

    sync_session_class = TransactionSession

    def __init__(self, engine: Engine, info: dict[str, Any]) -> None:
        # Not AsyncSession's, which would make the ORM's session at once.
        self._info = info
        self._orm: TransactionSession | None = None
        self.ligne = _Ligne(engine, info)

    @property
    def info(self) -> dict[str, Any]:
        """What is known of the transaction: its perimeter first of all."""
        return self._info

    @property
    def sync_session(self) -> TransactionSession:  # type: ignore[override]
        """The ORM's session."""
        if self._orm is None:
            self._orm = TransactionSession(ligne=self.ligne)
            self._assign_proxied(self._orm)
        return self._orm

    @property
    def _proxied(self) -> TransactionSession:  # type: ignore[override]
        return self.sync_session

    def forget(self) -> None:
        """Empties the ORM's identity map."""
        if self._orm is not None:
            self._orm.expunge_all()

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Writes what the ORM holds, if it holds anything."""
        if self._orm is not None:
            await super().flush(objects)

    async def commit(self) -> None:
        """Writes what is pending, then COMMIT."""
        if self._orm is not None and (self._orm.in_transaction() or self._orm.new):
            await super().commit()
        await self.ligne.end("COMMIT")

    async def rollback(self) -> None:
        """ROLLBACK; the session may be used again, in a new transaction under the same perimeter."""
        try:
            if self._orm is not None and self._orm.in_transaction():
                await super().rollback()
        finally:
            await self.ligne.end("ROLLBACK")

    def dispose(self) -> None:
        """Nothing is left to send: AsyncSession.close would make a task of it."""
        if self._orm is not None:
            self._orm.close()


class Database:
    """The two doors to PostgreSQL: the application's role under a perimeter, the platform's role under audit."""

    def __init__(self, url: str, url_plateforme: str, *, pool_size: int = 10) -> None:
        self.engine = make_engine(url, pool_size=pool_size)
        self.engine_plateforme = make_engine(url_plateforme, pool_size=max(2, pool_size // 3))
        self.url_plateforme = url_plateforme

    def session(self, perimetre: Perimetre | None = None) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction under a perimeter: committed when the block ends well, rolled back otherwise."""
        return _Bloc(self.engine, {"perimetre": perimetre or Perimetre()})

    def hors_cloison(self, motif: str) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction of platform work, outside every perimeter, through its own role.

        `motif` says why, to whoever reads the call; acts of administrators are written to the audit by their services.
        The callers are listed in `outils/regles.py`.
        """
        return _Bloc(self.engine_plateforme, {"plateforme": motif})

    async def alone(self, sql: str, *values: Any) -> list[Any]:
        """Rows of one statement that is a transaction by itself, under no perimeter: one round trip, not three."""
        pooled = await take(self.engine.sync_engine)
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


class _Bloc(AbstractAsyncContextManager[AsyncSession]):
    """A transaction for the time of a block."""

    __slots__ = ("_session",)

    def __init__(self, engine: AsyncEngine, info: dict[str, Any]) -> None:
        self._session = Transaction(engine.sync_engine, info)

    async def __aenter__(self) -> AsyncSession:
        return self._session

    async def __aexit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        try:
            if kind is None:
                await self._session.commit()
        except BaseException:
            await self._undo()
            raise
        else:
            if kind is not None:
                await self._undo()
        finally:
            self._session.dispose()

    async def _undo(self) -> None:
        # What went wrong is what is told, not what rolling back says of a connection that a cancellation took away.
        with suppress(SQLAlchemyError, SAWarning):
            await self._session.rollback()


async def _send(driver: Any, sql: str, values: tuple[Any, ...]) -> list[Any]:
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    try:
        rows: list[Any] = await driver.fetch(sql, *values)
    except DRIVER_ERRORS as error:
        raise refusal_of(error, sql) from error
    return rows


async def fetch(session: AsyncSession, sql: str, *values: Any) -> list[Any]:
    """Rows of written SQL ($1, $2…), sent by the driver itself in the transaction and under the perimeter of `session`.

    For what is asked at each visit: several times cheaper than a statement of the ORM. The text must be constant (the
    driver keeps it prepared); what the ORM holds and has not flushed is not seen.
    """
    ligne = _ligne_of(session)
    return await _send(ligne.driver or await ligne.start(), sql, values)


def _ligne_of(session: AsyncSession) -> _Ligne:
    return cast(Transaction, session).ligne


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """What the block writes goes alone when it raises; the transaction lives on, under the perimeter it had before.

    Unlike `begin_nested`, it holds what `fetch` sends too.
    """
    ligne = _ligne_of(session)
    driver = ligne.driver or await ligne.start()
    await session.flush()
    perimetre = session.info.get("perimetre")
    await driver.execute("SAVEPOINT bloc")
    try:
        yield
        await session.flush()
    except BaseException:
        _forget(session)
        session.info["perimetre"] = perimetre
        await driver.execute("ROLLBACK TO SAVEPOINT bloc")
        raise
    await driver.execute("RELEASE SAVEPOINT bloc")


async def stream(session: AsyncSession, sql: str, *values: Any, prefetch: int = 500) -> AsyncIterator[Any]:
    """Rows of written SQL through a cursor of the server, `prefetch` at a time: any number of rows, constant memory.

    In the transaction and under the perimeter of `session`, which stays open as long as the rows are read.
    """
    ligne = _ligne_of(session)
    driver = ligne.driver or await ligne.start()
    log = statement_log.get()
    if log is not None:
        log.append(sql)
    async for row in driver.cursor(sql, *values, prefetch=prefetch):
        yield row


def _forget(session: AsyncSession) -> None:
    cast(Transaction, session).forget()


async def _say(session: AsyncSession, sql: str) -> None:
    """Changes settings of the transaction, if it has begun: its BEGIN will carry them otherwise."""
    driver = _ligne_of(session).driver
    if driver is not None:
        await driver.execute(sql)


async def set_perimetre(session: AsyncSession, perimetre: Perimetre) -> None:
    """Changes the perimeter of a transaction (one round trip, none before its first statement).

    The identity map is emptied, so that no object loaded under the former perimeter can answer for the new one.
    """
    _forget(session)
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
