"""Event logs that could have happened, and the snapshot that a log amounts to. Knows nothing of the replica.

The snapshot here is found by asking the whole log, not by carrying a state forward: two ways to one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from client_tui.sdk import EventMessage
from server.wire.events import (
    EVENTS,
    AccountRegistered,
    AccountVerified,
    AgreementAccepted,
    GroupClosed,
    GroupCreated,
    HandleChanged,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MembershipAdded,
    MembershipRemoved,
    MessageRecalled,
    PasswordChanged,
    ReadAdvanced,
    SessionClosed,
    SessionOpened,
    VerificationWithdrawn,
)
from server.wire.group_id import GroupId, group_id_from
from server.wire.models import (
    AccountSnapshot,
    AccountView,
    GroupSnapshot,
    GroupView,
    Member,
    Membership,
    Message,
    SessionView,
    Verification,
)
from server.wire.vocabulary import (
    AccountId,
    MemberRef,
    Role,
    Seq,
    SessionId,
    StreamName,
    WireModel,
    account_stream,
    group_stream,
)

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
GROUP = group_id_from("000000001")
OTHER_GROUP = group_id_from("000000002")
ACCOUNT = AccountId("A-1")

ROLES: tuple[Role, ...] = ("owner", "admin", "member")
TYPE_OF: dict[type[WireModel], str] = {kind.data: kind.name for kind in EVENTS.values()}


def happened(stream: StreamName, seq: int | None, data: WireModel) -> EventMessage:
    at = START + timedelta(seconds=seq or 0)
    return EventMessage(stream, None if seq is None else Seq(seq), TYPE_OF[type(data)], at, data)


def view(group: GroupId = GROUP, status: Literal["normal", "closed"] = "normal") -> GroupView:
    return GroupView(
        group=group,
        name="Night sky",
        introduction="",
        category="hobby",
        cap=500,
        status=status,
        discoverable=False,
        created_month="2026-11",
    )


def account(handle: str = "Heron", verification: Verification | None = None) -> AccountView:
    return AccountView(account=ACCOUNT, handle=handle, registered_at=START, verification=verification)


def member(number: int, role: Role = "member", *, joined_s: int = 0) -> Member:
    return Member(
        ref=MemberRef(f"M-{number}"),
        nickname=f"bird {number}",
        role=role,
        joined_at=START + timedelta(seconds=joined_s),
    )


# --- a group ---------------------------------------------------------------------------------------------


@st.composite
def group_logs(draw: st.DrawFn, group: GroupId = GROUP, most: int = 25) -> list[EventMessage]:
    """The stream of one group from its first event: people come, talk, take back, rename themselves, go."""
    stream = group_stream(group)
    log = [happened(stream, 1, GroupCreated(group=view(group)))]
    here: dict[str, Member] = {}
    posted: list[Seq] = []
    for _ in range(draw(st.integers(0, most))):
        seq = len(log) + 1
        act = draw(
            st.sampled_from(["join", "join", "post", "post", "post", "recall", "rename", "leave", "close"])
        )
        someone = draw(st.sampled_from(sorted(here))) if here else None
        data: WireModel
        if act == "join" or someone is None:
            role: Role = draw(st.sampled_from(ROLES))
            # Two may join in the same second: then the reference decides who comes first.
            joiner = member(draw(st.integers(1, 9)), role, joined_s=seq - draw(st.integers(0, 1)))
            if joiner.ref in here:
                continue
            here[joiner.ref] = joiner
            data = MemberJoined(member=joiner, mode="open_link")
        elif act == "post":
            posted.append(Seq(seq))
            data = message(seq, here[someone], reply_to=posted[0] if len(posted) > 1 else None)
        elif act == "recall" and posted:
            data = MessageRecalled(seq=draw(st.sampled_from(posted)), ref=MemberRef(someone))
        elif act == "rename":
            data = MemberRenamed(ref=MemberRef(someone), nickname=f"again {seq}")
        elif act == "leave":
            del here[someone]
            data = MemberLeft(ref=MemberRef(someone), nickname="gone")
        elif act == "close" and len(here) == 1:
            data = GroupClosed(group=group)
        else:
            continue
        log.append(happened(stream, seq, data))
    return log


def message(seq: int, sender: Member, reply_to: Seq | None = None) -> Message:
    return Message(
        seq=Seq(seq),
        ref=sender.ref,
        nickname=sender.nickname,
        role=sender.role,
        at=START + timedelta(seconds=seq),
        text=f"text {seq}",
        reply_to=reply_to,
        mentions=[sender.ref],
    )


def group_as_of(log: Sequence[EventMessage], recent: int) -> GroupSnapshot:
    """What the server would answer after exactly these events."""
    created = log[0].data
    assert isinstance(created, GroupCreated)
    closed = any(isinstance(event.data, GroupClosed) for event in log)
    recalled = {event.data.seq for event in log if isinstance(event.data, MessageRecalled)}
    return GroupSnapshot(
        as_of=Seq(len(log)),
        group=view(created.group.group, "closed" if closed else "normal"),
        members=sorted(_members(log), key=lambda it: (ROLES.index(it.role), it.joined_at, it.ref)),
        recent=[
            it.model_copy(update={"text": None, "mentions": [], "recalled": True})
            if it.seq in recalled
            else it
            for it in [event.data for event in log if isinstance(event.data, Message)][-recent:]
        ],
    )


def _members(log: Sequence[EventMessage]) -> Iterable[Member]:
    for place, event in enumerate(log):
        if not isinstance(event.data, MemberJoined):
            continue
        who = event.data.member
        later = [it.data for it in log[place + 1 :]]
        if any(isinstance(it, MemberLeft) and it.ref == who.ref for it in later):
            continue
        names = [it.nickname for it in later if isinstance(it, MemberRenamed) and it.ref == who.ref]
        yield who.model_copy(update={"nickname": [who.nickname, *names][-1]})


# --- an account -------------------------------------------------------------------------------------------


@st.composite
def account_logs(
    draw: st.DrawFn, groups: Sequence[GroupId] = (GROUP, OTHER_GROUP), most: int = 25
) -> list[EventMessage]:
    """The stream of one account from its first event: devices, names, groups, read markers."""
    stream = account_stream(ACCOUNT)
    log = [happened(stream, 1, AccountRegistered(account=account()))]
    mine: set[GroupId] = set()
    devices: set[SessionId] = set()
    for _ in range(draw(st.integers(0, most))):
        seq = len(log) + 1
        group = draw(st.sampled_from(groups))
        session = SessionId(f"S-{draw(st.integers(1, 4))}")
        second = START + timedelta(seconds=seq - draw(st.integers(0, 1)))
        choices: list[WireModel] = [
            AgreementAccepted(version="2026-11", sha256="00", locale="en", at=second),
            AccountVerified(verification=Verification(method="resident_id", level="strong", at=second)),
            VerificationWithdrawn(reason="own_wish"),
            HandleChanged(handle=f"Heron {seq}"),
            PasswordChanged(sessions_closed=0),
            SessionClosed(session=session, reason="logout")
            if session in devices
            else SessionOpened(session=SessionView(session=session, client="test", opened_at=second)),
            MembershipRemoved(group=group, reason="left")
            if group in mine
            else MembershipAdded(membership=membership(group, second)),
        ]
        if group in mine:
            choices.append(ReadAdvanced(group=group, seq=Seq(draw(st.integers(0, 99)))))
        data = draw(st.sampled_from(choices))
        match data:
            case SessionOpened() | SessionClosed():
                devices ^= {session}
            case MembershipAdded() | MembershipRemoved():
                mine ^= {group}
        log.append(happened(stream, seq, data))
    return log


def membership(group: GroupId, joined_at: datetime = START) -> Membership:
    return Membership(group=group, ref=MemberRef("M-1"), joined_at=joined_at, read_seq=Seq(0))


def account_as_of(log: Sequence[EventMessage]) -> AccountSnapshot:
    """What the server would answer after exactly these events."""
    return AccountSnapshot(
        as_of=Seq(len(log)),
        account=account(
            _last([it.handle for it in _all(log, HandleChanged)], "Heron"),
            _last(
                [
                    getattr(event.data, "verification", None)
                    for event in log
                    if isinstance(event.data, AccountVerified | VerificationWithdrawn)
                ],
                None,
            ),
        ),
        memberships=sorted(_memberships(log), key=lambda it: (it.joined_at, it.group)),
        sessions=sorted(
            (
                event.data.session
                for place, event in enumerate(log)
                if isinstance(event.data, SessionOpened)
                and all(
                    closed.session != event.data.session.session
                    for closed in _all(log[place + 1 :], SessionClosed)
                )
            ),
            key=lambda it: (it.opened_at, it.session),
        ),
    )


def _memberships(log: Sequence[EventMessage]) -> Iterable[Membership]:
    for place, event in enumerate(log):
        if not isinstance(event.data, MembershipAdded):
            continue
        mine, later = event.data.membership, log[place + 1 :]
        if any(left.group == mine.group for left in _all(later, MembershipRemoved)):
            continue
        read = [it.seq for it in _all(later, ReadAdvanced) if it.group == mine.group]
        yield mine.model_copy(update={"read_seq": _last(read, Seq(0))})


def _all(log: Sequence[EventMessage], kind: type[Any]) -> list[Any]:
    return [event.data for event in log if isinstance(event.data, kind)]


def _last(values: Sequence[Any], otherwise: Any) -> Any:
    return values[-1] if values else otherwise
