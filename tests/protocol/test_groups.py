"""Groups: founded, found, joined, left, full; ids everywhere, roles beside names, and hidden ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from server.main import Server
from server.wire.group_id import check_character
from tests.fakes import FakeClock
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import Json, Refusal, fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]
NOWHERE = "G-0000000000"


@pytest.mark.clause("CG-08.4", "CG-08.8")
async def test_the_founder_is_the_owner_of_a_group_with_an_id(folk: Folk) -> None:
    """CG-08.4: nine random characters and one that checks them, given at founding and shown at once."""
    (ann,) = await folk("ann")
    made = await ann.call("group.create", name="茶", introduction="about tea", category="hobby", cap=7)
    group, me = made["group"], made["me"]
    assert group["group"][:2] == "G-"
    assert check_character(group["group"][2:11]) == group["group"][11]
    assert (group["cap"], group["status"], group["discoverable"]) == (7, "normal", False)
    assert group["created_month"] == "2026-03"
    assert (me["role"], me["nickname"]) == ("owner", "ann")
    await ann.event("membership.added")
    created = await ann.event("group.created")
    joined = await ann.event("member.joined", mode="created")
    assert (created["seq"], joined["seq"], joined["seq"]) == (1, 2, made["event_seq"])
    assert created["data"]["group"] == group


@pytest.mark.clause("CG-08.4")
async def test_the_id_is_everywhere_where_a_group_is(folk: Folk) -> None:
    """CG-08.4: in the receipt, the card, the list, the snapshot, the answer to joining, the events."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds(discoverable=True)
    card = await bob.call("group.get", group=group)
    joined = await bob.call("group.join", group=group)
    listed = (await bob.call("group.list"))["groups"]
    snapshot = await bob.call("group.snapshot", group=group)
    own = await bob.call("account.get")
    shown = [card["group"], joined["group"], listed[0]["group"], snapshot["group"]]
    assert [one["group"] for one in shown] == [group] * 4
    assert own["memberships"][0]["group"] == group
    await bob.settled()
    assert {event["stream"] for event in bob.events} == {bob.stream, f"group:{group}"}


@pytest.mark.clause("CG-08.4")
async def test_ids_are_read_as_people_type_them(folk: Folk) -> None:
    """CG-08.4: small letters, a missing prefix, O for zero: the check character makes sure."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    for typed in (group.lower(), group[2:], f" {group} ", group.replace("0", "O").replace("1", "l")):
        assert (await ann.call("group.get", group=typed))["group"]["group"] == group


@pytest.mark.clause("CG-08.4", "INV-13")
async def test_a_mistyped_id_is_told_from_an_unknown_one(folk: Folk) -> None:
    """CG-08.4: a wrong check character is a slip of the finger, seen without looking anything up."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    other = "0" if group[-1] != "0" else "1"
    for typed in (group[:-1] + other, group[:-1], group + "0", "tea", "", "G-UUUUUUUUUU"):
        refusal = await ann.refused("group.get", group=typed)
        assert (refusal.code, refusal.type) == (-32602, "group_id_mistyped"), typed
    assert (await ann.refused("group.get", group=NOWHERE)).type == "group_not_found"


@pytest.mark.clause("INV-13", "CG-08.5")
async def test_absent_closed_and_hidden_groups_answer_alike(folk: Folk) -> None:
    """INV-13: to somebody outside there is no difference between none, no longer, and not for you."""
    ann, bob = await folk("ann", "bob")
    hidden, closed = await ann.founds("hidden"), await ann.founds("closed", discoverable=True)
    await ann.call("group.leave", group=closed)
    for verb in ("group.get", "group.members", "group.snapshot", "message.history", "message.typing"):
        answers = [await bob.refused(verb, group=group) for group in (NOWHERE, closed, hidden)]
        assert _alike(answers) == {"group_not_found"}, verb
    calls: list[tuple[str, Json]] = [
        ("message.send", {"text": "hello"}),
        ("message.recall", {"message": 3}),
        ("message.mark_read", {"seq": 1}),
        ("group.set_nickname", {"nickname": "b"}),
        ("group.leave", {}),
    ]
    for verb, more in calls:
        answers = [await bob.refused(verb, group=group, **more) for group in (NOWHERE, closed, hidden)]
        assert _alike(answers) == {"group_not_found"}, verb
    assert _alike([await bob.refused("group.join", group=group) for group in (NOWHERE, closed)])


@pytest.mark.clause("CG-08.5")
async def test_a_discoverable_group_shows_outsiders_a_band_and_no_count(folk: Folk) -> None:
    """CG-08.5: whoever is outside learns about how many, whoever is inside how many."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds(discoverable=True)
    outside = await bob.call("group.get", group=group)
    assert (outside["members"], outside["members_band"], outside["role"]) == (None, "1-9", None)
    await bob.joins(group)
    inside = await bob.call("group.get", group=group)
    assert (inside["members"], inside["role"]) == (2, "member")


@pytest.mark.clause("CG-08.8")
async def test_roles_stand_beside_names_wherever_names_are(folk: Folk) -> None:
    """CG-08.8: in the roster, the snapshot, the list, the events and every message; labels come as text."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    await ann.says(group, "from the owner")
    await bob.says(group, "from a member")
    roster = await bob.call("group.members", group=group)
    assert [(one["nickname"], one["role"]) for one in roster["members"]] == [
        ("ann", "owner"),
        ("bob", "member"),
    ]
    snapshot = await bob.call("group.snapshot", group=group)
    assert snapshot["members"] == roster["members"]
    assert [message["role"] for message in snapshot["recent"]] == ["owner", "member"]
    assert (await bob.call("group.list"))["groups"][0]["me"]["role"] == "member"
    await bob.event("message.posted", role="member")
    labels = (await bob.call("server.about"))["role_labels"]
    assert labels == {"owner": "[群主 owner]", "admin": "[管理 admin]", "member": "[成员 member]"}


@pytest.mark.clause("CG-08.8")
@pytest.mark.parametrize(
    "name", ["[群主 owner]", "ann 【管理】", "［owner］", "\u202eowner", "a\u0000b", " ", "\u200b"]
)
async def test_no_name_can_look_like_a_role_label(folk: Folk, name: str) -> None:
    """CG-08.8: brackets belong to labels, and invisible or turning characters to nobody's name."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    for verb, params in [
        ("group.set_nickname", {"group": group, "nickname": name}),
        ("group.create", {"name": name}),
        ("account.set_handle", {"handle": name}),
    ]:
        refusal = await ann.refused(verb, **params)
        assert refusal.type == "invalid_params", verb


@pytest.mark.clause("CG-08.1")
async def test_nobody_founds_a_group_above_the_platforms_cap(folk: Folk) -> None:
    """CG-08.1: the founder may want fewer than the platform allows, not more."""
    (ann,) = await folk("ann")
    refusal = await ann.refused("group.create", name="all", cap=501)
    assert (refusal.code, refusal.type, refusal.clause) == (1413, "cap_members", "CG-08.1")
    assert (refusal.data["policy"], refusal.data["limit"]) == ({"caps.group_members": 500}, 500)


@pytest.mark.clause("CG-08.2", "CG-08.3")
async def test_groups_owned_and_joined_have_an_end_and_leaving_frees_a_place(
    serve: Serve, gather: Gather
) -> None:
    """CG-08.2, CG-08.3: the list says k of n; at n the next is refused, and a place freed counts at once."""
    overrides = {"caps": {"created_absolute": 2, "joined_absolute": 3}}
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk = await gather(server)
        ann, bob = await folk("ann", "bob")
        first, second = await ann.founds("1"), await ann.founds("2")
        created = await ann.refused("group.create", name="3")
        assert (created.type, created.clause, created.data["current"]) == ("cap_created", "CG-08.2", 2)
        others = [await bob.founds("4"), await bob.founds("5")]
        await ann.joins(others[0])
        joined = await ann.refused("group.join", group=others[1])
        assert (joined.type, joined.clause, joined.data["limit"]) == ("cap_joined", "CG-08.3", 3)
        listed = await ann.call("group.list")
        assert (len(listed["groups"]), listed["joined_of"], listed["owned_of"]) == (3, 3, 2)
        await ann.call("group.leave", group=first)
        await ann.joins(others[1])
        assert second in {one["group"]["group"] for one in (await ann.call("group.list"))["groups"]}


@pytest.mark.clause("CG-08.4")
async def test_the_last_to_leave_closes_the_group_and_its_id_is_never_used_again(folk: Folk) -> None:
    """CG-08.4: the owner goes last; then the group is closed, its id retired, and nobody joins it."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds(discoverable=True)
    await bob.joins(group)
    refusal = await ann.refused("group.leave", group=group)
    assert (refusal.code, refusal.type, refusal.data["members"]) == (1403, "owner_cannot_leave", 2)
    assert (await bob.call("group.leave", group=group))["closed"] is False
    assert (await ann.call("group.leave", group=group))["closed"] is True
    types = [event["type"] for event in ann.heard(stream=f"group:{group}")]
    assert types[-2:] == ["member.left", "group.closed"]
    assert (await ann.refused("group.join", group=group)).type == "group_not_found"


async def test_joining_twice_is_a_conflict_and_repeating_the_call_is_none(folk: Folk) -> None:
    """A retry gets the first answer; a second wish to join is told that it came true already."""
    ann, bob = await folk("ann", "bob")
    group, op = await ann.founds(), fresh_op()
    first = await bob.call("group.join", group=group, client_op_id=op)
    assert await bob.call("group.join", group=group, client_op_id=op) == first | {"replayed": True}
    assert (await bob.refused("group.join", group=group)).type == "already_member"
    assert len(ann.heard("member.joined", mode="open_link")) == 1


async def test_the_roster_is_read_in_pages(folk: Folk, clock: FakeClock) -> None:
    """Owner first, then by time of joining; the pages follow each other without overlap."""
    people = await folk(*(f"p{number}" for number in range(7)))
    group = await people[0].founds()
    for person in people[1:]:
        clock.advance(seconds=1)
        await person.joins(group)
    seen: list[str] = []
    after: Json = {}
    while True:
        page = await people[3].call("group.members", group=group, limit=3, **after)
        seen += [member["nickname"] for member in page["members"]]
        assert page["total"] == 7
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [f"p{number}" for number in range(7)]
    assert (await people[0].refused("group.members", group=group, after="M-0")).type == "member_not_found"


async def test_founding_is_heard_by_the_founders_other_devices_as_well(folk: Folk) -> None:
    """A group founded here is a group there: from its very first event."""
    (ann,) = await folk("ann")
    phone = await folk.device("ann")
    group = await ann.founds()
    await phone.event("member.joined")
    assert phone.seqs(f"group:{group}") == [1, 2]
    added = await phone.event("membership.added")
    assert added["data"]["membership"]["group"] == group


def _alike(refusals: list[Refusal]) -> set[str]:
    """The one type of all of them; fails when anything but the type could tell them apart."""
    bodies: list[tuple[int, str, Json]] = [(r.code, r.message, r.data) for r in refusals]
    assert all(body == bodies[0] for body in bodies), bodies
    return {refusal.type for refusal in refusals}
