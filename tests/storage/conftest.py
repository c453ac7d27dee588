"""Every test here runs on SQLite and, where one answers, on PostgreSQL: each in a database of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from server.storage.database import Database, open_database
from server.storage.schema import migrate
from tests.conftest import services_required
from tests.fakes import CountingIds, FakeClock
from tests.storage.town import Town

POSTGRES = os.environ.get("QUNZU_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_numbers = count(1)
_without_postgres: list[str] = []
"""Why PostgreSQL cannot be used, once that is known: asking again would cost every test a time-out."""


async def _administer(statement: str) -> None:
    engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"timeout": 3})
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def _new_postgres() -> URL:
    """A database of this test's own, or the reason why there is none."""
    name = f"qunzu_storage_{os.getpid()}_{next(_numbers)}"
    if not _without_postgres:
        try:
            await _administer(f"create database {name}")
        except Exception as error:
            _without_postgres.append(type(error).__name__)
    if _without_postgres:
        told = f"PostgreSQL does not answer ({_without_postgres[0]}): storage was tested on SQLite only"
        if services_required():
            pytest.fail(told)
        pytest.skip(told)
    return make_url(POSTGRES).set(database=name)


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database, gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'front.db'}"
        return
    made = await _new_postgres()
    yield made.render_as_string(hide_password=False)
    await _administer(f"drop database {made.database} with (force)")


@pytest.fixture
async def empty(url: str) -> AsyncIterator[Database]:
    """An open database without tables."""
    database = open_database(url)
    yield database
    await database.close()


@pytest.fixture
async def front(empty: Database) -> Database:
    """An open database with the front-stage schema."""
    await migrate(empty, "front")
    return empty


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
