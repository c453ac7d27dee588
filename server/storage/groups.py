"""Groups and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from server.domain.facts import AccountFacts, GroupFacts, MemberFacts, Roster
from server.storage import tables
from server.storage.transaction import Transaction
from server.wire.group_id import GroupId
from server.wire.models import GroupView, Member, Membership
from server.wire.vocabulary import AccountId, MemberRef, Role, Seq

_group, _membership = tables.chat_group, tables.membership
_ROLE_ORDER: dict[Role, int] = {"owner": 0, "admin": 1, "member": 2}


def add_group(tx: Transaction, group: GroupFacts, owner: MemberFacts) -> None:
    tx.execute(
        insert(_group).values(
            group_id=group.group,
            name=group.name,
            introduction=group.introduction,
            category=group.category,
            cap=group.cap,
            status=group.status,
            discoverable=group.discoverable,
            created_at=group.created_at,
        )
    )
    tx.remember(tx.memory.rosters, group.group, Roster.of(group, {}))
    add_member(tx, group.group, owner)


def group_exists(tx: Transaction, group: GroupId) -> bool:
    return bool(tx.rows(select(_group.c.group_id).where(_group.c.group_id == group)))


def add_member(tx: Transaction, group: GroupId, member: MemberFacts) -> None:
    tx.execute(
        insert(_membership).values(
            group_id=group,
            account=member.account,
            ref=member.ref,
            nickname=member.nickname,
            role=member.role,
            joined_at=member.joined_at,
            read_seq=0,
        )
    )
    _remember_member(tx, group, member)


def rename_member(tx: Transaction, group: GroupId, member: MemberFacts, nickname: str) -> MemberFacts:
    renamed = MemberFacts(member.account, member.ref, nickname, member.role, member.joined_at)
    tx.execute(update(_membership).where(*_place(group, member.account)).values(nickname=nickname))
    _remember_member(tx, group, renamed)
    return renamed


def remove_member(tx: Transaction, group: GroupId, account: AccountId) -> None:
    tx.execute(delete(_membership).where(*_place(group, account)))
    before = roster(tx, group)
    assert before is not None
    rest = {other: member for other, member in before.members.items() if other != account}
    tx.remember(tx.memory.rosters, group, Roster.of(before.group, rest))


def close_group(tx: Transaction, group: GroupId) -> None:
    tx.execute(update(_group).where(_group.c.group_id == group).values(status="closed"))
    tx.memory.rosters.pop(group, None)


def set_read_seq(tx: Transaction, group: GroupId, account: AccountId, seq: Seq) -> None:
    tx.execute(update(_membership).where(*_place(group, account)).values(read_seq=seq))


def read_seq(tx: Transaction, group: GroupId, account: AccountId) -> Seq:
    return Seq(tx.rows(select(_membership.c.read_seq).where(*_place(group, account)))[0][0])


def roster(tx: Transaction, group: GroupId) -> Roster | None:
    """The group with everybody in it, from the writer's memory when it is there."""
    known = tx.memory.rosters.get(group)
    if known is None:
        found = tx.rows(select(_group).where(_group.c.group_id == group))
        if not found:
            return None
        members = tx.rows(select(_membership).where(_membership.c.group_id == group))
        known = Roster.of(
            _group_facts(dict(found[0]._mapping)),
            {AccountId(row.account): _member_facts(dict(row._mapping)) for row in members},
        )
        tx.memory.rosters[group] = known
    return known


def memberships_in(tx: Transaction, account: AccountId) -> list[Membership]:
    return [_own_place(dict(row._mapping)) for row in tx.rows(_memberships_of(account))]


def memberships(connection: Connection, account: AccountId) -> list[Membership]:
    return [_own_place(dict(row)) for row in connection.execute(_memberships_of(account)).mappings()]


def owned_in(tx: Transaction, account: AccountId) -> int:
    query = select(func.count()).where(_membership.c.account == account, _membership.c.role == "owner")
    return int(tx.rows(query)[0][0])


def find_place(
    connection: Connection, account: AccountId, group: GroupId | None
) -> tuple[AccountFacts | None, GroupFacts | None, MemberFacts | None]:
    """All that a permission depends on, in one query: the account, the group, the account's place in it."""
    who, here = tables.account, _membership
    row = (
        connection.execute(
            select(
                who.c.handle,
                who.c.verified_at,
                who.c.agreement,
                _group,
                here.c.ref,
                here.c.nickname,
                here.c.role,
                here.c.joined_at,
            )
            .select_from(
                who.outerjoin(_group, _group.c.group_id == group).outerjoin(
                    here, (here.c.group_id == group) & (here.c.account == account)
                )
            )
            .where(who.c.account == account)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None, None, None
    facts = AccountFacts(account, row["handle"], row["verified_at"] is not None, row["agreement"])
    if row["group_id"] is None:
        return facts, None, None
    return (
        facts,
        _group_facts(dict(row)),
        None if row["ref"] is None else _member_facts({**dict(row), "account": account}),
    )


def members_of(connection: Connection, group: GroupId) -> list[Member]:
    """Everybody in a group in the order of display: owner, admins, members; then by time of joining."""
    rows = connection.execute(select(_membership).where(_membership.c.group_id == group)).mappings()
    found = [member_view(_member_facts(dict(row))) for row in rows]
    return sorted(found, key=lambda member: (_ROLE_ORDER[member.role], member.joined_at, member.ref))


def count_members(connection: Connection, group: GroupId) -> int:
    query = select(func.count()).select_from(_membership).where(_membership.c.group_id == group)
    return int(connection.execute(query).scalar_one())


def group_view(group: GroupFacts) -> GroupView:
    return GroupView(
        group=group.group,
        name=group.name,
        introduction=group.introduction,
        category=group.category,
        cap=group.cap,
        status=group.status,
        discoverable=group.discoverable,
        created_month=f"{group.created_at:%Y-%m}",
    )


def member_view(member: MemberFacts) -> Member:
    return Member(ref=member.ref, nickname=member.nickname, role=member.role, joined_at=member.joined_at)


def _remember_member(tx: Transaction, group: GroupId, member: MemberFacts) -> None:
    before = roster(tx, group)
    assert before is not None
    tx.remember(tx.memory.rosters, group, Roster.of(before.group, {**before.members, member.account: member}))


def _place(group: GroupId, account: AccountId) -> tuple[Any, Any]:
    return _membership.c.group_id == group, _membership.c.account == account


def _memberships_of(account: AccountId) -> Any:
    return (
        select(_membership)
        .where(_membership.c.account == account)
        .order_by(_membership.c.joined_at, _membership.c.group_id)
    )


def _own_place(row: Mapping[str, Any]) -> Membership:
    return Membership(
        group=GroupId(row["group_id"]),
        ref=MemberRef(row["ref"]),
        joined_at=row["joined_at"],
        read_seq=Seq(row["read_seq"]),
    )


def _group_facts(row: Mapping[str, Any]) -> GroupFacts:
    return GroupFacts(
        group=GroupId(row["group_id"]),
        name=row["name"],
        introduction=row["introduction"],
        category=row["category"],
        cap=row["cap"],
        status=row["status"],
        discoverable=row["discoverable"],
        created_at=row["created_at"],
    )


def _member_facts(row: Mapping[str, Any]) -> MemberFacts:
    return MemberFacts(
        account=AccountId(row["account"]),
        ref=MemberRef(row["ref"]),
        nickname=row["nickname"],
        role=row["role"],
        joined_at=row["joined_at"],
    )
