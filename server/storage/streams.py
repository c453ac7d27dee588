"""Reading streams back: the events somebody missed, and where a stream stands."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from server.storage import messages, tables
from server.wire.events import EVENTS, MESSAGE_POSTED, Event
from server.wire.group_id import GroupId
from server.wire.vocabulary import Seq, StreamName

_event, _stream = tables.event, tables.stream


def heads(connection: Connection, names: Iterable[StreamName]) -> dict[StreamName, Seq]:
    """The newest seq of each stream; a stream without events is left out."""
    rows = connection.execute(select(_stream).where(_stream.c.stream.in_(list(names))))
    return {StreamName(row.stream): Seq(row.head) for row in rows}


def head(connection: Connection, name: StreamName) -> Seq:
    return heads(connection, [name]).get(name, Seq(0))


def events_between(connection: Connection, name: StreamName, after: Seq, last: Seq) -> list[Event]:
    """The events ``after < seq <= last``, in order. Recalled messages come without their content."""
    rows = list(
        connection.execute(
            select(_event)
            .where(_event.c.stream == name, _event.c.seq > after, _event.c.seq <= last)
            .order_by(_event.c.seq)
        )
    )
    texts = {}
    if any(row.type == MESSAGE_POSTED.name for row in rows):
        group = GroupId(name.removeprefix("group:"))
        texts = messages.between(connection, group, Seq(after + 1), last)
    found = []
    for row in rows:
        if row.type == MESSAGE_POSTED.name:
            data = texts[Seq(row.seq)]
        else:
            data = EVENTS[row.type].data.model_validate_json(row.data)
        found.append(Event(name, Seq(row.seq), row.type, row.at, data, row.cause))
    return found
