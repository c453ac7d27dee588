"""The queue of events: it stops the reading rather than grow, and never stops a call."""

from __future__ import annotations

import asyncio

import pytest

from client_tui.sdk import ConnectionLost, EventMessage, EventsLost
from client_tui.sdk.event_queue import EventQueue
from server.wire.vocabulary import Seq, StreamName
from tests.sdk.logs import START


def event(seq: int) -> EventMessage:
    return EventMessage(StreamName("group:G-0000000000"), Seq(seq), "message.posted", START, {})


async def waits(queue: EventQueue) -> bool:
    """Whether the reader of the socket would wait now."""
    room = asyncio.ensure_future(queue.room())
    await asyncio.sleep(0)
    done = room.done()
    room.cancel()
    return not done


async def test_a_full_queue_stops_the_reading_until_somebody_takes_one() -> None:
    queue = EventQueue(limit=3)
    queue.reading_begins()
    for seq in (1, 2, 3):
        assert not await waits(queue)
        queue.put(event(seq))
    assert await waits(queue)
    assert (await anext(queue)).seq == 1
    assert not await waits(queue)


async def test_a_call_in_flight_keeps_the_reading_going() -> None:
    """Its answer stands behind the events, and the one who would read them is waiting for it."""
    queue = EventQueue(limit=1)
    queue.reading_begins()
    queue.put(event(1))
    queue.hurry(True)
    assert not await waits(queue)
    queue.hurry(False)
    assert await waits(queue)


async def test_whoever_never_asks_for_events_is_never_held_up_and_remembers_only_the_newest() -> None:
    queue = EventQueue(limit=2)
    for seq in range(1, 101):
        queue.put(event(seq))
        assert not await waits(queue)
    assert len(queue) == 16
    with pytest.raises(EventsLost) as lost:
        await anext(queue)
    assert lost.value.count == 84
    assert [(await anext(queue)).seq for _ in range(16)] == list(range(85, 101))


async def test_the_end_comes_after_what_is_left() -> None:
    queue = EventQueue(limit=3)
    queue.put(event(1))
    queue.end(None)
    assert [seen.seq async for seen in queue] == [1]
    assert [seen.seq async for seen in queue] == []


async def test_a_reason_is_told_after_what_is_left() -> None:
    queue = EventQueue(limit=3)
    queue.put(event(1))
    queue.end(ConnectionLost("closed with 4501: banned", code=4501, final=True))
    assert (await anext(queue)).seq == 1
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await anext(queue)


async def test_whoever_waits_is_woken_by_an_event_and_by_the_end() -> None:
    queue = EventQueue(limit=3)
    reading = asyncio.ensure_future(anext(queue))
    await asyncio.sleep(0)
    queue.put(event(1))
    assert (await reading).seq == 1

    async def rest() -> list[EventMessage]:
        return [seen async for seen in queue]

    reading_on = asyncio.ensure_future(rest())
    await asyncio.sleep(0)
    queue.end(None)
    assert await reading_on == []
