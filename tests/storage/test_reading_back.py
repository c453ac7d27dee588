"""Reading back: pages of messages in both directions, and the events that somebody missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as engine_event

from server.storage import messages, streams, tables
from server.storage.database import SqlConnection, SqliteDatabase
from server.storage.streams import events_between
from server.storage.transaction import Transaction
from server.wire.events import MEMBER_LEFT, MEMBER_TYPING, Event, MemberLeft
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.vocabulary import AccountId, MemberRef, Seq, StreamName, group_stream
from tests.storage.town import Done, Town

PLACES = st.integers(-1, 45)


@dataclass
class Talk:
    """A group in which messages, other events and recalls alternate, and what ought to be found there."""

    town: Town
    group: GroupId
    posted: list[Seq]
    recalled: set[Seq]
    last: int


def leaving(group: GroupId, number: int) -> Callable[[Transaction], Done]:
    told = MemberLeft(ref=MemberRef(f"M-{number}"), nickname="gone")
    return lambda tx: Done(event_seq=tx.emit(group_stream(group), MEMBER_LEFT, told))


@pytest.fixture
async def talk(town: Town) -> Talk:
    ann, bob = await town.person("ann"), await town.person("bob")
    group = await town.group(ann, bob)
    posted: list[Seq] = []
    recalled: set[Seq] = set()
    for number in range(20):
        posted.append(await town.say(group, f"line {number}", (ann, bob)[number % 2]))
        if number % 3 == 0:
            await town.write(leaving(group, number))
        if number % 5 == 4:
            await town.recall(group, Seq(posted[-2]))
            recalled.add(posted[-2])
    await town.say(await town.group(ann), "in another group")
    return Talk(town, group, posted, recalled, await town.head(group))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=PLACES, limit=st.integers(1, 25))
async def test_a_page_backwards_is_the_end_of_the_list_up_to_there(
    talk: Talk, before: int, limit: int
) -> None:
    model = [seq for seq in talk.posted if before < 0 or seq < before]
    found, more = await page(talk, before=Seq(before) if before >= 0 else None, limit=limit)
    assert [message.seq for message in found] == model[-limit:]
    assert more is (len(model) > limit)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.integers(0, 45), limit=st.integers(1, 25))
async def test_a_page_forwards_is_the_start_of_the_list_from_there(
    talk: Talk, after: int, limit: int
) -> None:
    model = [seq for seq in talk.posted if seq > after]
    found, more = await page(talk, after=Seq(after), limit=limit)
    assert [message.seq for message in found] == model[:limit]
    assert more is (len(model) > limit)


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_page_by_page_one_reads_everything_once_in_either_direction(talk: Talk, limit: int) -> None:
    back: list[int] = []
    cursor, more = None, True
    while more:
        found, more = await page(talk, before=cursor, limit=limit)
        back = [message.seq for message in found] + back
        cursor = found[0].seq
    forth: list[int] = []
    cursor, more = Seq(0), True
    while more:
        found, more = await page(talk, after=cursor, limit=limit)
        forth += [message.seq for message in found]
        cursor = found[-1].seq
    assert back == forth == talk.posted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.integers(0, 45), last=st.integers(0, 45))
async def test_missed_events_are_exactly_those_in_between(talk: Talk, after: int, last: int) -> None:
    found = await talk.town.events(group_stream(talk.group), after, last)
    assert [event.seq for event in found] == list(range(after + 1, min(last, talk.last) + 1))
    for event in found:
        assert event.seq is not None
        assert (event.type == "message.posted") is (event.seq in talk.posted)
        if isinstance(event.data, Message):
            assert (event.data.text is None) is event.data.recalled is (event.seq in talk.recalled)


async def page(
    talk: Talk, *, before: Seq | None = None, after: Seq | None = None, limit: int
) -> tuple[list[Message], bool]:
    def look(sql: SqlConnection) -> tuple[list[Message], bool]:
        return messages.page(sql, talk.group, before=before, after=after, limit=limit)

    return await talk.town.database.read(look)


async def test_what_is_replayed_is_what_was_told(town: Town) -> None:
    """An event read back is the event that went out when it happened: nothing is lost on the way to disk."""
    ann = await town.person("ann")
    group = await town.group(ann)
    told: list[Event] = []
    for outcome in await town.together(
        *(town.saying(group, f"line {number}\n好茶 🍵") for number in range(5))
    ):
        told += outcome.events
    assert await town.events(group_stream(group)) == told


async def test_a_recalled_message_keeps_its_place_and_loses_its_words(talk: Talk) -> None:
    seq = min(talk.recalled)
    (message,) = [one for one in (await page(talk, limit=25))[0] if one.seq == seq]
    assert (message.text, message.mentions, message.recalled) == (None, [], True)
    assert message.nickname


async def test_unread_are_the_messages_of_others_that_are_still_there(talk: Talk) -> None:
    ann, bob = AccountId("A-1"), AccountId("A-2")
    for reader, others in ((ann, talk.posted[1::2]), (bob, talk.posted[0::2])):

        def unread(sql: SqlConnection, reader: AccountId = reader) -> list[int]:
            markers = [Seq(read) for read in range(talk.last + 1)]
            return [messages.count_unread(sql, talk.group, reader, marker) for marker in markers]

        there = [seq for seq in others if seq not in talk.recalled]
        expected = [len([seq for seq in there if seq > read]) for read in range(talk.last + 1)]
        assert await talk.town.database.read(unread) == expected


async def test_a_stream_without_events_stands_at_nothing(town: Town) -> None:
    nowhere = StreamName("account:A-404")
    assert await town.database.read(lambda sql: streams.head(sql, nowhere)) == 0
    assert await town.events(nowhere) == []


async def test_what_is_only_shown_is_not_kept(town: Town) -> None:
    assert not MEMBER_TYPING.durable
    group = await town.group(await town.person("ann"))
    assert await town.events(group_stream(group)) == []


async def test_a_message_costs_no_select_once_its_group_is_known(village: Town) -> None:
    """What the writer remembers is what makes thousands of messages a second possible."""
    group = await village.group(await village.person("ann"))
    await village.say(group, "warm")
    statements: list[str] = []
    database = village.database
    assert isinstance(database, SqliteDatabase)
    engine_event.listen(
        database._engine, "before_cursor_execute", lambda *seen: statements.append(str(seen[2]).split()[0])
    )
    await village.together(*(village.saying(group, f"line {number}") for number in range(50)))
    assert [statement for statement in statements if statement == "SELECT"] == []
    assert len(statements) <= 6  # begin, messages, events, heads; not fifty of each
    assert {table.name for table in (tables.message, tables.event)} == {"message", "event"}
    assert (
        len(await database.read(lambda sql: events_between(sql, group_stream(group), Seq(0), Seq(99)))) == 51
    )
