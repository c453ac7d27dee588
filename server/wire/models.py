"""The nouns that travel: account, session, group, member, message, and the snapshots made of them."""

from __future__ import annotations

from pydantic import Field

from server.wire.group_id import GroupId
from server.wire.vocabulary import (
    AccountId,
    GroupIdField,
    GroupStatus,
    Level,
    MemberRef,
    Method,
    Moment,
    Role,
    Seq,
    SessionId,
    WireModel,
)


class Verification(WireModel):
    """All that exists outside the vault about an identity (CG-06.1): that, how and when; never who."""

    method: Method
    level: Level
    at: Moment


class AccountView(WireModel):
    """An account as its owner sees it. Nobody else ever receives this."""

    account: AccountId
    handle: str
    registered_at: Moment
    verification: Verification | None


class SessionView(WireModel):
    """One log-in of one's own account, on one device."""

    session: SessionId
    client: str
    """What the client called itself, such as ``qunzu-tui 0.1.0 (linux x86_64)``."""
    opened_at: Moment


class Membership(WireModel):
    """One's own place in a group."""

    group: GroupId
    ref: MemberRef
    joined_at: Moment
    read_seq: Seq
    """The read marker: everything up to here was seen on some device."""


class Member(WireModel):
    """Somebody in a group, as the group sees them. ``ref`` means nothing in any other group (CG-06.2)."""

    ref: MemberRef
    nickname: str
    role: Role
    joined_at: Moment


class Message(WireModel):
    """A message. Its name is the pair of group and ``seq``.

    ``nickname`` and ``role`` are those at sending; a screen shows the role at display (CG-08.8).
    After a recall ``text`` is None and ``mentions`` is empty: the content is gone, the fact stays.
    """

    seq: Seq
    ref: MemberRef
    nickname: str
    role: Role
    at: Moment
    text: str | None
    reply_to: Seq | None = None
    mentions: list[MemberRef] = Field(default=[])
    recalled: bool = False


class GroupView(WireModel):
    """A group as its members see it. The id is shown wherever the name is (CG-08.4)."""

    group: GroupIdField
    name: str
    introduction: str
    category: str
    cap: int
    status: GroupStatus
    discoverable: bool
    created_month: str
    """``YYYY-MM``: enough to know an old group from a new one."""


class GroupSnapshot(WireModel):
    """Everything a member can see of a group, as of one event of its stream.

    Applying the events after ``as_of`` to it gives the same value as taking the snapshot again later.
    """

    as_of: Seq
    group: GroupView
    members: list[Member]
    recent: list[Message]
    """The newest messages, oldest first; how many is ``limits.recent_in_snapshot``."""


class AccountSnapshot(WireModel):
    """Everything an account's own stream is about, as of one event of it."""

    as_of: Seq
    account: AccountView
    memberships: list[Membership]
    sessions: list[SessionView]


class Limits(WireModel):
    """The bounds a client must know; all of them come from policy."""

    max_frame_bytes: int
    max_batch: int
    max_depth: int
    max_in_flight: int
    text_max_chars: int
    history_page_max: int
    recent_in_snapshot: int
    replay_limit_events: int
    recall_seconds: int
    idle_seconds: int
