"""What a client missed: the events after its cursors, or a snapshot where those are too many."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from dataclasses import dataclass

from server.services.snapshots import account_snapshot, group_snapshot
from server.services.world import World
from server.storage import groups, streams
from server.storage.database import SqlConnection
from server.wire import codec
from server.wire.events import STREAM_SNAPSHOT, Event, StreamSnapshot
from server.wire.group_id import GroupId
from server.wire.verbs.session import SessionOpenedResult, StreamHead
from server.wire.vocabulary import AccountId, Seq, StreamName


@dataclass(frozen=True, slots=True)
class Replay:
    frames: list[str]
    """Encoded notifications of one stream, in order."""
    events: int
    """How many of them are missed events."""


async def missed(
    world: World, opened: SessionOpenedResult, cursors: dict[StreamName, Seq] | None
) -> AsyncIterator[Replay]:
    """Everything between the client's cursors and the heads at which it was attached, stream by stream: what
    waits in memory is one stream's worth, however much was missed.

    All those events are committed, so a reader that starts now sees them; later ones are held by the
    connection. A snapshot may be newer than the head: events at or below its ``as_of`` are in it already.
    """
    if cursors is not None:
        for head in opened.streams:
            yield await world.database.read(
                functools.partial(_stream, world, opened.account.account, head, cursors.get(head.stream))
            )


def _stream(
    world: World, account: AccountId, head: StreamHead, cursor: Seq | None, sql: SqlConnection
) -> Replay:
    if head.resumed and cursor is not None:
        events = streams.events_between(sql, head.stream, cursor, head.head)
        return Replay([codec.encode_event(event) for event in events], len(events))
    event = _snapshot(sql, world, account, head)
    return Replay([] if event is None else [codec.encode_event(event)], 0)


def _snapshot(sql: SqlConnection, world: World, account: AccountId, head: StreamHead) -> Event | None:
    """The stream's state, None if the account lost its place between attaching and this read: the snapshot
    is newer than the attachment, so the right to see it is asked again."""
    kind, _, name = head.stream.partition(":")
    if kind == "account":
        state = account_snapshot(sql, account)
        data = StreamSnapshot(as_of=state.as_of, kind="account", snapshot=state.model_dump(mode="json"))
    else:
        me, facts, place = groups.find_place(sql, account, GroupId(name))
        may_read = me is not None and (me.verified or world.policy.identity.unverified_can_read_groups)
        if facts is None or place is None or not may_read:
            return None
        found = group_snapshot(sql, facts, world.policy.messages.recent_in_snapshot)
        data = StreamSnapshot(as_of=found.as_of, kind="group", snapshot=found.model_dump(mode="json"))
    return Event(head.stream, None, STREAM_SNAPSHOT.name, world.clock.now(), data)
