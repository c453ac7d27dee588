"""Groups: founding, finding, joining, leaving, and who is in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies.model import ClauseId, GroupCategory
from server.wire.models import GroupSnapshot, GroupView, Member
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import (
    ClientOpId,
    GroupIdField,
    GroupName,
    Introduction,
    MemberRef,
    MemberRefField,
    Nickname,
    Params,
    Role,
    Seq,
    WireModel,
)


class CreateGroupParams(Params):
    name: GroupName
    introduction: Introduction = ""
    category: GroupCategory = "other"
    cap: Annotated[int, Field(ge=1)] | None = None
    """Most members this group shall have; None takes the platform's cap. Never above it."""
    discoverable: bool | None = None
    """Whether outsiders may see name and size band; None takes the platform's default."""
    nickname: Nickname | None = None
    """The founder's name in this group; None takes the handle."""
    client_op_id: ClientOpId


class GroupCreatedResult(WireModel):
    group: GroupView
    me: Member
    event_seq: Seq


class GetGroupParams(Params):
    group: GroupIdField


class GroupCard(WireModel):
    """What may be known of a group. Members get everything; others see it only if it is discoverable,
    and then a band instead of a count (CG-08.5)."""

    group: GroupView
    members: int | None
    members_band: str
    role: Role | None
    """One's own role, None for somebody outside."""


class ListGroupsParams(Params):
    pass


class ListedGroup(WireModel):
    group: GroupView
    me: Member
    members: int
    head: Seq
    read_seq: Seq
    unread: int
    """Messages of others after the read marker."""


class GroupList(WireModel):
    groups: list[ListedGroup]
    joined_of: int
    """How many groups one may be in (CG-08.3): shown as ``k of n``."""
    owned_of: int
    """How many groups one may own (CG-08.2)."""


class JoinGroupParams(Params):
    group: GroupIdField
    nickname: Nickname | None = None
    client_op_id: ClientOpId


class JoinedResult(WireModel):
    group: GroupView
    me: Member
    event_seq: Seq


class LeaveGroupParams(Params):
    group: GroupIdField
    client_op_id: ClientOpId


class LeftResult(WireModel):
    event_seq: Seq
    closed: bool
    """True when the last member left: the group is closed and its id retired."""


class ListMembersParams(Params):
    group: GroupIdField
    after: MemberRefField | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class MemberPage(WireModel):
    members: list[Member]
    next: MemberRef | None
    total: int
    as_of: Seq


class SetNicknameParams(Params):
    group: GroupIdField
    nickname: Nickname
    client_op_id: ClientOpId


class NicknameSet(WireModel):
    me: Member
    event_seq: Seq


class SnapshotParams(Params):
    group: GroupIdField


_HEADER = (ClauseId("CG-08.4"), ClauseId("CG-08.8"))

CREATE_GROUP = Verb(
    name="group.create",
    params=CreateGroupParams,
    result=GroupCreatedResult,
    scope=Scope.ACCOUNT,
    effect=Effect.WRITES,
    identified="create_group",
    rate="write",
    operation="create_group",
    clauses=(ClauseId("CG-08.2"), ClauseId("CG-08.4"), ClauseId("CG-06.3")),
    summary="Found a group and become its owner.",
)

GET_GROUP = Verb(
    name="group.get",
    params=GetGroupParams,
    result=GroupCard,
    scope=Scope.ACCOUNT,
    effect=Effect.READS,
    identified="read_groups",
    rate="lookup",
    operation=None,
    clauses=(*_HEADER, ClauseId("INV-13")),
    summary="Read a group's card by id.",
)

LIST_GROUPS = Verb(
    name="group.list",
    params=ListGroupsParams,
    result=GroupList,
    scope=Scope.ACCOUNT,
    effect=Effect.READS,
    identified=None,
    rate="read",
    operation=None,
    clauses=(*_HEADER, ClauseId("CG-08.3")),
    summary="List one's groups with role, unread count and limits used.",
)

JOIN_GROUP = Verb(
    name="group.join",
    params=JoinGroupParams,
    result=JoinedResult,
    scope=Scope.ACCOUNT,
    effect=Effect.WRITES,
    identified="join",
    rate="join",
    operation="join",
    clauses=(ClauseId("CG-08.1"), ClauseId("CG-08.3"), ClauseId("CG-06.3")),
    summary="Join a group by its id.",
)

LEAVE_GROUP = Verb(
    name="group.leave",
    params=LeaveGroupParams,
    result=LeftResult,
    scope=Scope.ACCOUNT,
    effect=Effect.WRITES,
    identified=None,
    rate="write",
    operation="leave",
    clauses=(ClauseId("CG-08.3"),),
    summary="Leave a group. Always possible, verified or not; an owner hands over first.",
)

LIST_MEMBERS = Verb(
    name="group.members",
    params=ListMembersParams,
    result=MemberPage,
    scope=Scope.MEMBER,
    effect=Effect.READS,
    identified="read_groups",
    rate="read",
    operation=None,
    clauses=(ClauseId("CG-08.8"), ClauseId("CG-06.2")),
    summary="List members with their role labels, owner first.",
)

SET_NICKNAME = Verb(
    name="group.set_nickname",
    params=SetNicknameParams,
    result=NicknameSet,
    scope=Scope.MEMBER,
    effect=Effect.WRITES,
    identified="nickname",
    rate="write",
    operation="settings",
    clauses=(ClauseId("CG-06.2"),),
    summary="Go by another name in one group.",
)

SNAPSHOT = Verb(
    name="group.snapshot",
    params=SnapshotParams,
    result=GroupSnapshot,
    scope=Scope.MEMBER,
    effect=Effect.READS,
    identified="read_groups",
    rate="read",
    operation=None,
    clauses=_HEADER,
    summary="Read everything a member can see of a group, as of one event.",
)
