"""One database: a single writing connection and as many readers as wanted. Knows no table.

Work on a database is a plain function over an open SQLAlchemy ``Connection``, the same on both engines.

SQLite. Exactly one connection writes: releases before 3.51.3 can corrupt a WAL that two connections write or
checkpoint at the same moment. Its statements run on the event loop, where a warm page costs a few
microseconds, less than a hop to a thread; what can take long is the flush, so COMMIT runs in a thread of its
own. Readers are aiosqlite connections opened read-only; the file itself refuses them a write.

PostgreSQL. The same functions run over asyncpg; their statements yield to the loop by themselves.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

T = TypeVar("T")

_BUSY_S = 5  # how long a statement waits for another process that has the file

SqlConnection = Connection
"""What work on a database is given; named here so that other packages need not import SQLAlchemy."""


DatabaseFault = DBAPIError
"""Whatever a driver can raise."""


class Database(Protocol):
    """Where functions over a connection are run."""

    dialect: str

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction and commit it to disk. Whatever it raises rolls everything back.

        One at a time: the caller serialises (the Writer does; the vault has a lock)."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` over one consistent snapshot; it cannot write."""
        ...

    async def scrub(self) -> bool:
        """Let go of what deleted rows left outside the tables. Serialised with ``transact`` by the caller.
        False when readers stood in the way: try again later.

        SQLite: empties the write-ahead log, which still holds the pages as they were. PostgreSQL keeps dead
        rows and its own log for as long as its operator has it do so; nothing here can change that."""
        ...

    async def close(self) -> None: ...


def open_database(url: str) -> Database:
    """The database behind an SQLAlchemy URL, ``sqlite:///path`` or ``postgresql+asyncpg://…``.

    What follows ``sqlite:///`` is the path as it is, whatever characters it has. Nothing is created or
    migrated here; see ``schema.py``.
    """
    if make_url(url).get_backend_name() == "sqlite":
        path = url.partition(":///")[2]
        if not path:
            raise ValueError("an SQLite database needs a file")
        return SqliteDatabase(Path(path))
    return PostgresDatabase(url)


class SqliteDatabase:
    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="flush")
        self._engine = _sqlite_writer(path)
        self._connection = self._engine.connect()
        self._readers = create_async_engine(
            URL.create(
                "sqlite+aiosqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"}
            ),
            pool_size=4,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(self._readers.sync_engine, "connect", _no_implicit_transactions)
        event.listen(self._readers.sync_engine, "begin", _begin_deferred)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        transaction = self._connection.begin()
        try:
            result = work(self._connection)
            committed = asyncio.get_running_loop().run_in_executor(self._flusher, transaction.commit)
            try:
                await asyncio.shield(committed)
            except asyncio.CancelledError:
                await asyncio.wait([committed])  # never leave the connection in the middle of a commit
                raise
        except BaseException:
            if self._connection.get_transaction() is not None:
                transaction.rollback()
            # A refused COMMIT ends the transaction for SQLAlchemy, but SQLite holds it open.
            self._connection.connection.rollback()
            raise
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._readers.connect() as connection:
            return await connection.run_sync(work)

    async def scrub(self) -> bool:
        # On the driver's connection: SQLAlchemy would begin a transaction, and inside one it cannot be done.
        driver = self._connection.connection.driver_connection
        assert driver is not None

        def checkpoint() -> bool:
            driver.execute("pragma busy_timeout=50")  # a slow reader must not hold up the writes behind us
            [(busy, _, _)] = driver.execute("pragma wal_checkpoint(truncate)").fetchall()
            driver.execute(f"pragma busy_timeout={_BUSY_S * 1000}")
            return not busy

        return await asyncio.get_running_loop().run_in_executor(self._flusher, checkpoint)

    async def close(self) -> None:
        await self._readers.dispose()
        self._connection.close()
        self._engine.dispose()
        self._flusher.shutdown()


class PostgresDatabase:
    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._writer = create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
        self._readers = create_async_engine(
            url, pool_size=4, max_overflow=0, hide_parameters=True
        ).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        async with self._writer.begin() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._readers.connect() as connection:
            return await connection.run_sync(work)

    async def scrub(self) -> bool:
        return True

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()


def _sqlite_writer(path: Path) -> Engine:
    # A new file is its owner's alone, whatever the umask; SQLite gives its -wal and -shm the same mode.
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_S},
    )
    event.listen(engine, "connect", _no_implicit_transactions)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _durable(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode=wal",
        "synchronous=full",  # promise 2: acknowledged means on disk
        "secure_delete=on",  # deleted content leaves no bytes behind
        "foreign_keys=on",
    ):
        connection.execute(f"pragma {pragma}")


def _no_implicit_transactions(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # sqlite3 would begin behind our back before some statements and not before others
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("begin")
