"""How far each stream was seen: what to skip, where to resume. Knows nothing of what is done with events."""

from __future__ import annotations

from collections.abc import Iterable

from client_tui.sdk.codec import EventMessage, snapshot_in, stream_of
from server.wire.events import MembershipAdded, MembershipRemoved, StreamSnapshot
from server.wire.verbs.session import StreamHead
from server.wire.vocabulary import Seq, StreamName, group_stream


class Cursors:
    """The last seq seen of each stream.

    A group that was left keeps no cursor: whoever joins it again begins in the middle, and that is no gap.
    """

    def __init__(self) -> None:
        self._seen: dict[StreamName, Seq] = {}
        self._left: set[StreamName] = set()

    def admit(self, event: EventMessage) -> bool:
        """Whether the event is news. False for one that came before: a replay may overlap what was live."""
        if isinstance(event.data, StreamSnapshot):
            self._seen[stream_of(snapshot_in(event.data))] = event.data.as_of
        if event.seq is None or event.stream in self._left:
            return True
        if event.seq <= self._seen.get(event.stream, 0):
            return False
        self._seen[event.stream] = event.seq
        match event.data:
            case MembershipAdded(membership=membership):
                self._left.discard(group_stream(membership.group))
            case MembershipRemoved(group=group):
                self._left.add(group_stream(group))
                self._seen.pop(group_stream(group), None)
        return True

    def opened(self, heads: Iterable[StreamHead], *, from_now: bool) -> None:
        """Take note of the streams that a session begins with; ``from_now`` when no replay was asked for."""
        known = {head.stream: head.head for head in heads}
        self._left.clear()
        self._seen = {stream: seq for stream, seq in self._seen.items() if stream in known}
        if from_now:
            self._seen = known

    def to_resume(self) -> dict[StreamName, Seq]:
        return dict(self._seen)

    def forget(self) -> None:
        self._seen.clear()
        self._left.clear()
