"""SA-05.3: one log row for one operation, with the fields of the clause and not one more."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from server.main import Server
from tests.fakes import FakeClock
from tests.protocol.conftest import Folk, Gather
from tests.protocol.story import person, phone, whole_story
from tests.protocol.tellers import WireTeller
from tests.protocol.wire import fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]
COLUMNS = {
    "account": "SA-05.3a",
    "at": "SA-05.3b",
    "process_seq": "SA-05.3b",
    "process": "SA-05.3b",
    "operation": "SA-05.3c",
    "outcome": "SA-05.3c",
    "source_address": "SA-05.3d",
    "destination": "SA-05.3e",
    "source_port": "SA-05.3f",
    "client": "SA-05.3g",
}
MEMBERS = 7


@pytest.mark.clause("SA-05.3", "CG-06.3")
async def test_the_rows_are_the_operations_of_the_story(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SA-05.3: what people did and what was refused them, each once; nothing of what they said or are."""
    async with contextlib.AsyncExitStack() as closing:

        async def meet() -> WireTeller:
            teller = await WireTeller.to(server.url)
            closing.push_async_callback(teller.aclose)
            return teller

        ending = await whole_story(meet, MEMBERS)
    rows = _rows(tmp_path)
    assert Counter((row["operation"], row["outcome"]) for row in rows) == Counter(ending.operations)
    assert {row["account"] is None for row in rows if row["operation"] not in ("register", "login")} == {
        False
    }
    written = "\n".join(str(tuple(row.values())) for row in rows)
    for number in range(MEMBERS):
        somebody = person(number)
        for word in (somebody.legal_name, somebody.number, phone(number), f"鸟{number}", "客", "句"):
            assert word not in written
    assert ending.group not in written, "a row does not say where: it would say who talks to whom"
    with capsys.disabled():
        refused = sum(row["outcome"] == "refused" for row in rows)
        print(f"\n  log rows: {len(rows)} for {len(ending.operations)} operations, {refused} of them refused")


@pytest.mark.clause("SA-05.3")
async def test_a_row_has_the_fields_of_the_clause_and_not_one_more(
    folk: Folk, tmp_path: Path, clock: FakeClock
) -> None:
    """SA-05.3 a to g, field by field, for one message of one person."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    clock.advance(minutes=5, milliseconds=7)
    await ann.says(group, "hello")
    row = _rows(tmp_path)[-1]
    assert row.keys() == COLUMNS.keys()
    host, port = ann.socket.local_address[:2]
    there = ann.socket.remote_address[:2]
    assert row["account"] == ann.account
    assert (row["operation"], row["outcome"]) == ("publish", "ok")
    assert (row["source_address"], row["source_port"]) == (host, port)
    assert row["destination"] == f"{there[0]}:{there[1]}"
    assert row["client"] == "wire 1 (test none)"
    assert re.search(r"08:05:00.007|1772438700007", str(row["at"]))


@pytest.mark.clause("SA-05.3")
async def test_rows_stand_in_the_order_of_what_happened(folk: Folk, tmp_path: Path) -> None:
    """SA-05.3b: within one millisecond, and here the clock stands still, the sequence tells the order."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    seq = await ann.says(group, "hello")
    await ann.call("message.recall", group=group, message=seq)
    await ann.call("group.set_nickname", group=group, nickname="a")
    await ann.call("group.leave", group=group)
    await ann.call("session.close")
    rows = _rows(tmp_path)
    assert [row["operation"] for row in rows] == [
        *("register", "login", "verify", "create_group", "publish", "recall", "settings", "leave", "logout")
    ]
    seqs = [row["process_seq"] for row in rows]
    assert seqs == sorted(set(seqs))
    assert len({row["process"] for row in rows}) == 1


@pytest.mark.clause("CG-06.3", "SA-05.3")
async def test_a_refused_operation_is_written_down_as_refused(folk: Folk, tmp_path: Path) -> None:
    """CG-06.3: who tried to publish without an identity is in the log, as an attempt that failed."""
    ann = await folk.unverified("ann")
    group = "G-0000000000"
    await ann.refused("group.create", name="too early")
    await ann.refused("group.join", group=group)
    await ann.refused("message.send", group=group, text="too early")
    rows = [(row["operation"], row["outcome"], row["account"]) for row in _rows(tmp_path)][-3:]
    assert rows == [(kind, "refused", ann.account) for kind in ("create_group", "join", "publish")]
    assert not any("too early" in str(row) for row in _rows(tmp_path))


@pytest.mark.clause("SA-05.3")
async def test_a_repeated_call_is_one_operation(folk: Folk, tmp_path: Path) -> None:
    """SA-05.3: the log says what was done, not how often a client had to ask."""
    (ann,) = await folk("ann")
    group, op = await ann.founds(), fresh_op()
    for _ in range(3):
        await ann.says(group, "once", client_op_id=op)
    assert [row["operation"] for row in _rows(tmp_path)].count("publish") == 1


@pytest.mark.clause("SA-05.3")
async def test_reading_leaves_no_row(folk: Folk, tmp_path: Path) -> None:
    """SA-05.3: what somebody reads is not an operation, and nobody's business."""
    (ann,) = await folk("ann")
    group = await ann.founds(discoverable=True)
    before = len(_rows(tmp_path))
    await ann.history(group)
    for verb in ("group.get", "group.members", "group.snapshot", "message.typing"):
        await ann.call(verb, group=group)
    for verb in ("group.list", "account.get", "session.list", "rules.show", "server.about"):
        await ann.call(verb)
    await ann.call("message.mark_read", group=group, seq=1)
    assert len(_rows(tmp_path)) == before


@pytest.mark.clause("SA-05.3")
async def test_a_forwarded_address_of_a_stranger_is_not_believed(folk: Folk, tmp_path: Path) -> None:
    """SA-05.3d: anybody can write a header; what counts is the address that we saw."""
    wire = await folk.stranger({"X-Forwarded-For": "203.0.113.7"})
    await folk.registers(wire, "ann")
    row = _rows(tmp_path)[-1]
    assert (row["source_address"], row["source_port"]) == wire.socket.local_address[:2]


@pytest.mark.clause("SA-05.3")
@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 127.0.0.9", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("somewhere", "127.0.0.1"),
        ("203.0.113.7, nonsense", "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_is_believed_about_the_address_and_nothing_is_made_up_for_the_port(
    serve: Serve, gather: Gather, tmp_path: Path, header: str, address: str
) -> None:
    """SA-05.3 d and f: the last address that is not a proxy of ours; its port is unknown and stays so."""
    overrides = {"logs": {"trusted_proxies": ["127.0.0.0/8"]}}
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk = await gather(server)
        wire = await folk.stranger({"X-Forwarded-For": header})
        await folk.registers(wire, "ann")
        row = _rows(tmp_path)[-1]
        assert row["source_address"] == address
        assert (row["source_port"] is None) == (address != "127.0.0.1")


@pytest.mark.clause("SA-05.3")
async def test_a_message_leaves_its_record_apart_from_the_log(folk: Folk, tmp_path: Path) -> None:
    """SA-05.3h: id, group, length and time of what was published, and its recall; in a table of its own."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    seq = await ann.says(group, "好茶 today")
    await ann.call("message.recall", group=group, message=seq)
    with contextlib.closing(_database(tmp_path)) as front:
        (kept,) = front.execute("select * from message").fetchall()
    assert (kept["group_id"], kept["seq"], kept["length"]) == (group, seq, 8)
    assert (kept["text"], kept["mentions"]) == (None, None)
    assert kept["recalled_at"] is not None


def _rows(directory: Path) -> list[dict[str, Any]]:
    with contextlib.closing(_database(directory)) as front:
        return [dict(row) for row in front.execute("select * from log_event order by at, process_seq")]


def _database(directory: Path) -> sqlite3.Connection:
    front = sqlite3.connect(f"file:{directory / 'data' / 'front.db'}?mode=ro", uri=True)
    front.row_factory = sqlite3.Row
    return front
