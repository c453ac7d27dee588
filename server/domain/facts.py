"""What a rule may see of an account, a group and its members: just the facts that decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.wire.group_id import GroupId
from server.wire.vocabulary import AccountId, GroupStatus, MemberRef, Role


@dataclass(frozen=True, slots=True)
class AccountFacts:
    account: AccountId
    handle: str
    verified: bool
    """That an identity stands behind the account; whose is the vault's secret."""
    agreement: str
    """The version of the service agreement that was accepted last."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    account: AccountId
    ref: MemberRef
    nickname: str
    role: Role
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class GroupFacts:
    group: GroupId
    name: str
    introduction: str
    category: str
    cap: int
    status: GroupStatus
    discoverable: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """A group with everybody in it. Never changed in place: a change makes a new one."""

    group: GroupFacts
    members: Mapping[AccountId, MemberFacts]
    refs: frozenset[MemberRef]

    @classmethod
    def of(cls, group: GroupFacts, members: Mapping[AccountId, MemberFacts]) -> Roster:
        return cls(group, members, frozenset(member.ref for member in members.values()))

    def owner(self) -> MemberFacts | None:
        """The one owner; None only for a closed group."""
        return next((member for member in self.members.values() if member.role == "owner"), None)
