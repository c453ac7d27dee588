"""A roster: who is in a group, by account and by reference."""

from __future__ import annotations

from server.domain.facts import Roster
from tests.domain.village import member, tea_house


def test_a_group_knows_its_one_owner() -> None:
    owner = tea_house(cap=5, members=3).owner()
    assert owner is not None
    assert owner.nickname == "p0"


def test_a_closed_group_has_no_owner() -> None:
    assert tea_house(cap=5, members=0, status="closed").owner() is None


def test_a_roster_knows_every_reference_and_no_other() -> None:
    assert tea_house(cap=5, members=3).refs == {"M-P0", "M-P1", "M-P2"}


def test_a_change_makes_a_new_roster_and_leaves_the_old_one_alone() -> None:
    before = tea_house(cap=5, members=1)
    late = member("LATE")
    after = Roster.of(before.group, {**before.members, late.account: late})
    assert len(before.members) == 1
    assert after.refs - before.refs == {late.ref}
