"""A write leaves nothing for the garbage collector: the server has it look seldom (``server/main.py``)."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest

from server.storage.database import SqliteDatabase
from server.storage.schema import migrate
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Write, Writer
from server.wire.errors import Refused
from server.wire.events import HANDLE_CHANGED, HandleChanged
from server.wire.vocabulary import StreamName, WireModel
from tests.fakes import CountingIds, FakeClock


class Done(WireModel):
    pass


@pytest.mark.parametrize("refused", [False, True])
async def test_a_transaction_is_gone_when_its_outcome_is_told(tmp_path: Path, refused: bool) -> None:
    database = SqliteDatabase(tmp_path / "front.db")
    await migrate(database, "front")
    seen: list[weakref.ref[Transaction]] = []

    def work(tx: Transaction) -> Done:
        seen.append(weakref.ref(tx))
        tx.emit(StreamName("account:A-1"), HANDLE_CHANGED, HandleChanged(handle="x"))
        if refused:
            raise Refused("role")
        return Done()

    def tell(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            outcome.write.released(outcome)

    writer = Writer(database, FakeClock(), CountingIds(), tell)
    writer.start()
    gc.disable()
    try:
        await writer.perform(Write(work, "test", None, b"", None, lambda outcome: None))
        await writer.drain()
        assert [reference() for reference in seen] == [None]
    finally:
        gc.enable()
    await database.close()
