"""Founding, joining and leaving: what happens one below a cap, at it, and above it."""

from __future__ import annotations

import pytest

from policies.model import Policy
from server.domain.groups import cap_of_new_group, check_may_found, check_may_join, leaving_closes_group
from server.wire.errors import Conflict, NotFound, Refused, TooMuch
from tests.domain.village import member, tea_house


@pytest.mark.clause("CG-08.1")
@pytest.mark.parametrize("below", [1, 0])
def test_a_founder_may_wish_for_a_smaller_group_up_to_the_cap_of_the_platform(
    policy: Policy, below: int
) -> None:
    """CG-08.1: the platform sets how large a group may be; its founder may want it smaller."""
    most = policy.caps.group_members
    assert cap_of_new_group(most - below, policy) == most - below


@pytest.mark.clause("CG-08.1")
def test_without_a_wish_the_cap_of_the_platform_holds(policy: Policy) -> None:
    """CG-08.1: every group has a cap, wished for or not."""
    assert cap_of_new_group(None, policy) == policy.caps.group_members


@pytest.mark.clause("CG-08.1")
def test_one_more_than_the_cap_of_the_platform_is_refused(policy: Policy) -> None:
    """CG-08.1: nobody founds a group larger than the platform allows."""
    most = policy.caps.group_members
    with pytest.raises(TooMuch) as refused:
        cap_of_new_group(most + 1, policy)
    assert refused.value.type == "cap_members"
    assert refused.value.clause == "CG-08.1"
    assert refused.value.policy == {"caps.group_members": most}


@pytest.mark.clause("CG-08.2")
@pytest.mark.parametrize(("over", "allowed"), [(-1, True), (0, False), (1, False)])
def test_how_many_groups_one_may_own(policy: Policy, over: int, allowed: bool) -> None:
    """CG-08.2: who owns as many groups as one may founds no other; one below, the last is still open."""
    most = policy.caps.created_absolute
    if allowed:
        check_may_found(most + over, 0, policy)
        return
    with pytest.raises(TooMuch) as refused:
        check_may_found(most + over, 0, policy)
    assert refused.value.type == "cap_created"
    assert refused.value.clause == "CG-08.2"
    assert refused.value.body()["data"]["current"] == most + over


@pytest.mark.clause("CG-08.3")
@pytest.mark.parametrize(("over", "allowed"), [(-1, True), (0, False), (1, False)])
def test_founding_counts_as_joining(policy: Policy, over: int, allowed: bool) -> None:
    """CG-08.3: one's own groups count among the groups one is in."""
    most = policy.caps.joined_absolute
    if allowed:
        check_may_found(0, most + over, policy)
        return
    with pytest.raises(TooMuch) as refused:
        check_may_found(0, most + over, policy)
    assert refused.value.type == "cap_joined"


@pytest.mark.clause("CG-08.1")
@pytest.mark.parametrize(("members", "allowed"), [(4, True), (5, False), (6, False)])
def test_the_last_place_in_a_group(policy: Policy, members: int, allowed: bool) -> None:
    """CG-08.1: a group with one free place takes one more; a full one, or one above its cap, takes nobody."""
    roster = tea_house(cap=5, members=members)
    if allowed:
        assert check_may_join(roster, 0, False, policy) is roster
        return
    with pytest.raises(TooMuch) as refused:
        check_may_join(roster, 0, False, policy)
    assert refused.value.type == "cap_members"
    assert refused.value.body()["data"]["limit"] == 5
    assert refused.value.body()["data"]["current"] == members


@pytest.mark.clause("CG-08.3")
@pytest.mark.parametrize(("over", "allowed"), [(-1, True), (0, False), (1, False)])
def test_how_many_groups_one_may_be_in(policy: Policy, over: int, allowed: bool) -> None:
    """CG-08.3: an account is in a bounded number of groups."""
    roster, joined = tea_house(cap=5, members=1), policy.caps.joined_absolute + over
    if allowed:
        assert check_may_join(roster, joined, False, policy) is roster
        return
    with pytest.raises(TooMuch) as refused:
        check_may_join(roster, joined, False, policy)
    assert refused.value.type == "cap_joined"
    assert refused.value.clause == "CG-08.3"


@pytest.mark.clause("INV-13")
def test_an_unknown_group_and_a_closed_one_look_alike_from_outside(policy: Policy) -> None:
    """INV-13: the answer to somebody outside does not tell whether the group ever was."""
    closed = tea_house(cap=5, members=0, status="closed")
    bodies = []
    for roster in (None, closed):
        with pytest.raises(NotFound) as refused:
            check_may_join(roster, 0, False, policy)
        bodies.append(refused.value.body())
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("status", ["normal", "closed"])
def test_who_is_in_a_group_cannot_join_it_again(policy: Policy, status: str) -> None:
    roster = tea_house(cap=2, members=2, status="closed" if status == "closed" else "normal")
    with pytest.raises(Conflict) as refused:
        check_may_join(roster, policy.caps.joined_absolute, True, policy)
    assert refused.value.type == "already_member"  # not "full", which would be a puzzle


@pytest.mark.parametrize("role", ["member", "admin"])
def test_whoever_is_not_the_owner_leaves_freely(role: str) -> None:
    leaver = member("P1", "admin" if role == "admin" else "member")
    assert leaving_closes_group(tea_house(cap=5, members=3), leaver) is False


@pytest.mark.clause("CG-09.1")
def test_an_owner_leaves_nobody_behind_without_an_owner() -> None:
    """CG-09.1: an owner answers for the group, so a group with people in it always has one."""
    roster = tea_house(cap=5, members=2)
    owner = roster.owner()
    assert owner is not None
    with pytest.raises(Refused) as refused:
        leaving_closes_group(roster, owner)
    assert refused.value.type == "owner_cannot_leave"
    assert refused.value.clause == "CG-09.1"


def test_the_last_one_out_closes_the_group() -> None:
    roster = tea_house(cap=5, members=1)
    owner = roster.owner()
    assert owner is not None
    assert leaving_closes_group(roster, owner) is True
