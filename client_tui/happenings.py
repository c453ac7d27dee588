"""Everything that can change the state, as data: from the server, and from the person at the keyboard.

Each is a fact in the past tense. Whoever learns it hands it to the store; nothing here acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from client_tui.refusals import Refusal
from client_tui.state import Link
from server.wire.group_id import GroupId
from server.wire.models import AccountView, GroupSnapshot, GroupView, Limits, Member, Message
from server.wire.verbs.group import GroupList
from server.wire.vocabulary import MemberRef, Seq

# --- from the server ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkChanged:
    link: Link


@dataclass(frozen=True, slots=True)
class AccountKnown:
    """Logged in, or the account as it now is; None after logging out."""

    account: AccountView | None


@dataclass(frozen=True, slots=True)
class LimitsKnown:
    limits: Limits


@dataclass(frozen=True, slots=True)
class GroupsListed:
    listing: GroupList


@dataclass(frozen=True, slots=True)
class GroupEntered:
    """This very client founded or joined a group: its line stands in the list before any event came."""

    view: GroupView
    me: Member


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    snapshot: GroupSnapshot
    me: MemberRef | None = None
    """One's own place, where the group was not known before."""


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event of any stream. ``now_s`` is the app's clock in seconds: typing fades by it."""

    stream: str
    seq: Seq | None
    type: str
    at: datetime
    data: object
    """The model of ``server.wire.events``; whatever came for a type that this version does not know."""
    cause: str | None = None
    now_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OlderAsked:
    group: GroupId


@dataclass(frozen=True, slots=True)
class OlderLoaded:
    group: GroupId
    messages: tuple[Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class OlderFailed:
    group: GroupId


# --- from the person ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupSelected:
    group: GroupId


@dataclass(frozen=True, slots=True)
class DraftChanged:
    group: GroupId
    text: str


@dataclass(frozen=True, slots=True)
class MentionChosen:
    group: GroupId
    ref: MemberRef


@dataclass(frozen=True, slots=True)
class ReplyChosen:
    """The next message answers this one; None takes that back."""

    group: GroupId
    seq: Seq | None


@dataclass(frozen=True, slots=True)
class SendStarted:
    """The draft goes out: it becomes a pending message, and the composer is free again."""

    group: GroupId
    op_id: str
    text: str
    mentions: tuple[MemberRef, ...]


@dataclass(frozen=True, slots=True)
class SendAcknowledged:
    group: GroupId
    op_id: str
    seq: Seq


@dataclass(frozen=True, slots=True)
class SendRefused:
    """It did not go out: the text is back in the composer, with the reason."""

    group: GroupId
    op_id: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class DraftRefused:
    """It was not even tried: the text is back in the composer, with the reason."""

    group: GroupId
    text: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class CursorMoved:
    group: GroupId
    seq: Seq | None


@dataclass(frozen=True, slots=True)
class Scrolled:
    """The last entry in view; None when the end is in view."""

    group: GroupId
    anchor: Seq | None


@dataclass(frozen=True, slots=True)
class ReadTo:
    """This device showed everything up to ``seq``."""

    group: GroupId
    seq: Seq


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The app's clock, now and then: whoever stopped writing a while ago is no longer shown as writing."""

    now_s: float


Happening = (
    LinkChanged
    | AccountKnown
    | LimitsKnown
    | GroupsListed
    | GroupEntered
    | SnapshotTaken
    | EventSeen
    | OlderAsked
    | OlderLoaded
    | OlderFailed
    | GroupSelected
    | DraftChanged
    | MentionChosen
    | ReplyChosen
    | SendStarted
    | SendAcknowledged
    | SendRefused
    | DraftRefused
    | CursorMoved
    | Scrolled
    | ReadTo
    | TimePassed
)
