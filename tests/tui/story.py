"""The people, groups and messages of the terminal client's tests: fixed, so that a screen can be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from server.wire.group_id import GroupId, group_id_from
from server.wire.models import (
    AccountView,
    GroupSnapshot,
    GroupView,
    Limits,
    Member,
    Membership,
    Message,
    SessionView,
    Verification,
)
from server.wire.verbs.group import GroupList, ListedGroup
from server.wire.vocabulary import AccountId, MemberRef, Role, Seq, SessionId

MORNING: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
KITES: Final = group_id_from("7KQ2M9X4T")
TEA: Final = group_id_from("0A1B2C3D4")
ELSEWHERE: Final = group_id_from("Z9Y8X7W6V")


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def member(ref: str, nickname: str, role: Role = "member", minutes: float = -60) -> Member:
    return Member(ref=MemberRef(f"M-{ref}"), nickname=nickname, role=role, joined_at=at(minutes))


XIAOMAN: Final = member("XIAOMAN", "小满", "owner", -600)
HERON: Final = member("HERON", "Heron 7", "admin", -500)
WREN: Final = member("WREN", "Wren", "member", -400)
ME: Final = member("ME", "风筝", "member", -300)
ME_AT_TEA: Final = member("METEA", "Kite", "owner", -200)


def account(*, verified: bool = True) -> AccountView:
    return AccountView(
        account=AccountId("A-MINE"),
        handle="风筝",
        registered_at=at(-1000),
        verification=Verification(method="resident_id", level="strong", at=at(-900)) if verified else None,
    )


def session_view(number: int = 1, client: str = "qunzu-tui 0.1.0 (linux x86_64)") -> SessionView:
    return SessionView(session=SessionId(f"S-{number}"), client=client, opened_at=at(-30))


def group(
    id_: GroupId = KITES, name: str = "放风筝的人 Kite makers", introduction: str = "", cap: int = 30
) -> GroupView:
    return GroupView(
        group=id_,
        name=name,
        introduction=introduction,
        category="hobby",
        cap=cap,
        status="normal",
        discoverable=False,
        created_month="2026-10",
    )


def message(
    seq: int,
    who: Member,
    text: str | None,
    minutes: float,
    *,
    reply_to: int | None = None,
    mentions: tuple[Member, ...] = (),
    recalled: bool = False,
) -> Message:
    return Message(
        seq=Seq(seq),
        ref=who.ref,
        nickname=who.nickname,
        role=who.role,
        at=at(minutes),
        text=text,
        reply_to=None if reply_to is None else Seq(reply_to),
        mentions=[one.ref for one in mentions],
        recalled=recalled,
    )


INTRODUCTION: Final = "We make kites, fly them, lose them, and make them again. 做风筝，放风筝，丢风筝。"
RECENT: Final = [
    message(11, XIAOMAN, "今天下午风很好，三点在河边见？我带那只新的沙燕，尾巴还没有干透，不过应该能飞。", 0),
    message(12, HERON, "Three works for me. I still have the blue line from last time.", 4, reply_to=11),
    message(13, HERON, "And tape.", 4.5),
    message(14, WREN, "مرحبا بالجميع — new here 🪁👨‍👩‍👧", 11),
    message(15, HERON, None, 12, recalled=True),
    message(16, ME, "河边见 👋", 20),
    message(17, XIAOMAN, "@风筝 记得带剪刀，还有 [bold]不是标记[/bold]", 31, mentions=(ME,)),
]


def snapshot(recent: list[Message] | None = None, as_of: int = 17) -> GroupSnapshot:
    return GroupSnapshot(
        as_of=Seq(as_of),
        group=group(introduction=INTRODUCTION),
        members=[XIAOMAN, HERON, WREN, ME],
        recent=RECENT if recent is None else recent,
    )


def tea_snapshot() -> GroupSnapshot:
    return GroupSnapshot(
        as_of=Seq(5),
        group=group(TEA, "Tea"),
        members=[ME_AT_TEA],
        recent=[message(3, ME_AT_TEA, "Anyone for tea?", -60)],
    )


def listing(read_seq: int = 17, unread: int = 0) -> GroupList:
    return GroupList(
        groups=[
            ListedGroup(
                group=group(introduction=INTRODUCTION),
                me=ME,
                members=4,
                head=Seq(17),
                read_seq=Seq(read_seq),
                unread=unread,
            ),
            ListedGroup(
                group=group(TEA, "Tea"), me=ME_AT_TEA, members=1, head=Seq(5), read_seq=Seq(5), unread=0
            ),
        ],
        joined_of=20,
        owned_of=3,
    )


def memberships() -> list[Membership]:
    return [
        Membership(group=KITES, ref=ME.ref, joined_at=ME.joined_at, read_seq=Seq(17)),
        Membership(group=TEA, ref=ME_AT_TEA.ref, joined_at=ME_AT_TEA.joined_at, read_seq=Seq(5)),
    ]


LIMITS: Final = Limits(
    max_frame_bytes=65_536,
    max_batch=50,
    max_depth=16,
    max_in_flight=64,
    text_max_chars=4000,
    history_page_max=5,
    recent_in_snapshot=30,
    replay_limit_events=200,
    recall_seconds=120,
    idle_seconds=120,
)
