"""A refused write takes back exactly its own doing, however its rows reached the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server.storage import tables
from server.storage.database import SqliteDatabase
from server.storage.schema import migrate
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Write, Writer
from server.wire.errors import Refused
from server.wire.events import HANDLE_CHANGED, HandleChanged
from server.wire.vocabulary import Seq, StreamName, WireModel
from tests.fakes import CountingIds, FakeClock

STREAM = StreamName("account:A-1")


class Done(WireModel):
    seq: int


def emit(tx: Transaction) -> Done:
    return Done(seq=tx.emit(STREAM, HANDLE_CHANGED, HandleChanged(handle="x")))


def emit_read_and_fail(tx: Transaction) -> Done:
    emit(tx)
    tx.rows(select(tables.event))  # brings the waiting rows into the database before the refusal
    emit(tx)
    raise Refused("role")


def read_emit_and_fail(tx: Transaction) -> Done:
    tx.rows(select(tables.event))
    emit(tx)
    raise Refused("role")


@pytest.mark.parametrize("failing", [emit_read_and_fail, read_emit_and_fail])
async def test_a_refused_write_leaves_no_row_behind_and_no_gap(tmp_path: Path, failing: object) -> None:
    database = SqliteDatabase(tmp_path / "front.db")
    await migrate(database, "front")
    outcomes: list[Outcome] = []
    writer = Writer(database, FakeClock(), CountingIds(), outcomes.extend)
    for work in (emit, failing, emit):  # submitted before the start: one batch
        writer.submit(Write(work, "test", None, b"", None, lambda outcome: None))  # type: ignore[arg-type]
    writer.start()
    await writer.drain()
    assert writer.commits == 1
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    seqs = await database.read(lambda sql: [row.seq for row in sql.execute(select(tables.event))])
    head = await database.read(lambda sql: sql.execute(select(tables.stream.c.head)).scalar_one())
    assert (seqs, head) == ([Seq(1), Seq(2)], 2)
    await database.close()
