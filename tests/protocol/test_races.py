"""Several people at the same moment: one last place, one op id on two devices, a revoked device, a leaver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from server.main import Server
from tests.protocol.conftest import Folk, Gather, two_databases
from tests.protocol.slow_disk import SlowDisk
from tests.protocol.wire import Wire, fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]
RUSH = 50


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def engine(request: pytest.FixtureRequest, serve: Serve) -> AsyncIterator[Server]:
    """A server on either engine; PostgreSQL where one answers."""
    if request.param == "sqlite":
        async with serve() as running:
            yield running
    else:
        async with two_databases() as sections, serve(**sections) as running:
            yield running


@pytest.mark.clause("CG-08.1")
async def test_fifty_at_once_for_one_last_place_admit_exactly_one(
    engine: Server, gather: Gather, capsys: pytest.CaptureFixture[str]
) -> None:
    """CG-08.1: the cap holds whatever the hurry; the others are told it and hear nothing of the group."""
    folk = await gather(engine)
    ann, bob = await folk("ann", "bob")
    group = await ann.founds(cap=3)
    await bob.joins(group)
    rush = await asyncio.gather(*(folk.verified(f"p{number}") for number in range(RUSH)))
    ids = await asyncio.gather(*(one.post("group.join", group=group) for one in rush))
    answers = await asyncio.gather(*(one.answer(id_) for one, id_ in zip(rush, ids, strict=True)))
    inside = [one for one, answer in zip(rush, answers, strict=True) if "result" in answer]
    errors = [answer["error"]["data"] for answer in answers if "error" in answer]
    assert len(inside) == 1
    assert {(error["type"], error["clause"], error["limit"]) for error in errors} == {
        ("cap_members", "CG-08.1", 3)
    }
    assert (await ann.call("group.members", group=group))["total"] == 3
    seq = await ann.says(group, "full house")
    await inside[0].event("message.posted", seq=seq)
    for one in rush:
        await one.settled()
    assert [one for one in rush if one.heard(stream=f"group:{group}")] == inside
    with capsys.disabled():
        name = type(engine.writer._database).__name__.removesuffix("Database").lower()
        print(
            f"\n  last place on {name}: {RUSH} joins at once, {len(inside)} admitted, {len(errors)} refused"
        )


@pytest.mark.clause("CG-08.1")
async def test_a_place_that_becomes_free_goes_to_one(folk: Folk) -> None:
    """CG-08.1: leaving frees a place at once, for one more and no more."""
    ann, bob, cyn, dan = await folk("ann", "bob", "cyn", "dan")
    group = await ann.founds(cap=2)
    await bob.joins(group)
    assert (await cyn.refused("group.join", group=group)).type == "cap_members"
    await bob.call("group.leave", group=group)
    ids = [(one, await one.post("group.join", group=group)) for one in (cyn, dan)]
    answers = [await one.answer(id_) for one, id_ in ids]
    assert sum("result" in answer for answer in answers) == 1


async def test_one_op_id_on_two_devices_at_once_posts_once(engine: Server, gather: Gather) -> None:
    """Both devices get the same result, one of them marked as replayed; the group sees one message."""
    folk = await gather(engine)
    ann, bob = await folk("ann", "bob")
    phone = await folk.device("ann")
    group = await ann.founds()
    await bob.joins(group)
    for _ in range(20):
        call = {"group": group, "text": "once", "client_op_id": fresh_op()}
        ids = [(one, await one.post("message.send", **call)) for one in (ann, phone)]
        results = [(await one.answer(id_))["result"] for one, id_ in ids]
        assert sorted(result.pop("replayed", False) for result in results) == [False, True]
        assert results[0] == results[1]
    await bob.settled()
    assert len(bob.heard("message.posted")) == 20


async def test_one_op_id_in_one_commit_posts_once(server: Server, folk: Folk) -> None:
    """Even when neither was on disk when the other came."""
    (ann,) = await folk("ann")
    phone = await folk.device("ann")
    group = await ann.founds()
    async with SlowDisk(server) as disk:
        alone = await ann.post("group.set_nickname", group=group, nickname="alone")
        await disk.waits_for(1)
        call = {"group": group, "text": "once", "client_op_id": fresh_op()}
        ids = [(one, await one.post("message.send", **call)) for one in (ann, phone)]
        other = await phone.post("message.send", **(call | {"text": "twice"}))
        await disk.waits_for(4)
    await ann.answer(alone)
    results = [(await one.answer(id_))["result"] for one, id_ in ids]
    assert results[0]["event_seq"] == results[1]["event_seq"]
    assert (await phone.answer(other))["error"]["data"]["type"] == "idempotency_mismatch"
    assert [message["text"] for message in await ann.history(group)] == ["once"]


async def test_two_devices_and_a_neighbour_see_one_order(folk: Folk) -> None:
    """Everybody posts at once from everywhere; each connection hears the same events in the same order."""
    ann, bob, cyn = await folk("ann", "bob", "cyn")
    group = await ann.founds()
    for one in (bob, cyn):
        await one.joins(group)
    devices = [ann, await folk.device("ann"), bob, await folk.device("bob"), cyn]
    ids = [
        (one, await one.post("message.send", group=group, text=f"{place}.{number}"))
        for number in range(40)
        for place, one in enumerate(devices)
    ]
    for one, id_ in ids:
        assert "result" in await one.answer(id_)
    orders = []
    for one in devices:
        await one.settled()
        orders.append([(e["seq"], e["data"]["text"]) for e in one.heard("message.posted")])
    assert len(orders[0]) == len(ids)
    assert all(order == orders[0] for order in orders)
    for place in range(len(devices)):
        own = [text for _, text in orders[0] if text.startswith(f"{place}.")]
        assert own == [f"{place}.{number}" for number in range(40)], "one's own calls kept their order"


async def test_what_a_revoked_device_sent_too_late_is_not_posted(server: Server, folk: Folk) -> None:
    """In one commit: a message before the revocation counts, one after it is refused, and 4502 follows."""
    ann, bob = await folk("ann", "bob")
    stolen = await folk.device("ann")
    group = await ann.founds()
    await bob.joins(group)
    async with SlowDisk(server) as disk:
        await ann.post("group.set_nickname", group=group, nickname="alone")
        await disk.waits_for(1)
        await stolen.post("message.send", group=group, text="in time")
        await disk.waits_for(2)
        revoking = await ann.post("session.revoke", session=stolen.session)
        await disk.waits_for(3)
        await stolen.post("message.send", group=group, text="too late")
        await disk.waits_for(4)
        await stolen.post("identity.withdraw")
    assert "result" in await ann.answer(revoking)
    assert await stolen.ended() == 4502
    await bob.settled()
    assert [event["data"]["text"] for event in bob.heard("message.posted")] == ["in time"]
    assert [message["text"] for message in await ann.history(group)] == ["in time"]
    assert (await ann.call("account.get"))["account"]["verification"] is not None


async def test_revoking_while_the_device_keeps_sending_leaves_a_clean_cut(folk: Folk) -> None:
    """Whatever the moment: what was answered is there, and nothing is there behind a hole."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    for round_ in range(10):
        stolen = await folk.device("ann")
        ids = [await stolen.post("message.send", group=group, text=f"{round_}.{n}") for n in range(30)]
        await stolen.answer(ids[0])
        await ann.call("session.revoke", session=stolen.session)
        assert await stolen.ended() == 4502
        posted = [
            message["text"]
            for message in await ann.history(group, limit=100)
            if message["text"].startswith(f"{round_}.")
        ]
        acknowledged = 1 + sum(
            isinstance(reply, dict) and reply["id"] in ids[1:] and "result" in reply
            for reply in stolen.replies
        )
        assert posted[:acknowledged] == [f"{round_}.{n}" for n in range(acknowledged)]
        assert posted == [f"{round_}.{n}" for n in range(len(posted))], "no hole among what was posted"


async def test_whoever_leaves_hears_nothing_after_their_own_departure(
    folk: Folk, capsys: pytest.CaptureFixture[str]
) -> None:
    """People come and go while others talk: from one's joining to one's leaving everything is heard, gapless;
    after one's own `member.left` nothing at all."""
    ann, *guests = await folk("ann", *(f"p{number}" for number in range(6)))
    group = await ann.founds()
    stream = f"group:{group}"
    talking = asyncio.Event()
    talking.set()

    async def talk() -> int:
        said = 0
        while talking.is_set():
            ids = [await ann.post("message.send", group=group, text=str(said + n)) for n in range(5)]
            for id_ in ids:
                await ann.answer(id_)
            said += len(ids)
        return said

    async def come_and_go(guest: Wire) -> list[tuple[int, int]]:
        stays = []
        for _ in range(8):
            joined = await guest.call("group.join", group=group)
            left = await guest.call("group.leave", group=group)
            stays.append((joined["event_seq"], left["event_seq"]))
        return stays

    talk_task = asyncio.create_task(talk())
    stays = await asyncio.gather(*(come_and_go(guest) for guest in guests))
    talking.clear()
    said = await talk_task
    for guest, theirs in zip(guests, stays, strict=True):
        await guest.settled()
        heard = guest.seqs(stream)
        assert heard == [seq for first, last in theirs for seq in range(first, last + 1)]
    with capsys.disabled():
        print(f"\n  churn: {len(guests) * 8} stays, {said} messages meanwhile, none heard outside a stay")


async def test_a_leaver_in_the_same_commit_as_a_message_hears_only_what_came_before(
    server: Server, folk: Folk
) -> None:
    """The order of the commit decides, not the order in which sockets are written."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    async with SlowDisk(server) as disk:
        await ann.post("group.set_nickname", group=group, nickname="alone")
        await disk.waits_for(1)
        await ann.post("message.send", group=group, text="before")
        await disk.waits_for(2)
        await bob.post("group.leave", group=group)
        await disk.waits_for(3)
        await ann.post("message.send", group=group, text="after")
        await disk.waits_for(4)
        await bob.post("group.join", group=group)
        await disk.waits_for(5)
        await ann.post("message.send", group=group, text="again")
        await disk.waits_for(6)
    await bob.event("message.posted", text="again")
    assert bob.seqs(f"group:{group}") == [3, 4, 5, 6, 8, 9]
    assert [event["data"]["text"] for event in bob.heard("message.posted")] == ["before", "again"]
