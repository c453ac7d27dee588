"""One connection writes, the others read; what is refused is rolled back, and the next one goes on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from server.storage import tables
from server.storage.database import Database, DatabaseFault, SqlConnection, open_database
from server.storage.schema import migrate


def stream_count(sql: SqlConnection) -> int:
    return int(sql.execute(select(func.count()).select_from(tables.stream)).scalar_one())


def insert_stream(sql: SqlConnection) -> None:
    sql.execute(insert(tables.stream).values(stream="group:G-1", head=0))


async def test_what_is_written_can_be_read(front: Database) -> None:
    await front.transact(insert_stream)
    assert await front.read(stream_count) == 1


async def test_a_reader_cannot_write(front: Database) -> None:
    with pytest.raises(DatabaseFault, match=r"readonly|read-only"):
        await front.read(insert_stream)
    assert await front.read(stream_count) == 0


async def test_what_raises_leaves_nothing_behind(front: Database) -> None:
    def work(sql: SqlConnection) -> None:
        insert_stream(sql)
        raise LookupError("thought better of it")

    with pytest.raises(LookupError):
        await front.transact(work)
    assert await front.read(stream_count) == 0
    await front.transact(insert_stream)
    assert await front.read(stream_count) == 1


async def test_a_reader_sees_one_moment(front: Database) -> None:
    """Two looks of one reader agree, although the writer commits in between."""
    seen: list[int] = []
    looked, wrote = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def look_twice(sql: SqlConnection) -> None:
        seen.append(stream_count(sql))
        loop.call_soon_threadsafe(looked.set)
        for _ in range(100_000):  # a bounded number of looks; the writer needs far fewer
            seen.append(stream_count(sql))
            if wrote.is_set():
                return

    async def write() -> None:
        await looked.wait()
        await front.transact(insert_stream)
        wrote.set()

    await asyncio.gather(front.read(look_twice), write())
    assert set(seen) == {0}
    assert await front.read(stream_count) == 1


async def test_a_cancelled_caller_does_not_stop_the_commit_half_way(sqlite: Database) -> None:
    caller = asyncio.create_task(sqlite.transact(insert_stream))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await sqlite.read(stream_count) == 1
    await sqlite.transact(lambda sql: None)


async def test_after_a_commit_that_failed_the_next_one_works(sqlite: Database) -> None:
    """SQLite leaves a transaction open whose COMMIT was refused; the writer must not be stuck with it."""

    def orphan(sql: SqlConnection) -> None:
        sql.execute(text("pragma defer_foreign_keys = on"))  # checked at COMMIT instead of at once
        sql.execute(text("insert into handle_change (account, event_seq, at) values ('A-nobody', 1, 0)"))

    with pytest.raises(DatabaseFault, match="FOREIGN KEY"):
        await sqlite.transact(orphan)
    await sqlite.transact(insert_stream)
    assert await sqlite.read(stream_count) == 1
    left = await sqlite.read(lambda sql: sql.execute(text("select count(*) from handle_change")).scalar_one())
    assert left == 0


@pytest.mark.parametrize("name", ["with blank", "百分之%20", "what?", "hash#tag", "a&b=c", "quote'd", "a;b"])
async def test_a_directory_may_be_called_anything(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "front.db"
    path.parent.mkdir()
    database = open_database(f"sqlite:///{path}")
    try:
        await migrate(database, "front")
        await database.transact(insert_stream)
        assert await database.read(stream_count) == 1
    finally:
        await database.close()
    assert (path.exists(), os.listdir(tmp_path)) == (True, [name])


def test_an_sqlite_database_needs_a_file() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        open_database("sqlite://")


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
async def test_the_writing_connection_is_durable_and_forgets_what_is_deleted(
    sqlite: Database, pragma: str, value: object
) -> None:
    found = await sqlite.transact(lambda sql: sql.execute(text(f"pragma {pragma}")).scalar_one())
    assert found == value
