"""What the client knows: snapshots carried forward by events. Pure: no socket, no waiting, no clock.

The law that everything here keeps: an old snapshot and the events after it make the snapshot that the server
would give now. ``None`` is the state of a stream before its first event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from client_tui.sdk.codec import EventMessage, snapshot_in, stream_of
from client_tui.sdk.errors import GapInStream
from server.wire.events import (
    AccountRegistered,
    AccountVerified,
    GroupClosed,
    GroupCreated,
    HandleChanged,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MembershipAdded,
    MembershipRemoved,
    MessageRecalled,
    ReadAdvanced,
    SessionClosed,
    SessionOpened,
    StreamSnapshot,
    VerificationWithdrawn,
)
from server.wire.group_id import GroupId
from server.wire.models import (
    AccountSnapshot,
    GroupSnapshot,
    Member,
    Membership,
    Message,
    SessionView,
)
from server.wire.vocabulary import StreamName, group_stream

_RANK = {"owner": 0, "admin": 1, "member": 2}
_MOST_ASIDE = 10_000
"""Events kept while a snapshot is fetched; a fetch that misses more of them is simply made again."""


def apply_group(snapshot: GroupSnapshot | None, event: EventMessage, recent_limit: int) -> GroupSnapshot:
    """The group after the event. An event already in the snapshot changes nothing.

    Raises GapInStream when events between the two are missing. ``recent_limit`` is
    ``limits.recent_in_snapshot`` of the session.
    """
    seq, data = event.seq, event.data
    if snapshot is None:
        if seq != 1 or not isinstance(data, GroupCreated):
            raise GapInStream(event.stream, 1, seq or 0)
        return GroupSnapshot(as_of=seq, group=data.group, members=[], recent=[])
    if seq is None or seq <= snapshot.as_of:
        return snapshot
    if seq != snapshot.as_of + 1:
        raise GapInStream(event.stream, snapshot.as_of + 1, seq)
    change: dict[str, object] = {}
    match data:
        case MemberJoined(member=member):
            change["members"] = in_order([*_without(snapshot.members, member.ref), member])
        case MemberLeft(ref=ref):
            change["members"] = _without(snapshot.members, ref)
        case MemberRenamed(ref=ref, nickname=nickname):
            change["members"] = [
                member.model_copy(update={"nickname": nickname}) if member.ref == ref else member
                for member in snapshot.members
            ]
        case Message():
            change["recent"] = [*snapshot.recent, data][-recent_limit:]
        case MessageRecalled(seq=recalled):
            change["recent"] = [
                message.model_copy(update={"text": None, "mentions": [], "recalled": True})
                if message.seq == recalled
                else message
                for message in snapshot.recent
            ]
        case GroupClosed():
            change["group"] = snapshot.group.model_copy(update={"status": "closed"})
    return snapshot.model_copy(update={"as_of": seq, **change})


def apply_account(snapshot: AccountSnapshot | None, event: EventMessage) -> AccountSnapshot:
    """The account after the event. An event already in the snapshot changes nothing.

    Raises GapInStream when events between the two are missing.
    """
    seq, data = event.seq, event.data
    if snapshot is None:
        if seq != 1 or not isinstance(data, AccountRegistered):
            raise GapInStream(event.stream, 1, seq or 0)
        return AccountSnapshot(as_of=seq, account=data.account, memberships=[], sessions=[])
    if seq is None or seq <= snapshot.as_of:
        return snapshot
    if seq != snapshot.as_of + 1:
        raise GapInStream(event.stream, snapshot.as_of + 1, seq)
    change: dict[str, object] = {}
    match data:
        case AccountVerified(verification=verification):
            change["account"] = snapshot.account.model_copy(update={"verification": verification})
        case VerificationWithdrawn():
            change["account"] = snapshot.account.model_copy(update={"verification": None})
        case HandleChanged(handle=handle):
            change["account"] = snapshot.account.model_copy(update={"handle": handle})
        case SessionOpened(session=session):
            others = [known for known in snapshot.sessions if known.session != session.session]
            change["sessions"] = sorted([*others, session], key=_by_opening)
        case SessionClosed(session=closed):
            change["sessions"] = [known for known in snapshot.sessions if known.session != closed]
        case MembershipAdded(membership=membership):
            rest = _outside(snapshot.memberships, membership.group)
            change["memberships"] = sorted([*rest, membership], key=_by_joining)
        case MembershipRemoved(group=group):
            change["memberships"] = _outside(snapshot.memberships, group)
        case ReadAdvanced(group=group, seq=read):
            change["memberships"] = [
                membership.model_copy(update={"read_seq": read}) if membership.group == group else membership
                for membership in snapshot.memberships
            ]
    # An agreement or a password leaves no trace in the snapshot; neither does what a newer server may tell.
    return snapshot.model_copy(update={"as_of": seq, **change})


def in_order(members: Iterable[Member]) -> list[Member]:
    """Owner, admins, members; within a role those who came first."""
    return sorted(members, key=lambda member: (_RANK[member.role], member.joined_at, member.ref))


class Replica:
    """Account and groups as the server has them, up to the last event that came.

    ``wanted`` names the streams whose state cannot be known from events alone: one has a gap, or a group was
    joined in the middle of its life. Until ``install`` brings the snapshot, their events are kept aside.
    """

    def __init__(self, recent_limit: int = 50) -> None:
        self.recent_limit = recent_limit
        """``limits.recent_in_snapshot`` of the session."""
        self._account: AccountSnapshot | None = None
        self._groups: dict[GroupId, GroupSnapshot] = {}
        self._wanted: set[StreamName] = set()
        self._aside: dict[StreamName, list[EventMessage]] = {}

    @property
    def account(self) -> AccountSnapshot | None:
        return self._account

    @property
    def groups(self) -> Mapping[GroupId, GroupSnapshot]:
        return MappingProxyType(self._groups)

    @property
    def wanted(self) -> frozenset[StreamName]:
        return frozenset(self._wanted)

    def apply(self, event: EventMessage) -> None:
        """Carry the state forward. Raises GapInStream, after adding the stream to ``wanted``."""
        if isinstance(event.data, StreamSnapshot):
            self._replace(snapshot_in(event.data))
        elif event.seq is None:
            return
        elif event.stream in self._wanted and not isinstance(event.data, GroupCreated):
            self._keep_aside(event)
        elif event.stream.startswith("account:"):
            self._apply_to_account(event)
        elif event.stream.startswith("group:"):
            self._apply_to_group(event)

    def install(self, snapshot: GroupSnapshot | AccountSnapshot) -> None:
        """Take the snapshot for what it is about, and the events that were kept aside for it.

        Raises GapInStream when even those do not follow on; the stream is wanted again then.
        """
        stream = stream_of(snapshot)
        self._wanted.discard(stream)
        if isinstance(snapshot, GroupSnapshot):
            known = self._groups.get(snapshot.group.group)
            if known is None or known.as_of <= snapshot.as_of:
                self._groups[snapshot.group.group] = snapshot
        elif self._account is None or self._account.as_of <= snapshot.as_of:
            self._account = snapshot
            self._look_for_groups()
        gap: GapInStream | None = None
        for event in self._aside.pop(stream, []):
            try:
                self.apply(event)
            except GapInStream as found:
                gap = found  # from here on the stream is wanted, and the rest is kept aside once more
        if gap is not None:
            raise gap

    def _replace(self, snapshot: GroupSnapshot | AccountSnapshot) -> None:
        """The server's word counts even if it is behind ours: it may have been restored from a backup."""
        if isinstance(snapshot, GroupSnapshot):
            self._groups.pop(snapshot.group.group, None)
        else:
            self._account = None
        self.install(snapshot)

    def give_up(self, stream: StreamName) -> None:
        """The snapshot cannot be had (unverified, no longer a member): ask no more until that changes."""
        self._wanted.discard(stream)
        self._aside.pop(stream, None)

    def _apply_to_account(self, event: EventMessage) -> None:
        before = self._account
        try:
            self._account = apply_account(before, event)
        except GapInStream:
            self._want(event)
            raise
        if self._account is before:
            return  # known already: the groups have moved on since
        match event.data:
            case MembershipAdded(membership=membership) if membership.group not in self._groups:
                self._wanted.add(group_stream(membership.group))
            case MembershipRemoved(group=group):
                self._groups.pop(group, None)
                self.give_up(group_stream(group))
            case AccountVerified():
                # Groups may have been out of hearing until now (CG-06.3): only a snapshot tells what went on.
                self._wanted |= {group_stream(place.group) for place in self._account.memberships}

    def _apply_to_group(self, event: EventMessage) -> None:
        group = GroupId(event.stream.removeprefix("group:"))
        known = self._groups.get(group)
        if known is None and isinstance(event.data, GroupCreated):
            self._wanted.discard(event.stream)  # seen from its beginning: no snapshot is needed
        elif known is None:
            # Before `membership.added` or after `membership.removed`: the streams are not ordered among each
            # other. The first asks for a snapshot that has this event in it; after the second, nobody cares.
            return
        try:
            self._groups[group] = apply_group(known, event, self.recent_limit)
        except GapInStream:
            self._want(event)
            raise

    def _want(self, event: EventMessage) -> None:
        self._wanted.add(event.stream)
        self._keep_aside(event)

    def _keep_aside(self, event: EventMessage) -> None:
        aside = self._aside.setdefault(event.stream, [])
        aside.append(event)
        if len(aside) > _MOST_ASIDE:
            # The oldest are in any snapshot that is still to come, most likely; if not, the gap shows.
            del aside[: _MOST_ASIDE // 2]

    def _look_for_groups(self) -> None:
        """Drop the groups one is not in, want the groups one is in and knows nothing of."""
        memberships = self._account.memberships if self._account else []
        mine = {membership.group for membership in memberships}
        for group in self._groups.keys() - mine:
            del self._groups[group]
            self.give_up(group_stream(group))
        self._wanted |= {group_stream(group) for group in mine - self._groups.keys()}


def _without(members: Iterable[Member], ref: str) -> list[Member]:
    return [member for member in members if member.ref != ref]


def _outside(memberships: Iterable[Membership], group: str) -> list[Membership]:
    return [membership for membership in memberships if membership.group != group]


def _by_opening(session: SessionView) -> tuple[object, ...]:
    return session.opened_at, session.session


def _by_joining(membership: Membership) -> tuple[object, ...]:
    return membership.joined_at, membership.group
