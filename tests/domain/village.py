"""People, groups and a policy for the rules to judge with: facts only, no database behind them."""

from __future__ import annotations

from datetime import UTC, datetime

from policies.loader import load_policy
from server.domain.facts import GroupFacts, MemberFacts, Roster
from server.wire.group_id import group_id_from
from server.wire.vocabulary import AccountId, GroupStatus, MemberRef, Role

REFERENCE = load_policy("reference")
FOUNDED = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TEA = group_id_from("TEA000000")


def member(name: str, role: Role = "member") -> MemberFacts:
    return MemberFacts(AccountId(f"A-{name}"), MemberRef(f"M-{name}"), name.lower(), role, FOUNDED)


def tea_house(cap: int, members: int, status: GroupStatus = "normal") -> Roster:
    """A group with an owner and enough members to make it ``members`` people."""
    group = GroupFacts(TEA, "tea house", "", "hobby", cap, status, False, FOUNDED)
    people = [member(f"P{place}", "owner" if place == 0 else "member") for place in range(members)]
    return Roster.of(group, {person.account: person for person in people})
