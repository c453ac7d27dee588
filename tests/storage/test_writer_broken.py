"""A writer that fails itself says so: nobody waits for ever, and the server stops being ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.storage.database import SqliteDatabase
from server.storage.schema import migrate
from server.storage.writer import Write, Writer
from server.wire.errors import Unavailable
from server.wire.vocabulary import WireModel
from tests.fakes import CountingIds, FakeClock


async def test_a_broken_writer_refuses_what_comes_after(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "front.db")
    await migrate(database, "front")

    class BrokenIds(CountingIds):
        """Chance that runs dry once the writer has started: the way to explain a fault is gone as well."""

        dry = False

        def incident(self) -> str:
            if self.dry:
                raise RuntimeError("no chance left")
            return super().incident()

    ids = BrokenIds()
    writer = Writer(database, FakeClock(), ids, lambda outcomes: None)
    ids.dry = True
    writer.start()
    write = Write(lambda tx: WireModel.model_validate(None), "test", None, b"", None, lambda outcome: None)
    writer.submit(write)
    async with asyncio.timeout(5):
        await writer.broken.wait()
    with pytest.raises(Unavailable):
        writer.submit(write)
    await writer.drain()
    await database.close()
