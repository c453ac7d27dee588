"""Founding, finding, joining and leaving groups."""

from __future__ import annotations

from policies.model import ClauseId
from server.domain.facts import GroupFacts, MemberFacts
from server.domain.groups import cap_of_new_group, check_may_found, check_may_join, leaving_closes_group
from server.domain.names import check_length
from server.services.contexts import Reading, Writing
from server.services.handlers import reads, writes
from server.services.snapshots import group_snapshot
from server.storage import groups, messages, streams
from server.storage.groups import group_view, member_view
from server.wire.errors import NotFound, PolicyRefused
from server.wire.events import (
    GROUP_CLOSED,
    GROUP_CREATED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    MEMBER_RENAMED,
    MEMBERSHIP_ADDED,
    MEMBERSHIP_REMOVED,
    GroupClosed,
    GroupCreated,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MembershipAdded,
    MembershipRemoved,
)
from server.wire.group_id import GroupId
from server.wire.models import GroupSnapshot, Membership
from server.wire.verbs.group import (
    CREATE_GROUP,
    GET_GROUP,
    JOIN_GROUP,
    LEAVE_GROUP,
    LIST_GROUPS,
    LIST_MEMBERS,
    SET_NICKNAME,
    SNAPSHOT,
    CreateGroupParams,
    GetGroupParams,
    GroupCard,
    GroupCreatedResult,
    GroupList,
    JoinedResult,
    JoinGroupParams,
    LeaveGroupParams,
    LeftResult,
    ListedGroup,
    ListGroupsParams,
    ListMembersParams,
    MemberPage,
    NicknameSet,
    SetNicknameParams,
    SnapshotParams,
)
from server.wire.vocabulary import Role, Seq, account_stream, group_stream

_BANDS = (1, 10, 40, 100)
"""Where size bands begin (CG-08.5): outsiders get a band, never a count."""


@writes(CREATE_GROUP)
def create_group(ctx: Writing, params: CreateGroupParams) -> GroupCreatedResult:
    account = ctx.account.account
    check_length("group_name", params.name, ctx.policy)
    check_length("introduction", params.introduction, ctx.policy)
    if params.category not in ctx.policy.groups.categories:
        raise PolicyRefused(
            "category",
            clause=ClauseId("CG-07.1"),
            policy={"groups.categories": list(ctx.policy.groups.categories)},
        )
    check_may_found(groups.owned_in(ctx.tx, account), len(groups.memberships_in(ctx.tx, account)), ctx.policy)
    facts = GroupFacts(
        group=_unused_id(ctx),
        name=params.name,
        introduction=params.introduction,
        category=params.category,
        cap=cap_of_new_group(params.cap, ctx.policy),
        status="normal",
        discoverable=(
            ctx.policy.groups.discoverable_default if params.discoverable is None else params.discoverable
        ),
        created_at=ctx.now,
    )
    me = _newcomer(ctx, params.nickname, "owner")
    groups.add_group(ctx.tx, facts, me)
    view = group_view(facts)
    stream = group_stream(facts.group)
    # The account hears first that it belongs; from there on it hears the group, from its first event.
    _tell_account_of_place(ctx, facts.group, me)
    ctx.tx.emit(stream, GROUP_CREATED, GroupCreated(group=view))
    seq = ctx.tx.emit(stream, MEMBER_JOINED, MemberJoined(member=member_view(me), mode="created"))
    return GroupCreatedResult(group=view, me=member_view(me), event_seq=seq)


@writes(JOIN_GROUP)
def join_group(ctx: Writing, params: JoinGroupParams) -> JoinedResult:
    account = ctx.account.account
    joined = len(groups.memberships_in(ctx.tx, account))
    roster = check_may_join(ctx.roster, joined, ctx.member is not None, ctx.policy)
    me = _newcomer(ctx, params.nickname, "member")
    groups.add_member(ctx.tx, params.group, me)
    _tell_account_of_place(ctx, params.group, me)
    arrival = MemberJoined(member=member_view(me), mode="open_link")
    seq = ctx.tx.emit(group_stream(params.group), MEMBER_JOINED, arrival)
    return JoinedResult(group=group_view(roster.group), me=member_view(me), event_seq=seq)


@writes(LEAVE_GROUP)
def leave_group(ctx: Writing, params: LeaveGroupParams) -> LeftResult:
    if ctx.roster is None or ctx.member is None:
        raise NotFound("group_not_found", clause=ClauseId("INV-13"))
    closes = leaving_closes_group(ctx.roster, ctx.member)
    stream = group_stream(params.group)
    groups.remove_member(ctx.tx, params.group, ctx.account.account)
    goodbye = MemberLeft(ref=ctx.member.ref, nickname=ctx.member.nickname)
    seq = ctx.tx.emit(stream, MEMBER_LEFT, goodbye)
    if closes:
        groups.close_group(ctx.tx, params.group)
        seq = ctx.tx.emit(stream, GROUP_CLOSED, GroupClosed(group=params.group))
    removed = MembershipRemoved(group=params.group, reason="left")
    ctx.tx.emit(account_stream(ctx.account.account), MEMBERSHIP_REMOVED, removed)
    return LeftResult(event_seq=seq, closed=closes)


@writes(SET_NICKNAME)
def set_nickname(ctx: Writing, params: SetNicknameParams) -> NicknameSet:
    _, me = ctx.place()
    check_length("nickname", params.nickname, ctx.policy)
    renamed = groups.rename_member(ctx.tx, params.group, me, params.nickname)
    told = MemberRenamed(ref=me.ref, nickname=params.nickname)
    seq = ctx.tx.emit(group_stream(params.group), MEMBER_RENAMED, told)
    return NicknameSet(me=member_view(renamed), event_seq=seq)


@reads(GET_GROUP)
def get_group(ctx: Reading, params: GetGroupParams) -> GroupCard:
    if ctx.group is None or (ctx.member is None and not _is_shown_to_outsiders(ctx.group)):
        raise NotFound("group_not_found", clause=ClauseId("INV-13"))
    count = groups.count_members(ctx.sql, params.group)
    inside = ctx.member is not None
    return GroupCard(
        group=group_view(ctx.group),
        members=count if inside else None,
        members_band=_band(count, ctx.policy.caps.group_members),
        role=None if ctx.member is None else ctx.member.role,
    )


@reads(LIST_GROUPS)
def list_groups(ctx: Reading, params: ListGroupsParams) -> GroupList:
    account = ctx.account.account
    places = groups.memberships(ctx.sql, account)
    heads = streams.heads(ctx.sql, [group_stream(place.group) for place in places])
    listed = []
    for place in places:
        _, facts, me = groups.find_place(ctx.sql, account, place.group)
        assert facts is not None
        assert me is not None
        listed.append(
            ListedGroup(
                group=group_view(facts),
                me=member_view(me),
                members=groups.count_members(ctx.sql, place.group),
                head=heads.get(group_stream(place.group), Seq(0)),
                read_seq=place.read_seq,
                unread=messages.count_unread(ctx.sql, place.group, account, place.read_seq),
            )
        )
    caps = ctx.policy.caps
    return GroupList(groups=listed, joined_of=caps.joined_absolute, owned_of=caps.created_absolute)


@reads(LIST_MEMBERS)
def list_members(ctx: Reading, params: ListMembersParams) -> MemberPage:
    everyone = groups.members_of(ctx.sql, params.group)
    start = 0
    if params.after is not None:
        places = [place for place, member in enumerate(everyone, 1) if member.ref == params.after]
        if not places:
            raise NotFound("member_not_found")
        start = places[0]
    shown = everyone[start : start + params.limit]
    more = start + len(shown) < len(everyone)
    return MemberPage(
        members=shown,
        next=shown[-1].ref if more else None,
        total=len(everyone),
        as_of=streams.head(ctx.sql, group_stream(params.group)),
    )


@reads(SNAPSHOT)
def snapshot_group(ctx: Reading, params: SnapshotParams) -> GroupSnapshot:
    assert ctx.group is not None
    return group_snapshot(ctx.sql, ctx.group, ctx.policy.messages.recent_in_snapshot)


def _newcomer(ctx: Writing, nickname: str | None, role: Role) -> MemberFacts:
    """A place in a group, under a reference that was never used anywhere (CG-06.2)."""
    if nickname is not None:
        check_length("nickname", nickname, ctx.policy)
    return MemberFacts(
        account=ctx.account.account,
        ref=ctx.world.ids.member(),
        nickname=nickname or ctx.account.handle,
        role=role,
        joined_at=ctx.now,
    )


def _tell_account_of_place(ctx: Writing, group: GroupId, me: MemberFacts) -> None:
    place = Membership(group=group, ref=me.ref, joined_at=me.joined_at, read_seq=Seq(0))
    ctx.tx.emit(account_stream(me.account), MEMBERSHIP_ADDED, MembershipAdded(membership=place))


def _unused_id(ctx: Writing) -> GroupId:
    """A group id never used before, closed groups included (CG-08.4). Chance makes a second look rare."""
    while groups.group_exists(ctx.tx, group := ctx.world.ids.group()):
        continue
    return group


def _is_shown_to_outsiders(group: GroupFacts) -> bool:
    return group.discoverable and group.status == "normal"


def _band(count: int, cap: int) -> str:
    first = max(start for start in _BANDS if start <= max(count, 1))
    later = [start for start in _BANDS if start > first]
    return f"{first}-{later[0] - 1 if later else max(cap, first)}"
