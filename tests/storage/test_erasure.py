"""What is taken back is gone: not hidden, not marked, but no longer anywhere in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from server.storage.database import Database, SqlConnection, SqliteDatabase, open_database
from server.storage.schema import migrate
from server.wire.vocabulary import group_stream
from tests.fakes import CountingIds, FakeClock
from tests.storage.town import Town

SECRET = "what nobody was meant to read, canary 4711"


def bytes_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.iterdir()))


def checkpoint(database: Database) -> None:
    """Bring the write-ahead log into the file and empty it, as SQLite does by itself sooner or later."""
    assert isinstance(database, SqliteDatabase)
    connection: Connection = database._connection
    connection.connection.cursor().execute("pragma wal_checkpoint(truncate)")


@pytest.mark.clause("SA-05.3h")
@pytest.mark.parametrize("length", [1, 30], ids=["short", "over several pages"])
async def test_a_recalled_text_leaves_no_bytes_behind(tmp_path: Path, clock: FakeClock, length: int) -> None:
    """SA-05.3h: content is kept apart so that it can go; when it goes, nothing of it is left on disk."""
    database = open_database(f"sqlite:///{tmp_path / 'front.db'}")
    await migrate(database, "front")
    town = Town(database, clock, CountingIds())
    town.writer.start()
    group = await town.group(await town.person("ann"))
    await town.say(group, "before")
    seq = await town.say(group, SECRET * length)
    await town.say(group, "after")
    checkpoint(database)
    assert SECRET.encode() in bytes_below(tmp_path)  # it was really there
    await town.recall(group, seq)
    checkpoint(database)
    assert SECRET.encode() not in bytes_below(tmp_path)
    assert await town.texts(group) == ["before", None, "after"]
    await town.writer.drain()
    await database.close()
    assert SECRET.encode() not in bytes_below(tmp_path)
    assert os.listdir(tmp_path) == ["front.db"]


async def test_the_fact_stays(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    seq = await town.say(group, SECRET)
    await town.recall(group, seq)
    events = await town.events(group_stream(group))
    assert [event.type for event in events] == ["message.posted", "message.recalled"]
    kept = await town.database.read(
        lambda sql: sql.execute(text("select text, mentions, length, recalled_at from message")).one()
    )
    assert (kept.text, kept.mentions, kept.length) == (None, None, len(SECRET))
    assert kept.recalled_at is not None


async def test_texts_stand_in_one_table_and_nowhere_else(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    await town.writer.perform(town.saying(group, SECRET, op="op-1", logged="publish"))

    def everything(sql: SqlConnection) -> dict[str, str]:
        names = ("event", "operation", "log_event", "stream")
        return {name: str(list(sql.execute(text(f"select * from {name}")))) for name in names}

    for table, rows in (await town.database.read(everything)).items():
        assert rows != "[]", table
        assert SECRET not in rows, table
