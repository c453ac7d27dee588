"""Front stage: a handle of one's choice, a name per group, and nothing that joins the two up (CG-06.2)."""

from __future__ import annotations

import pytest

from tests.fakes import FakeClock
from tests.protocol.conftest import Folk
from tests.protocol.wire import fresh_op


@pytest.mark.clause("CG-06.2", "INV-01")
async def test_one_person_in_two_groups_is_two_strangers(folk: Folk) -> None:
    """CG-06.2: another reference and another nickname in each group; no frame to anybody joins them up."""
    ann = await folk.unverified("Private Heron")
    await folk.verifies(ann)
    bob, cyn = await folk("bob", "cyn")
    tea, go = await bob.founds("tea", nickname="host"), await cyn.founds("go", nickname="host")
    refs = [await ann.joins(tea, nickname="Tea Fox"), await ann.joins(go, nickname="Go Owl")]
    assert refs[0] != refs[1]
    for group in (tea, go):
        seq = await ann.says(group, "hello")
        await ann.call("message.typing", group=group)
        await ann.call("group.set_nickname", group=group, nickname=f"name in {group[-4:]}")
        await ann.call("message.recall", group=group, message=seq)
    await ann.call("account.set_handle", handle="Private Ibis")
    for other, group, foreign in ((bob, tea, refs[1]), (cyn, go, refs[0])):
        await other.call("group.members", group=group)
        await other.call("group.snapshot", group=group)
        await other.history(group)
        back = await folk.again(other, cursors={f"group:{group}": 0})
        frames = "\n".join([*other.frames, *back.frames])
        assert len(other.heard(stream=f"group:{group}")) >= 7
        for private in (ann.account, ann.session, foreign, "Private", "private"):
            assert private not in frames


@pytest.mark.clause("CG-06.2", "INV-01")
async def test_no_frame_tells_anybody_somebody_elses_account(folk: Folk) -> None:
    """INV-01: account and session ids are their owner's alone."""
    wires = await folk("ann", "bob", "cyn")
    group = await wires[0].founds()
    for wire in wires[1:]:
        await wire.joins(group)
    for wire in wires:
        await wire.says(group, "hello")
        await wire.call("group.snapshot", group=group)
    for wire in wires:
        await wire.settled()
        for other in wires:
            for private in (other.account, other.session):
                assert any(private in frame for frame in wire.frames) == (wire is other)


@pytest.mark.clause("CG-06.2")
async def test_coming_back_to_a_group_is_coming_as_somebody_new(folk: Folk) -> None:
    """CG-06.2: a reference is of one membership, not of one person."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    first = await bob.joins(group, nickname="fox")
    await bob.call("group.leave", group=group)
    assert await bob.joins(group, nickname="owl") != first


@pytest.mark.clause("CG-06.2")
async def test_a_nickname_changes_for_everybody_and_old_messages_keep_theirs(folk: Folk) -> None:
    """CG-06.2: the group hears the new name under the same reference; old messages keep the old one."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    ref = await bob.joins(group, nickname="fox")
    await bob.says(group, "as fox")
    await bob.call("group.set_nickname", group=group, nickname="ཁྱི")
    renamed = await ann.event("member.renamed")
    assert renamed["data"] == {"ref": ref, "nickname": "ཁྱི"}
    await bob.says(group, "as a dog")
    assert [message["nickname"] for message in await ann.history(group)] == ["fox", "ཁྱི"]


@pytest.mark.clause("CG-06.2")
async def test_a_handle_close_to_the_legal_name_needs_a_second_yes(folk: Folk) -> None:
    """CG-06.2: allowed, but not by accident; the refusal does not repeat the name."""
    ann = await folk.unverified("ann")
    person = folk.person()
    await folk.verifies(ann, legal_name=person.legal_name, number=person.number)
    close = person.legal_name + "1"
    refusal = await ann.refused("account.set_handle", handle=close)
    assert (refusal.code, refusal.type, refusal.clause) == (1422, "name_confirm", "CG-06.2")
    assert person.legal_name not in str(refusal.data) + refusal.message
    told = await ann.call("account.set_handle", handle=close, confirm_real_name=True)
    assert told["handle"] == close


@pytest.mark.clause("CG-06.2")
async def test_a_handle_that_gives_the_name_away_is_pointed_out_when_verifying(folk: Folk) -> None:
    """CG-06.2: a warning in the answer, for its owner's eyes, and no obstacle."""
    person = folk.person()
    ann = await folk.unverified(person.legal_name)
    told = await folk.verifies(ann, legal_name=person.legal_name, number=person.number)
    assert told["handle_resembles_name"] is True


@pytest.mark.clause("CG-06.2")
async def test_a_handle_may_change_twice_in_thirty_days(folk: Folk, clock: FakeClock) -> None:
    """CG-06.2: others must be able to recognise a name; after thirty days there is room again."""
    ann = await folk.unverified("ann")
    for handle in ("ann 1", "ann 2"):
        await ann.call("account.set_handle", handle=handle)
    refusal = await ann.refused("account.set_handle", handle="ann 3")
    assert (refusal.type, refusal.data["policy"]) == ("handle_changes", {"profile.handle_changes_per_30d": 2})
    clock.advance(days=30)
    await ann.call("account.set_handle", handle="ann 3")
    await ann.event("account.handle_changed", handle="ann 3")


@pytest.mark.clause("CG-06.2")
async def test_a_handle_given_up_is_free_and_a_retry_does_not_take_it_twice(folk: Folk) -> None:
    """CG-06.2: one's own handle in other letters is no conflict; somebody else's is."""
    ann, bob = await folk.unverified("ann"), await folk.unverified("bob")
    assert (await bob.refused("account.set_handle", handle="ANN")).type == "handle_taken"
    op = fresh_op()
    for _ in range(2):
        await ann.call("account.set_handle", handle="Ann", client_op_id=op)
    await ann.call("account.set_handle", handle="fox")
    await bob.call("account.set_handle", handle="ann")


@pytest.mark.clause("CG-06.2")
@pytest.mark.parametrize("handle", ["ئۇيغۇر", "བོད་པ", "ᠮᠣᠩᠭᠣᠯ", "Қазақ", "阿卜杜拉·买买提", "Zoë", "क्‍ष"])
async def test_every_script_and_naming_tradition_is_welcome(folk: Folk, handle: str) -> None:
    """CG-06.2: a name is what people are called, in their own letters."""
    ann = await folk.unverified(handle)
    await folk.verifies(ann)
    group = await ann.founds(handle)
    assert (await ann.call("group.members", group=group))["members"][0]["nickname"] == handle
