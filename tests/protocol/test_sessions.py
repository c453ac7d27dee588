"""Several devices at once: listed, revoked, capped, expired; each a session, whatever its connections do."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.conftest import PASSWORD
from tests.fakes import FakeClock
from tests.protocol.conftest import Folk
from tests.protocol.wire import CLIENT


@pytest.mark.clause("CG-06.4")
async def test_a_person_sees_their_devices_and_which_one_this_is(folk: Folk, clock: FakeClock) -> None:
    """CG-06.4: looking after one's account begins with seeing where it is logged in."""
    ann = await folk.unverified("ann")
    clock.advance(seconds=1)
    phone = await folk.device("ann", client=CLIENT | {"name": "phone"})
    listed = await phone.call("session.list")
    # A set: the clock stands still, so which of the two is the elder is chance.
    assert {session["session"] for session in listed["sessions"]} == {ann.session, phone.session}
    assert listed["sessions"][1]["client"].startswith("phone 1 (test")
    assert listed["current"] == phone.session
    opened = await ann.event("session.opened", session=listed["sessions"][1])
    assert opened["stream"] == ann.stream


@pytest.mark.clause("CG-06.4")
async def test_revoking_a_session_ends_its_live_connection_and_no_other(folk: Folk) -> None:
    """CG-06.4: the revoked device hears 4502 within a second; its token is worth nothing; the rest stay."""
    ann = await folk.unverified("ann")
    lost, tablet = await folk.device("ann"), await folk.device("ann")
    began = time.monotonic()
    await ann.call("session.revoke", session=lost.session)
    assert await lost.ended() == 4502
    assert time.monotonic() - began < 1
    for other in (ann, tablet):
        closed = await other.event("session.closed")
        assert closed["data"] == {"session": lost.session, "reason": "revoked"}
        assert len((await other.call("session.list"))["sessions"]) == 2
    back = await (await folk.stranger()).refused("session.open", token=lost.opened["token"], client=CLIENT)
    assert (back.code, back.type) == (1401, "session_expired")


async def test_one_may_revoke_the_very_session_that_one_uses(folk: Folk) -> None:
    """The answer comes first, then the door closes."""
    ann = await folk.unverified("ann")
    revoked = await ann.call("session.revoke", session=ann.session)
    assert revoked["event_seq"] > 0
    assert await ann.ended() == 4502


@pytest.mark.clause("INV-13")
async def test_a_session_of_somebody_else_is_as_unknown_as_none_at_all(folk: Folk) -> None:
    """INV-13: whether the id exists elsewhere does not show, and nothing happens to it."""
    ann, bob = await folk.unverified("ann"), await folk.unverified("bob")
    answers = [
        await ann.refused("session.revoke", session=session) for session in (bob.session, "S-000000000")
    ]
    assert answers[0].data == answers[1].data == {"type": "session_not_found", "retryable": False}
    assert (await bob.call("session.list"))["current"] == bob.session


async def test_one_session_may_have_two_connections_and_both_end_with_it(folk: Folk) -> None:
    """A session is more than a connection: a second one with the same token is the same device."""
    ann = await folk.unverified("ann")
    phone = await folk.device("ann")
    twin = await folk.again(phone)
    assert twin.session == phone.session
    await ann.call("session.revoke", session=phone.session)
    assert (await phone.ended(), await twin.ended()) == (4502, 4502)


async def test_after_logging_out_the_connection_is_nobodys(folk: Folk) -> None:
    """The connection stays and may log in again; the old token opens nothing."""
    ann = await folk.unverified("ann")
    token = ann.opened["token"]
    assert await ann.call("session.close") == {"reason": "logout"}
    assert (await ann.refused("session.list")).type == "login_required"
    assert (await ann.refused("session.open", token=token, client=CLIENT)).type == "session_expired"
    await ann.open(handle="ann", password=PASSWORD)
    assert len((await ann.call("session.list"))["sessions"]) == 1


async def test_whoever_logged_out_hears_nothing_more(folk: Folk) -> None:
    """No event of the account or its groups reaches a connection that is nobody's."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    await bob.call("session.close")
    before = len(bob.events)
    await ann.says(group, "anybody there?")
    await folk.device("bob")
    await bob.call("rules.show")
    assert bob.events[before:] == []


async def test_beyond_the_cap_the_eldest_session_ends(folk: Folk, clock: FakeClock) -> None:
    """The cap is ten; an eleventh log-in is never refused, the device logged in longest ago goes."""
    eldest = await folk.unverified("ann")
    others = []
    for _ in range(9):
        clock.advance(minutes=1)
        others.append(await folk.device("ann"))
    clock.advance(minutes=1)
    newest = await folk.device("ann")
    assert await eldest.ended() == 4502
    listed = [session["session"] for session in (await newest.call("session.list"))["sessions"]]
    assert listed == [device.session for device in [*others, newest]]


async def test_a_session_expires_when_it_was_not_used_for_thirty_days(folk: Folk, clock: FakeClock) -> None:
    """Coming back in time starts the thirty days anew; one second too late is too late."""
    ann = await folk.unverified("ann")
    clock.advance(days=29, hours=23)
    ann = await folk.again(ann)
    clock.advance(days=29, hours=23)
    ann = await folk.again(ann)
    clock.advance(days=30)
    refusal = await (await folk.stranger()).refused("session.open", token=ann.opened["token"], client=CLIENT)
    assert (refusal.code, refusal.type) == (1401, "session_expired")


async def test_a_second_device_hears_what_the_first_one_does(folk: Folk) -> None:
    """Two devices of one account: the same events of the account, in the same order."""
    (ann,) = await folk("ann")
    phone = await folk.device("ann")
    start = ann.seqs(ann.stream)[-1]
    groups = await asyncio.gather(*(ann.founds(f"group {number}") for number in range(5)))
    await asyncio.gather(*(ann.says(group, "x") for group in groups))
    await ann.settled()
    await phone.settled()
    own = [seq for seq in ann.seqs(ann.stream) if seq > start]
    assert own == phone.seqs(ann.stream)[-len(own) :]
    for group in groups:
        assert ann.seqs(f"group:{group}") == phone.seqs(f"group:{group}") == [1, 2, 3]
