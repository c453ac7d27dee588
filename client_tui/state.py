"""Everything the screen shows, as one frozen value. Knows no widget, no socket and no clock.

A widget can be thrown away and drawn again from here. What changes it is in ``happenings``, how in
``reducer``; nothing else may make a new state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from client_tui.refusals import Refusal
from server.wire.group_id import GroupId
from server.wire.models import AccountView, GroupView, Member, Message
from server.wire.vocabulary import MemberRef, Role, Seq

LinkState = Literal["connecting", "anonymous", "resuming", "online", "offline"]
NoteKind = Literal["created", "joined", "left", "renamed", "closed"]


@dataclass(frozen=True, slots=True)
class Link:
    """How things stand with the server, as the connection cell says it."""

    state: LinkState = "connecting"
    retry_in_s: int | None = None
    """Whole seconds until the next try; None while one is under way or none will be made."""
    ended: Refusal | None = None
    """Why no further try will be made."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the talk that nobody said: somebody came, went or took another name."""

    seq: Seq
    at: datetime
    kind: NoteKind
    ref: MemberRef | None
    nickname: str
    detail: str = ""
    """How somebody joined; what somebody was called before."""


Entry = Message | Note


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the composer of one group. It outlives failed sends and lost connections."""

    text: str = ""
    reply_to: Seq | None = None
    chosen: tuple[MemberRef, ...] = ()
    """Members picked from the mention list, in case two go by one nickname."""
    op_id: str | None = None
    """Of a failed try to send exactly this: trying again under the same id cannot post it twice."""
    refusal: Refusal | None = None
    """Why the last try failed."""
    revision: int = 0
    """Counts the times that the text came from anywhere but the composer: it then has to be shown anew."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A message on its way: shown until its event has come back."""

    op_id: str
    text: str
    reply_to: Seq | None
    mentions: tuple[MemberRef, ...]
    chosen: tuple[MemberRef, ...] = ()
    seq: Seq | None = None
    """Known once acknowledged: the message is on the server's disk."""


@dataclass(frozen=True, slots=True)
class Scroll:
    """Where the reader is in a talk."""

    cursor: Seq | None = None
    """The selected entry: what replying and recalling act on."""
    anchor: Seq | None = None
    """The last entry in view. None: the end is followed, whatever comes."""
    unseen: int = 0
    """Messages that came below while the reader was further up."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One group: who is in it, what was said as far as it is loaded, and what I am writing."""

    view: GroupView
    me: MemberRef
    head: Seq
    read_seq: Seq
    unread: int
    """Messages of others after the read marker."""
    member_count: int
    members: Mapping[MemberRef, Member] = field(default_factory=lambda: MappingProxyType({}))
    entries: tuple[Entry, ...] = ()
    """Oldest first, by seq."""
    loaded: bool = False
    """Whether members and newest messages are here; before that only the list's line is known."""
    more: bool = True
    """Whether older messages may exist before the first entry."""
    loading_older: bool = False
    divider: Seq | None = None
    """The read marker as it was when the group was opened: the unread line stands after it."""
    draft: Draft = Draft()
    pending: tuple[Pending, ...] = ()
    typing: tuple[tuple[MemberRef, float], ...] = ()
    """Who is writing, and until when that is believed, in seconds of the app's own clock."""
    scroll: Scroll = Scroll()

    @property
    def id(self) -> GroupId:
        return self.view.group

    @property
    def my_role(self) -> Role | None:
        me = self.members.get(self.me)
        return me.role if me else None

    def role_of(self, ref: MemberRef) -> Role | None:
        """The role at this moment (CG-08.8), None for somebody who has left."""
        member = self.members.get(ref)
        return member.role if member else None

    def entry(self, seq: Seq) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.seq == seq), None)


@dataclass(frozen=True, slots=True)
class Caps:
    """How many groups one may be in and own (CG-08.2, CG-08.3)."""

    joined_of: int = 0
    owned_of: int = 0


@dataclass(frozen=True, slots=True)
class UiState:
    link: Link = Link()
    account: AccountView | None = None
    talks: Mapping[GroupId, Talk] = field(default_factory=lambda: MappingProxyType({}))
    """In the order of the group list."""
    listed: bool = False
    """Whether the list of one's groups is known: an empty list then means no groups."""
    selected: GroupId | None = None
    caps: Caps = Caps()
    recall_seconds: int = 120
    text_max_chars: int = 4000
    history_page: int = 50
    orphans: Mapping[GroupId, Draft] = field(default_factory=lambda: MappingProxyType({}))
    """Drafts of groups that are gone from the list, in case they come back."""

    @property
    def talk(self) -> Talk | None:
        return self.talks.get(self.selected) if self.selected else None

    @property
    def verified(self) -> bool:
        return self.account is not None and self.account.verification is not None

    @property
    def unread_elsewhere(self) -> int:
        return sum(talk.unread for talk in self.talks.values() if talk.id != self.selected)
