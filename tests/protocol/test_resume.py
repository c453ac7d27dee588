"""Coming back: every event once and in order, or a snapshot in its place; and last the word that it is all.

On raw sockets, so that nothing is the SDK's doing: it drops what comes twice and fetches what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise

import pytest

from server.main import Server
from tests.conftest import PASSWORD
from tests.protocol.conftest import Folk, Gather
from tests.protocol.slow_disk import SlowDisk
from tests.protocol.wire import CLIENT, Json, Wire

Serve = Callable[..., AbstractAsyncContextManager[Server]]
RECONNECTS = 30


@pytest.fixture
def short_memory(serve: Serve) -> Callable[[], AbstractAsyncContextManager[Server]]:
    """A server that replays at most ten events of a stream."""
    overrides = {"resume": {"replay_limit_events": 10}}
    return lambda: serve(policy={"profile": "test", "overrides": overrides})


async def test_thirty_reconnects_under_load_miss_nothing_and_repeat_nothing(
    folk: Folk, capsys: pytest.CaptureFixture[str]
) -> None:
    """While somebody keeps posting, another loses the line thirty times, each time in the middle of things.

    Every event of the group came to them exactly once and in order; what was replayed and what was live meet
    without a seam.
    """
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    stream, replayed = f"group:{group}", 0
    seen: list[int] = []
    writing = asyncio.Event()
    writing.set()

    async def keep_posting() -> int:
        sent = 0
        while writing.is_set():
            ids = [await ann.post("message.send", group=group, text=str(sent + n)) for n in range(8)]
            for id_ in ids:
                assert "result" in await ann.answer(id_)
            sent += len(ids)
        return sent

    posting = asyncio.create_task(keep_posting())
    device = bob
    for _ in range(RECONNECTS):
        await _hears_more(device, stream)
        device.socket.transport.abort()
        await device.ended()
        seen += device.seqs(stream)
        device = await folk.again(bob, cursors={stream: seen[-1]})
        replayed += device.heard("session.caught_up")[0]["data"]["replayed"]
    writing.clear()
    sent = await posting
    head = (await ann.call("group.snapshot", group=group))["as_of"]
    await _hears(device, stream, head)
    seen += device.seqs(stream)
    assert seen == list(range(seen[0], head + 1)), _faults(seen)
    with capsys.disabled():
        print(
            f"\n  resume: {RECONNECTS} reconnects, {sent} messages posted meanwhile, "
            f"{replayed} events replayed, {len(seen)} of {len(seen)} seen exactly once"
        )


async def test_devices_that_begin_under_load_hear_nothing_older_than_their_head(folk: Folk) -> None:
    """Without cursors, events begin with the one after the head in the answer: none before, none missing."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    stream = f"group:{group}"
    ids = [await ann.post("message.send", group=group, text=str(number)) for number in range(400)]
    devices = await asyncio.gather(*(folk.again(bob) for _ in range(12)))
    for id_ in ids:
        await ann.answer(id_)
    last = await ann.says(group, "last")
    for device in devices:
        await _hears(device, stream, last)
        head = next(one["head"] for one in device.opened["streams"] if one["stream"] == stream)
        assert device.seqs(stream) == list(range(head + 1, last + 1)), _faults(device.seqs(stream))


@pytest.mark.parametrize("resuming", [True, False])
async def test_a_log_in_that_shares_its_commit_with_messages_hears_each_of_them_once(
    server: Server, folk: Folk, resuming: bool
) -> None:
    """Posted before the log-in, in the same commit: replayed, not also live. Posted after it: the reverse."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    stream, back = f"group:{group}", await folk.stranger()
    async with SlowDisk(server) as disk:
        await ann.post("group.set_nickname", group=group, nickname="first, alone")
        await disk.waits_for(1)
        ids = [await ann.post("message.send", group=group, text="before")]
        await disk.waits_for(2)
        cursors = {stream: 3} if resuming else None
        opening = asyncio.create_task(back.open(token=bob.opened["token"], cursors=cursors))
        await disk.waits_for(3)
        ids.append(await ann.post("message.send", group=group, text="after"))
        await disk.waits_for(4)
    await opening
    for id_ in ids:
        await ann.answer(id_)
    last = await ann.says(group, "last")
    await _hears(back, stream, last)
    head = _head_of(back, group)["head"]
    assert head == 5, "the log-in did not share its commit with the message before it"
    assert back.seqs(stream) == ([4, 5, 6, 7] if resuming else [6, 7])
    assert bob.seqs(stream) == [3, 4, 5, 6, 7]


async def test_missed_events_come_in_order_and_the_word_that_it_is_all_comes_last(folk: Folk) -> None:
    """Two streams fell behind; each is replayed from its own cursor, then `session.caught_up` counts them."""
    ann, bob = await folk("ann", "bob")
    tea, go = await ann.founds("tea"), await ann.founds("go")
    for group in (tea, go):
        await bob.joins(group)
    cursors = {bob.stream: bob.seqs(bob.stream)[-1], f"group:{tea}": 3, f"group:{go}": 3}
    await bob.aclose()
    for number in range(5):
        await ann.says(tea, f"tea {number}")
    await ann.says(go, "go")
    back = await folk.again(bob, cursors=cursors)
    assert {one["stream"]: one["resumed"] for one in back.opened["streams"]} == dict.fromkeys(cursors, True)
    assert back.seqs(f"group:{tea}") == [4, 5, 6, 7, 8]
    assert back.seqs(f"group:{go}") == [4]
    assert back.seqs(bob.stream) == []
    assert back.events[-1]["type"] == "session.caught_up"
    assert back.events[-1]["data"] == {"replayed": 6}


async def test_whoever_is_up_to_date_is_told_at_once(folk: Folk) -> None:
    """A cursor at the head is resumed, with nothing to replay."""
    (ann,) = await folk("ann")
    back = await folk.again(ann, cursors={ann.stream: ann.seqs(ann.stream)[-1]})
    assert back.opened["streams"][0]["resumed"] is True
    assert [event["type"] for event in back.events] == ["session.caught_up"]


async def test_past_the_replay_limit_a_snapshot_takes_the_place_of_the_events(
    short_memory: Callable[[], AbstractAsyncContextManager[Server]], gather: Gather
) -> None:
    """Ten events behind are replayed, eleven are not: the state comes instead, as of the head."""
    async with short_memory() as server:
        folk = await gather(server)
        ann, bob = await folk("ann", "bob")
        group = await ann.founds()
        await bob.joins(group)
        for number in range(10):
            await ann.says(group, str(number))
        near = await _back_at(folk, bob, group, 3)
        far = await _back_at(folk, bob, group, 2)
        assert near.seqs(f"group:{group}") == list(range(4, 14))
        assert near.heard("stream.snapshot", stream=f"group:{group}") == []
        assert far.seqs(f"group:{group}") == []
        (snapshot,) = far.heard("stream.snapshot", stream=f"group:{group}")
        assert (snapshot["data"]["as_of"], snapshot["data"]["kind"]) == (13, "group")
        assert snapshot["data"]["snapshot"] == await bob.call("group.snapshot", group=group)
        assert far.events[-1]["type"] == "session.caught_up"


@pytest.mark.parametrize("cursor", [4, 2**53 - 1])
async def test_a_cursor_from_the_future_is_answered_with_a_snapshot(folk: Folk, cursor: int) -> None:
    """A server restored from a backup knows less than its clients: its word counts."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    back = await _back_at(folk, ann, group, cursor)
    assert not _head_of(back, group)["resumed"]
    (snapshot,) = back.heard("stream.snapshot", stream=f"group:{group}")
    assert snapshot["data"]["as_of"] == 2


async def test_a_stream_without_a_cursor_comes_as_a_snapshot_and_without_any_nothing_does(folk: Folk) -> None:
    """Empty cursors ask for everything as state; none at all asks for what happens from now on."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    full = await folk.again(ann, cursors={})
    assert [event["stream"] for event in full.heard("stream.snapshot")] == [ann.stream, f"group:{group}"]
    assert full.heard("stream.snapshot")[0]["data"]["snapshot"] == await ann.call("account.get")
    bare = await folk.again(ann)
    assert [event["type"] for event in bare.events] == ["session.caught_up"]


async def test_cursors_of_streams_that_are_not_ones_own_bring_nothing(folk: Folk) -> None:
    """INV-13: naming somebody's group or account in the cursors opens no window into it."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await ann.says(group, "among us")
    back = await folk.again(bob, cursors={f"group:{group}": 0, ann.stream: 0, bob.stream: 0})
    assert {one["stream"] for one in back.opened["streams"]} == {bob.stream}
    assert {event["stream"] for event in back.events} == {bob.stream}


async def test_the_replay_holds_no_content_of_a_message_recalled_meanwhile(folk: Folk) -> None:
    """Recalled is recalled, for whoever was away as well."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    await bob.aclose()
    seq = await ann.says(group, "said in haste")
    await ann.call("message.recall", group=group, message=seq)
    back = await _back_at(folk, bob, group, 3)
    posted, recalled = back.heard(stream=f"group:{group}")
    assert (posted["data"]["text"], posted["data"]["recalled"]) == (None, True)
    assert recalled["data"]["seq"] == seq
    assert not any("haste" in frame for frame in back.frames)


async def test_streams_survive_a_restart_of_the_server(serve: Serve, gather: Gather) -> None:
    """Same data directory, new process: cursors of before mean what they meant."""
    async with serve() as server:
        folk = await gather(server)
        (ann,) = await folk("ann")
        group = await ann.founds()
        await ann.says(group, "before")
        token, heard = ann.opened["token"], ann.seqs(ann.stream)
    assert await ann.ended() == 4012
    async with serve() as server:
        back = await (await gather(server)).stranger()
        await back.open(token=token, cursors={f"group:{group}": 2, ann.stream: heard[0] - 1})
        assert back.seqs(f"group:{group}") == [3]
        assert back.seqs(ann.stream) == heard
        assert await back.says(group, "after") == 4


async def test_logging_in_by_password_with_cursors_resumes_as_well(folk: Folk) -> None:
    """The log-in's own event comes live, once, after what was missed."""
    (ann,) = await folk("ann")
    cursor = ann.seqs(ann.stream)[-1]
    back = await folk.stranger()
    await back.open(handle="ann", password=PASSWORD, client=CLIENT, cursors={ann.stream: cursor})
    assert [event["type"] for event in back.events] == ["session.opened", "session.caught_up"]
    assert back.seqs(ann.stream) == [cursor + 1]


async def _back_at(folk: Folk, person: Wire, group: str, cursor: int) -> Wire:
    cursors = {f"group:{group}": cursor, person.stream: person.seqs(person.stream)[-1]}
    return await folk.again(person, cursors=cursors)


def _head_of(wire: Wire, group: str) -> Json:
    return next(one for one in wire.opened["streams"] if one["stream"] == f"group:{group}")


async def _hears_more(device: Wire, stream: str) -> None:
    """Wait for one more event than now: the line is to be lost in the middle of things."""
    heard = len(device.seqs(stream))
    await device.until(lambda: len(device.seqs(stream)) > heard)


async def _hears(device: Wire, stream: str, last: int) -> None:
    await device.until(lambda: device.seqs(stream)[-1:] == [last])


def _faults(seqs: list[int]) -> str:
    return "not in order: " + ", ".join(f"{a} then {b}" for a, b in pairwise(seqs) if b != a + 1)
