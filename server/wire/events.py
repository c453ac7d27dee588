"""Facts that happened, as clients are told of them. An event is one row, written once and encoded once.

A durable event has a place (``seq``) in its stream, without gaps. An ephemeral one has none: it is gone
when it was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from server.wire.models import (
    AccountView,
    GroupView,
    Member,
    Membership,
    Message,
    SessionView,
    Verification,
)
from server.wire.vocabulary import (
    GroupIdField,
    Locale,
    MemberRefField,
    Moment,
    Seq,
    SeqField,
    SessionIdField,
    StreamName,
    WireModel,
)

D = TypeVar("D", bound=WireModel)
StreamKind = Literal["group", "account", "connection"]


@dataclass(frozen=True)
class EventType(Generic[D]):
    """One kind of event: its name on the wire, its data, and the kind of stream it belongs to."""

    name: str
    data: type[D]
    stream: StreamKind
    durable: bool
    summary: str

    def __post_init__(self) -> None:
        if self.name in EVENTS:
            raise TypeError(f"event {self.name} declared twice")
        EVENTS[self.name] = self


EVENTS: dict[str, EventType[Any]] = {}
"""Every event type by name, in the order of declaration."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event on its way. ``seq`` is None for ephemeral events; ``at`` is aware UTC."""

    stream: StreamName
    seq: Seq | None
    type: str
    at: datetime
    data: WireModel
    cause: str | None = None


# --- the stream of a group --------------------------------------------------------------------------


class GroupCreated(WireModel):
    group: GroupView


class MemberJoined(WireModel):
    member: Member
    mode: Literal["created", "open_link"]


class MemberLeft(WireModel):
    ref: MemberRefField
    nickname: str


class MemberRenamed(WireModel):
    ref: MemberRefField
    nickname: str


class MessageRecalled(WireModel):
    seq: SeqField
    """The message that was recalled."""
    ref: MemberRefField


class GroupClosed(WireModel):
    group: GroupIdField


class MemberTyping(WireModel):
    ref: MemberRefField


GROUP_CREATED = EventType("group.created", GroupCreated, "group", True, "A group came to be.")
GROUP_CLOSED = EventType(
    "group.closed", GroupClosed, "group", True, "The last member left; the id is retired."
)
MEMBER_JOINED = EventType("member.joined", MemberJoined, "group", True, "Somebody joined, and how.")
MEMBER_LEFT = EventType("member.left", MemberLeft, "group", True, "Somebody left.")
MEMBER_RENAMED = EventType(
    "member.renamed", MemberRenamed, "group", True, "A nickname in this group changed."
)
MESSAGE_POSTED = EventType("message.posted", Message, "group", True, "A message.")
MESSAGE_RECALLED = EventType(
    "message.recalled",
    MessageRecalled,
    "group",
    True,
    "A sender took a message back: content gone, fact kept.",
)
MEMBER_TYPING = EventType("member.typing", MemberTyping, "group", False, "Somebody is writing.")


# --- the stream of an account: what happens to me -------------------------------------------------------


class AccountRegistered(WireModel):
    account: AccountView


class AgreementAccepted(WireModel):
    version: str
    sha256: str
    locale: Locale
    at: Moment


class AccountVerified(WireModel):
    verification: Verification


class VerificationWithdrawn(WireModel):
    """CG-06.3: publishing stops now; reading one's own data and every remedy go on."""

    reason: Literal["own_wish"]


class HandleChanged(WireModel):
    handle: str


class PasswordChanged(WireModel):
    sessions_closed: int


class SessionOpened(WireModel):
    session: SessionView


class SessionClosed(WireModel):
    session: SessionIdField
    reason: Literal["logout", "revoked", "password_changed", "expired"]


class MembershipAdded(WireModel):
    membership: Membership


class MembershipRemoved(WireModel):
    group: GroupIdField
    reason: Literal["left"]


class ReadAdvanced(WireModel):
    group: GroupIdField
    seq: SeqField


ACCOUNT_REGISTERED = EventType(
    "account.registered", AccountRegistered, "account", True, "The account came to be."
)
AGREEMENT_ACCEPTED = EventType(
    "agreement.accepted", AgreementAccepted, "account", True, "An agreement was concluded."
)
ACCOUNT_VERIFIED = EventType(
    "account.verified", AccountVerified, "account", True, "An identity was verified."
)
VERIFICATION_WITHDRAWN = EventType(
    "account.verification_withdrawn", VerificationWithdrawn, "account", True, "The identity was withdrawn."
)
HANDLE_CHANGED = EventType("account.handle_changed", HandleChanged, "account", True, "The handle changed.")
PASSWORD_CHANGED = EventType(
    "account.password_changed", PasswordChanged, "account", True, "The password changed."
)
SESSION_OPENED = EventType("session.opened", SessionOpened, "account", True, "A device logged in.")
SESSION_CLOSED = EventType("session.closed", SessionClosed, "account", True, "A device was logged out.")
MEMBERSHIP_ADDED = EventType("membership.added", MembershipAdded, "account", True, "I am in one more group.")
MEMBERSHIP_REMOVED = EventType(
    "membership.removed", MembershipRemoved, "account", True, "I am in one group less."
)
READ_ADVANCED = EventType(
    "read.advanced", ReadAdvanced, "account", True, "A read marker moved on some device."
)


# --- this connection alone --------------------------------------------------------------------------------


class StreamSnapshot(WireModel):
    """The state of a stream that was too far ahead of the cursor: replaces what the client knows of it."""

    as_of: Seq
    kind: Literal["group", "account"]
    snapshot: dict[str, object]
    """A ``GroupSnapshot`` or an ``AccountSnapshot``, by ``kind``."""


class CaughtUp(WireModel):
    """Every missed event was sent; from here on events arrive as they happen."""

    replayed: int


STREAM_SNAPSHOT = EventType(
    "stream.snapshot", StreamSnapshot, "connection", False, "State in place of missed events."
)
CAUGHT_UP = EventType("session.caught_up", CaughtUp, "connection", False, "The replay is complete.")
