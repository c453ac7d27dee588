"""Every test here runs on SQLite and, where one answers, on PostgreSQL; none sees what another one left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from server.storage import tables
from server.storage.database import Database, SqlConnection, open_database
from server.storage.schema import Part, migrate
from server.storage.vault import tables as vault_tables
from tests.conftest import services_required
from tests.fakes import CountingIds, FakeClock
from tests.storage.town import Town

POSTGRES = os.environ.get("QUNZU_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
PARTS: dict[Part, MetaData] = {"front": tables.metadata, "vault": vault_tables.metadata}


class Postgres:
    """Databases of this run's own on the PostgreSQL that answers, if one does."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._shared: dict[Part, str] = {}
        self._silent = ""
        """Why PostgreSQL cannot be used, once that is known: asking again costs every test a time-out."""

    async def new(self) -> str:
        """The URL of an empty database. Skips the test without PostgreSQL, or fails it where CI wants one."""
        name = f"qunzu_storage_{os.getpid()}_{len(self._made)}"
        if not self._silent:
            try:
                await self._administer(f"create database {name}")
                # Nothing here pulls a plug: waiting for the disk would only make the tests slow.
                await self._administer(f"alter database {name} set synchronous_commit = off")
            except Exception as error:
                self._silent = type(error).__name__
        if self._silent:
            told = f"PostgreSQL does not answer ({self._silent}): storage was tested on SQLite only"
            if services_required():
                pytest.fail(told)
            pytest.skip(told)
        self._made.append(name)
        return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    async def emptied(self, part: Part) -> str:
        """The URL of a database that has the tables of ``part`` and no rows; the same one for every test."""
        if part not in self._shared:
            self._shared[part] = await self.new()
        return self._shared[part]

    async def drop_all(self) -> None:
        for name in self._made:
            await self._administer(f"drop database {name} with (force)")

    @staticmethod
    async def _administer(statement: str) -> None:
        engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"timeout": 5})
        try:
            async with engine.connect() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    house = Postgres()
    yield house
    asyncio.run(house.drop_all())


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def empty(engine: str, postgres: Postgres, tmp_path: Path) -> AsyncIterator[Database]:
    """An open database without tables."""
    url = f"sqlite:///{tmp_path / 'front.db'}" if engine == "sqlite" else await postgres.new()
    database = open_database(url)
    yield database
    await database.close()


async def _prepared(part: Part, engine: str, postgres: Postgres, directory: Path) -> Database:
    url = f"sqlite:///{directory / f'{part}.db'}" if engine == "sqlite" else await postgres.emptied(part)
    database = open_database(url)
    await migrate(database, part)
    await database.transact(lambda sql: _empty(sql, PARTS[part]))
    return database


def _empty(sql: SqlConnection, metadata: MetaData) -> None:
    for table in reversed(metadata.sorted_tables):
        sql.execute(table.delete())


@pytest.fixture
async def front(engine: str, postgres: Postgres, tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with the front-stage tables, and nothing in them."""
    database = await _prepared("front", engine, postgres, tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def backstage(engine: str, postgres: Postgres, tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with the vault's tables, and nothing in them."""
    database = await _prepared("vault", engine, postgres, tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def town(front: Database, clock: FakeClock) -> AsyncIterator[Town]:
    """People and groups in a database, and the one writer that writes about them."""
    made = Town(front, clock, CountingIds())
    made.writer.start()
    yield made
    await made.writer.drain()


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    return tmp_path / "front.db"


@pytest.fixture
async def sqlite(sqlite_path: Path) -> AsyncIterator[Database]:
    """For what only a file can show: an SQLite database with the front-stage schema."""
    database = open_database(f"sqlite:///{sqlite_path}")
    await migrate(database, "front")
    yield database
    await database.close()


@pytest.fixture
async def village(sqlite: Database, clock: FakeClock) -> AsyncIterator[Town]:
    """A town on SQLite only."""
    made = Town(sqlite, clock, CountingIds())
    made.writer.start()
    yield made
    await made.writer.drain()
