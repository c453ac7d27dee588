"""The one writer: order, one commit for many, each refusal alone, and nothing told before it is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from server.storage import streams, tables
from server.storage import writer as writer_module
from server.storage.database import Database, SqlConnection
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Writer
from server.wire.errors import Unavailable, WireError
from server.wire.text import folded
from server.wire.vocabulary import Seq, group_stream
from tests.fakes import CountingIds, FakeClock
from tests.storage.town import Done, Town, say, say_and_refuse


def errors(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [None if outcome.error is None else outcome.error.type for outcome in outcomes]


def break_down(tx: Transaction) -> Done:
    say_first(tx)
    raise LookupError("a fault of ours")


def say_first(tx: Transaction) -> None:
    tx.execute(insert(tables.stream).values(stream="group:half-done", head=1))


def collide(tx: Transaction) -> Done:
    for _ in range(2):
        tx.execute(insert(tables.stream).values(stream="group:twice", head=0))
    raise AssertionError("the second one is refused by the database")


async def test_writes_are_done_and_told_in_the_order_they_came(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    lines = [f"line {number}" for number in range(60)]
    outcomes = await town.together(*(town.saying(group, line) for line in lines))
    assert [outcome.result for outcome in outcomes] == [Done(event_seq=Seq(n)) for n in range(1, 61)]
    assert await town.texts(group) == lines


async def test_many_that_wait_share_one_commit(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    before = town.writer.commits
    await town.together(*(town.saying(group, "x") for _ in range(600)))
    assert town.writer.commits - before == 3  # 256 at most share one
    assert await town.head(group) == 600


async def test_a_refusal_takes_back_itself_and_nobody_else(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    told = await town.together(
        town.saying(group, "one"),
        town.make(say_and_refuse(group, "never said")),
        town.saying(group, "two"),
        town.make(break_down),
        town.saying(group, "three"),
    )
    assert errors(told) == [None, "role", None, "internal", None]
    assert await town.texts(group) == ["one", "two", "three"]
    assert await town.say(group, "four") == 4
    heads = await town.database.read(lambda sql: streams.heads(sql, [group_stream(group)]))
    assert heads == {group_stream(group): 4}
    half_done = select(tables.stream).where(tables.stream.c.stream == "group:half-done")
    assert await town.database.read(lambda sql: list(sql.execute(half_done))) == []


async def test_a_refused_write_leaves_no_event_on_its_way(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    told = await town.together(town.make(say_and_refuse(group, "x")), town.saying(group, "y"))
    assert [len(outcome.events) for outcome in told if outcome.error is None] == [1]
    assert all(not outcome.events for outcome in told if outcome.error is not None)


async def test_when_the_database_refuses_one_write_only_that_one_fails(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    told = await town.together(
        town.saying(group, "one"), town.make(collide), town.saying(group, "two"), town.saying(group, "three")
    )
    assert errors(told) == [None, "internal", None, None]
    assert await town.texts(group) == ["one", "two", "three"]
    assert await town.say(group, "four") == 4


async def test_what_went_wrong_here_is_told_by_a_number_and_no_more(town: Town) -> None:
    outcome = await town.write(break_down)
    assert outcome.error is not None
    body = outcome.error.body()
    assert set(body["data"]) == {"type", "retryable", "incident"}
    assert "a fault of ours" not in str(body)


@pytest.mark.clause("SA-05.3")
async def test_a_refusal_is_on_record_and_a_fault_of_ours_is_not(town: Town) -> None:
    """SA-05.3: operations are recorded with who, when and how they ended, in the commit that did them."""
    ann = await town.person("ann")
    group = await town.group(ann)
    await town.together(
        town.saying(group, "one", logged="publish"),
        town.make(say_and_refuse(group, "two"), logged="publish"),
        town.make(break_down, logged="publish"),
        town.saying(group, "three"),
    )
    rows = await town.log_rows()
    assert [(row.account, row.operation, row.outcome) for row in rows] == [
        (ann, "publish", "ok"),
        (ann, "publish", "refused"),
    ]
    assert {row.at for row in rows} == {town.clock.now()}
    assert [row.process_seq for row in rows] == sorted({row.process_seq for row in rows})


# --- trying again ------------------------------------------------------------------------------------------


async def test_a_repeated_write_is_answered_as_the_first_time(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    first = await town.writer.perform(town.saying(group, "once", op="op-1"))
    again = await town.writer.perform(town.saying(group, "once", op="op-1"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.result_json == first.result_json
    assert again.events == []
    assert await town.texts(group) == ["once"]


async def test_also_when_both_wait_in_one_batch(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    told = await town.together(*(town.saying(group, "once", op="op-1") for _ in range(3)))
    assert [outcome.replayed for outcome in told] == [False, True, True]
    assert len({outcome.result_json for outcome in told}) == 1
    assert await town.texts(group) == ["once"]


async def test_a_whole_batch_can_be_repeated(town: Town) -> None:
    """A client that lost its connection sends again all that was not answered."""
    group = await town.group(await town.person("ann"))
    for replayed in (False, True):
        told = await town.together(*(town.saying(group, f"line {n}", op=f"op-{n}") for n in range(300)))
        assert {outcome.replayed for outcome in told} == {replayed}
        assert [outcome.result_json for outcome in told] == [f'{{"event_seq":{n}}}' for n in range(1, 301)]
    assert await town.head(group) == 300


async def test_also_after_a_restart(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    first = await town.writer.perform(town.saying(group, "once", op="op-1"))
    await town.writer.drain()
    later = Town(town.database, town.clock, CountingIds())
    later.writer.start()
    again = await later.writer.perform(later.saying(group, "once", op="op-1"))
    assert again.replayed
    assert again.result_json == first.result_json
    assert await later.say(group, "next") == 2
    await later.writer.drain()


async def test_the_same_id_for_another_call_is_a_mistake(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    told = await town.together(
        town.saying(group, "this", op="op-1"),
        town.saying(group, "that", op="op-1"),
        town.make(say(group, "this"), content=b"this", verb="group.leave", op="op-1"),
        town.saying(group, "that", op="op-2"),
    )
    assert errors(told) == [None, "idempotency_mismatch", "idempotency_mismatch", None]
    assert await town.texts(group) == ["this", "that"]


async def test_ids_of_two_people_do_not_meet(town: Town) -> None:
    ann, bob = await town.person("ann"), await town.person("bob")
    group = await town.group(ann, bob)
    told = await town.together(
        town.saying(group, "hello", ann, op="op-1"), town.saying(group, "hello", bob, op="op-1", caller=bob)
    )
    assert [outcome.replayed for outcome in told] == [False, False]
    assert await town.texts(group) == ["hello", "hello"]


async def test_what_was_refused_may_be_tried_again(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    refused = town.make(say_and_refuse(group, "x"), content=b"x", op="op-1")
    assert (await town.writer.perform(refused)).error is not None
    assert (await town.writer.perform(town.saying(group, "x", op="op-1"))).error is None
    assert await town.texts(group) == ["x"]


async def test_the_longest_handle_that_registers_has_room_for_its_operation(town: Town) -> None:
    """Whose client_op_id it is may be a handle; folding makes some characters six and more."""
    caller = f"handle:{folded('㌖' * 24)}"
    assert len(caller) > 24 * 6
    done = await town.write(lambda tx: Done(event_seq=Seq(0)), op="op-1", caller=caller)
    assert done.error is None


# --- when it is told ----------------------------------------------------------------------------------


async def test_nothing_is_told_before_others_can_see_it(
    sqlite: Database, sqlite_path: Path, clock: FakeClock
) -> None:
    town = Town(sqlite, clock, CountingIds())
    seen: list[tuple[int, int]] = []

    def publish(outcomes: Sequence[Outcome]) -> None:
        with contextlib.closing(sqlite3.connect(f"file:{sqlite_path}?mode=ro", uri=True)) as stranger:
            (visible,) = stranger.execute("select count(*) from event").fetchone()
        seen.append((visible, sum(len(outcome.events) for outcome in outcomes)))
        for outcome in outcomes:
            outcome.write.released(outcome)

    town.writer = Writer(sqlite, clock, town.ids, publish)
    town.writer.start()
    group = await town.group(await town.person("ann"))
    for _ in range(3):
        await town.writer.perform(town.saying(group, "x"))
    await asyncio.gather(*(town.writer.perform(town.saying(group, "x")) for _ in range(5)))
    await town.writer.drain()
    assert [told for _, told in seen if told] == [1, 1, 1, 5]
    assert [visible for visible, told in seen if told] == [1, 2, 3, 8]


async def test_a_caller_who_hangs_up_is_not_a_write_undone(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    callers = [asyncio.create_task(town.say(group, f"line {number}")) for number in range(6)]
    await asyncio.sleep(0)
    for caller in callers[::2]:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert await town.texts(group) == [f"line {number}" for number in range(6)]


async def test_a_fault_in_telling_does_not_stop_the_writing(front: Database, clock: FakeClock) -> None:
    def publish(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            outcome.write.released(outcome)
        raise LookupError("a fault in the hub")

    town = Town(front, clock, CountingIds())
    town.writer = Writer(front, clock, town.ids, publish)
    town.writer.start()
    group = await town.group(await town.person("ann"))
    assert [await town.say(group, "x"), await town.say(group, "y")] == [1, 2]
    await town.writer.drain()


# --- when it cannot -----------------------------------------------------------------------------------


async def test_who_drains_finishes_what_waits_and_takes_nothing_more(town: Town) -> None:
    group = await town.group(await town.person("ann"))
    for number in range(300):
        town.writer.submit(town.saying(group, f"line {number}"))
    await town.writer.drain()
    with pytest.raises(Unavailable) as refused:
        town.writer.submit(town.saying(group, "late"))
    assert refused.value.type == "shutting_down"
    assert len(await town.texts(group)) == 300


async def test_a_queue_too_long_says_so_instead_of_growing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await town.group(await town.person("ann"))
    monkeypatch.setattr(writer_module, "_MOST_WAITING", 3)
    for _ in range(3):
        town.writer.submit(town.saying(group, "x"))
    assert town.writer.waiting == 3
    with pytest.raises(Unavailable) as refused:
        town.writer.submit(town.saying(group, "one too many"))
    assert refused.value.type == "overloaded"
    assert refused.value.body()["data"]["retry_after_ms"] == 1000
    await town.writer.drain()
    assert len(await town.texts(group)) == 3


def pages(sql: SqlConnection, most: int) -> None:
    sql.execute(text(f"pragma max_page_count = {most}"))


async def test_a_full_disk_is_told_and_nothing_is_half_done(village: Town) -> None:
    group = await village.group(await village.person("ann"))
    await village.say(group, "before")
    taken = await village.database.read(lambda sql: sql.execute(text("pragma page_count")).scalar_one())
    await village.database.transact(lambda sql: pages(sql, taken))
    told = await village.together(*(village.saying(group, "x" * 4000) for _ in range(20)))
    full = [outcome for outcome in told if outcome.error is not None]
    assert full
    assert set(errors(full)) == {"read_only"}
    assert isinstance(full[0].error, WireError)
    assert full[0].error.retryable
    kept = len(told) - len(full)
    assert await village.texts(group) == ["before"] + ["x" * 4000] * kept
    await village.database.transact(lambda sql: pages(sql, 1_000_000))
    assert await village.say(group, "after") == kept + 2


async def test_memory_is_bounded_and_what_was_forgotten_is_read_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.writer._memory._most = 2
    ann = await town.person("ann")
    groups = [await town.group(ann) for _ in range(6)]
    for turn in range(1, 4):
        for group in groups:
            assert await town.say(group, f"turn {turn}") == turn
    assert len(town.writer._memory.heads) <= 2
    assert len(town.writer._memory.rosters) <= 2
