"""Who hears what: the live connections of each account and group, and the fan-out of what was committed.

``publish`` runs on the event loop without a pause and in commit order; subscriptions change in the same
pass, by the very events that report the change. So entitlement at delivery is exact: whoever left a group
in one commit hears nothing of the next, and whoever joined misses nothing.

An event is encoded and framed once. What one commit brings to a stream is joined into one blob, and each
connection gets one write for everything a batch has for it (docs of the choice: bench README).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence

import structlog

from server.services.connection import Connection
from server.storage.writer import Outcome
from server.wire import codec
from server.wire.errors import Close
from server.wire.events import (
    MEMBERSHIP_ADDED,
    MEMBERSHIP_REMOVED,
    SESSION_CLOSED,
    VERIFICATION_WITHDRAWN,
    Event,
    MembershipAdded,
    MembershipRemoved,
    SessionClosed,
)
from server.wire.vocabulary import AccountId, StreamName, group_stream

log = structlog.get_logger()


class Hub:
    def __init__(self, frame: Callable[[str], bytes], *, unverified_hear_groups: bool) -> None:
        self._frame = frame
        self._unverified_hear_groups = unverified_hear_groups
        self._hearers: dict[StreamName, set[Connection]] = {}
        self._streams_of: dict[Connection, set[StreamName]] = {}
        self._accounts: dict[AccountId, set[Connection]] = {}
        self._touched: set[Connection] = set()
        self._undelivered: dict[StreamName, list[bytes]] = {}
        """While a batch is published: what it brought to each stream so far and nobody was given yet."""
        self.delivered = 0

    # --- who is there ---------------------------------------------------------------------------------

    def attach(self, connection: Connection, account: AccountId, streams: Iterable[StreamName]) -> None:
        """Let a connection hear its streams from this very commit on.

        Call from a ``released`` callback: the position in the order of commits is the point of it.
        """
        self._accounts.setdefault(account, set()).add(connection)
        self._streams_of[connection] = set()
        for stream in streams:
            self._subscribe(connection, stream)

    def hear(self, account: AccountId, streams: Iterable[StreamName]) -> None:
        """Let every connection of an account hear more streams, from this very commit on."""
        wanted = list(streams)
        for connection in self._accounts.get(account, ()):
            for stream in wanted:
                self._subscribe(connection, stream)

    def detach(self, connection: Connection) -> None:
        for stream in list(self._streams_of.get(connection, ())):
            self._unsubscribe(connection, stream)
        self._streams_of.pop(connection, None)
        if connection.account is not None:
            others = self._accounts.get(connection.account, set())
            others.discard(connection)
            if not others:
                self._accounts.pop(connection.account, None)

    def connections_of(self, account: AccountId) -> frozenset[Connection]:
        return frozenset(self._accounts.get(account, ()))

    def hears(self, connection: Connection, stream: StreamName) -> bool:
        return connection in self._hearers.get(stream, ())

    # --- what they hear ---------------------------------------------------------------------------------

    def frame(self, text: str) -> bytes:
        return self._frame(text)

    def touch(self, connection: Connection) -> None:
        """Have a connection flushed at the end of the pass that is under way."""
        self._touched.add(connection)

    def publish(self, outcomes: Sequence[Outcome]) -> None:
        """Answer the callers of a batch, then tell everybody what happened, in commit order."""
        for outcome in outcomes:
            self._tell_caller(outcome)
            for event in outcome.events:
                self._undelivered.setdefault(event.stream, []).append(self._frame(codec.encode_event(event)))
                if event.stream.startswith("account:"):
                    self._follow(event)
        for stream in list(self._undelivered):
            self._deliver_so_far(stream)
        self._flush()

    def _tell_caller(self, outcome: Outcome) -> None:
        try:
            outcome.write.released(outcome)
        except Exception as error:  # one caller's fault must not leave the others of its batch waiting
            where = traceback.format_tb(error.__traceback__)[-3:]
            log.error("release_failed", verb=outcome.write.verb, error=type(error).__name__, where=where)

    def whisper(self, connection: Connection, event: Event) -> None:
        """Deliver an event to one connection alone; the caller flushes."""
        connection.push(self._frame(codec.encode_event(event)))

    def show(self, event: Event) -> None:
        """Deliver an ephemeral event: to whoever is there, kept nowhere."""
        self._deliver(event.stream, [self._frame(codec.encode_event(event))])
        self._flush()

    def _follow(self, event: Event) -> None:
        """Change subscriptions as an account's own event says; first deliver what came before it."""
        if event.type == MEMBERSHIP_ADDED.name:
            assert isinstance(event.data, MembershipAdded)
            change, group = self._subscribe, event.data.membership.group
        elif event.type == MEMBERSHIP_REMOVED.name:
            assert isinstance(event.data, MembershipRemoved)
            change, group = self._unsubscribe, event.data.group
        elif event.type == VERIFICATION_WITHDRAWN.name:
            if not self._unverified_hear_groups:
                self._stop_hearing_groups(event.stream)
            return
        elif event.type == SESSION_CLOSED.name:
            assert isinstance(event.data, SessionClosed)
            self._deliver_so_far(event.stream)
            self._end_session(event, event.data)
            return
        else:
            return
        stream = group_stream(group)
        self._deliver_so_far(stream)
        for connection in self._hearers.get(event.stream, ()):
            change(connection, stream)

    def _stop_hearing_groups(self, account: StreamName) -> None:
        for connection in self._hearers.get(account, ()):
            for stream in self._streams_of[connection] - {account}:
                self._deliver_so_far(stream)
                self._unsubscribe(connection, stream)

    def _end_session(self, event: Event, closed: SessionClosed) -> None:
        for connection in list(self._hearers.get(event.stream, ())):
            if connection.session == closed.session:
                connection.flush()
                self.detach(connection)
                connection.forget_session()
                connection.close(Close.SESSION_REVOKED, closed.reason)

    def _deliver_so_far(self, stream: StreamName) -> None:
        self._deliver(stream, self._undelivered.pop(stream, []))

    def _deliver(self, stream: StreamName, frames: list[bytes]) -> None:
        hearers = self._hearers.get(stream)
        if not hearers or not frames:
            return
        blob = frames[0] if len(frames) == 1 else b"".join(frames)
        for connection in hearers:
            connection.push(blob)
        self._touched |= hearers
        self.delivered += len(frames) * len(hearers)

    def _flush(self) -> None:
        touched, self._touched = self._touched, set()
        for connection in touched:
            connection.flush()

    def _subscribe(self, connection: Connection, stream: StreamName) -> None:
        self._deliver_so_far(stream)  # those events came before: the newcomer has them from its replay
        self._hearers.setdefault(stream, set()).add(connection)
        self._streams_of[connection].add(stream)

    def _unsubscribe(self, connection: Connection, stream: StreamName) -> None:
        hearers = self._hearers.get(stream)
        if hearers is not None:
            hearers.discard(connection)
            if not hearers:
                del self._hearers[stream]
        self._streams_of.get(connection, set()).discard(stream)
