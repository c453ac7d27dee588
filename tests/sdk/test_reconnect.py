"""Lines that go dead under the real server: nothing is lost, nothing happens twice, the client comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from client_tui.sdk import CallError, Client, ConnectionLost, RetryPolicy, connect, join_in, synthetic_person
from server.main import Server
from server.wire.verb import P, R, Verb
from server.wire.verbs.account import (
    CHANGE_PASSWORD,
    REGISTER,
    SET_HANDLE,
    AgreementAcceptance,
    ChangePasswordParams,
    RegisterParams,
    SetHandleParams,
)
from server.wire.verbs.group import LEAVE_GROUP, LIST_GROUPS, LeaveGroupParams, ListGroupsParams
from server.wire.verbs.identity import VERIFY, WITHDRAW, VerifyParams, WithdrawParams
from server.wire.verbs.message import HISTORY, SEND, HistoryParams, SendParams
from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams
from server.wire.vocabulary import group_stream
from tests.conftest import PASSWORD, People
from tests.fakes import FakeClock
from tests.sdk.lines import IMPATIENT, cut, on_next_write
from tests.sdk.stories import (
    assert_replica_is_what_the_server_says,
    found,
    heard_until,
    join,
    say,
    sees,
    state_of,
)

Serve = Callable[..., AbstractAsyncContextManager[Server]]


async def test_nothing_is_lost_and_nothing_doubled_however_often_the_line_dies(
    server: Server, people: People
) -> None:
    """Both lines are cut again and again while one talks and one listens."""
    await people("ann", "bob")
    ann = await people.device("ann", retry=IMPATIENT)
    bob = await people.device("bob", retry=IMPATIENT)
    group = await found(ann)
    await join(bob, group)
    chance = random.Random(7)
    talking = True
    cuts = 0

    async def misfortune() -> None:
        nonlocal cuts
        while talking:
            for _ in range(chance.randrange(40)):
                await asyncio.sleep(0)
            cuts += cut(server, chance.choice([ann, bob]))

    async def talk() -> None:
        nonlocal talking
        for number in range(10):
            await asyncio.gather(*(say(ann, group, f"{number}.{place}") for place in range(10)))
        talking = False

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(misfortune())
        tasks.create_task(talk())
    last = await say(ann, group, "the end")
    stream = group_stream(group)
    heard = await heard_until(bob, lambda event: (event.stream, event.seq) == (stream, last.event_seq))
    seqs = [event.seq for event in heard if event.stream == stream and event.seq is not None]
    assert cuts > 5
    assert seqs == list(range(seqs[0], last.event_seq + 1))
    page = await ann.call(HISTORY, HistoryParams(group=group, limit=100))
    earlier = await ann.call(HISTORY, HistoryParams(group=group, before=page.messages[0].seq))
    said = [message.text for message in [*earlier.messages, *page.messages]]
    assert sorted(map(str, said)) == sorted([*(f"{n}.{p}" for n in range(10) for p in range(10)), "the end"])
    for client in (ann, bob):
        await assert_replica_is_what_the_server_says(client)


async def test_a_write_whose_answer_is_lost_happens_once(server: Server, people: People) -> None:
    """The message is on disk, the answer never arrives: the client asks again under the same client_op_id."""
    await people("ann")
    ann = await people.device("ann", retry=IMPATIENT)
    group = await found(ann)
    with on_next_write(server, ann, lambda end, frames: end._socket.transport.abort()):
        answer = await ann.call_detailed(SEND, SendParams(group=group, text="once", client_op_id=ann.op_id()))
    assert answer.replayed
    page = await ann.call(HISTORY, HistoryParams(group=group))
    assert [(message.seq, message.text) for message in page.messages] == [(answer.result.event_seq, "once")]
    await assert_replica_is_what_the_server_says(ann)


async def test_every_change_whose_answer_is_lost_happens_once(server: Server, people: People) -> None:
    await people("ann", "bob")
    ann = await people.device("ann", retry=IMPATIENT)
    nobody = await connect(server.url, retry=IMPATIENT)

    async def once(client: Client, verb: Verb[P, R], params: P) -> None:
        with on_next_write(server, client, lambda end, frames: end._socket.transport.abort()):
            assert (await client.call_detailed(verb, params)).replayed, verb.name

    await once(ann, SET_HANDLE, SetHandleParams(handle="Wren", client_op_id=ann.op_id()))
    await once(
        ann,
        CHANGE_PASSWORD,
        ChangePasswordParams(old_password=PASSWORD, new_password="battery staple", client_op_id=ann.op_id()),
    )
    await once(ann, WITHDRAW, WithdrawParams(client_op_id=ann.op_id()))
    person = synthetic_person(99)
    await once(
        ann,
        VERIFY,
        VerifyParams(
            method="resident_id",
            legal_name=person.legal_name,
            number=person.number,
            client_op_id=ann.op_id(),
        ),
    )
    shown = await nobody.call(SHOW_RULES, ShowRulesParams(document="agreement"))
    accepted = AgreementAcceptance(version=shown.version, locale="en", sha256=shown.sha256)
    await once(
        nobody,
        REGISTER,
        RegisterParams(
            handle="Dipper",
            password=PASSWORD,
            agreement=accepted,
            client=nobody.client_class,
            client_op_id=nobody.op_id(),
        ),
    )
    await nobody.aclose()
    await assert_replica_is_what_the_server_says(ann)


async def test_whoever_may_hear_again_is_told_what_went_on(server: Server, people: People) -> None:
    """CG-06.3: without an identity the groups are out of hearing; with one, the whole picture is back."""
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    await bob.call(WITHDRAW, WithdrawParams(client_op_id=bob.op_id()))
    await say(ann, group, "out of hearing")
    person = synthetic_person(99)
    await bob.call(
        VERIFY,
        VerifyParams(
            method="resident_id",
            legal_name=person.legal_name,
            number=person.number,
            client_op_id=bob.op_id(),
        ),
    )
    await bob.until(lambda: bob.replica.groups[group].recent)
    last = await say(ann, group, "back again")
    await sees(bob, group, last.event_seq)
    await assert_replica_is_what_the_server_says(bob)


async def test_a_question_whose_answer_is_lost_is_not_asked_again(server: Server, people: People) -> None:
    await people("ann")
    ann = await people.device("ann", retry=IMPATIENT)
    with (
        on_next_write(server, ann, lambda end, frames: end._socket.transport.abort()),
        pytest.raises(ConnectionLost) as lost,
    ):
        await ann.call(LIST_GROUPS, ListGroupsParams())
    assert not lost.value.final
    await ann.reached("online")
    assert (await ann.call(LIST_GROUPS, ListGroupsParams())).groups == []


async def test_calls_made_while_the_line_is_dead_wait_for_the_next_one(
    server: Server, people: People
) -> None:
    await people("ann")
    awake = asyncio.Event()

    async def until_woken(seconds: float) -> None:
        await awake.wait()

    ann = await people.device("ann", retry=RetryPolicy(sleep=until_woken, random=lambda: 0.5, first_s=4))
    group = await found(ann)
    cut(server, ann)
    await ann.reached("offline")
    assert ann.retry_in_s == 2
    saying = asyncio.ensure_future(say(ann, group, "later"))
    asking = asyncio.ensure_future(ann.call(LIST_GROUPS, ListGroupsParams()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await ann.call(LIST_GROUPS, ListGroupsParams())
    awake.set()
    assert (await saying).event_seq > 0
    assert len((await asking).groups) == 1
    assert ann.retry_in_s is None


async def test_a_restarted_server_finds_its_clients_again(serve: Serve, unused_tcp_port: int) -> None:
    """4012 says: come back. The token of the log-in is enough, the password is not kept."""
    options = {"listen": {"port": unused_tcp_port}}
    async with serve(**options) as server:
        client = await connect(server.url, retry=IMPATIENT)
        await join_in(client, "ann", PASSWORD, synthetic_person(0))
        group = await found(client)
        before = await say(client, group, "before")
    assert client.state in ("offline", "connecting")
    async with serve(**options):
        after = await say(client, group, "after")
        assert after.event_seq == before.event_seq + 1
        await assert_replica_is_what_the_server_says(client)
        await client.aclose()


async def test_whoever_missed_too_much_gets_a_snapshot(serve: Serve) -> None:
    few = {"profile": "test", "overrides": {"resume": {"replay_limit_events": 5}}}
    async with serve(policy=few) as server:
        ann = await connect(server.url)
        await join_in(ann, "ann", PASSWORD, synthetic_person(0))
        bob = await connect(server.url, retry=(patience := Patience()).policy)
        await join_in(bob, "bob", PASSWORD, synthetic_person(1))
        group = await found(ann)
        await join(bob, group)
        cut(server, bob)
        await bob.reached("offline")
        for number in range(9):
            last = await say(ann, group, f"{number}")
        patience.over()
        await sees(bob, group, last.event_seq)
        await assert_replica_is_what_the_server_says(bob)
        # As the screen is told of it: the state instead of the messages that are in it.
        await heard_until(bob, lambda event: event.type == "session.caught_up")
        again = await heard_until(bob, lambda event: event.type == "session.caught_up")
        talk = [event for event in again if event.stream == group_stream(group)]
        assert talk[-1].type == "stream.snapshot"
        await ann.aclose()
        await bob.aclose()


async def test_what_another_device_did_meanwhile_is_caught_up_with(server: Server, people: People) -> None:
    """Groups joined, left and joined again while a device was away."""
    ann, bob = await people("ann", "bob")
    sky, sea, sun = await found(ann, "Sky"), await found(ann, "Sea"), await found(ann, "Sun")
    await join(bob, sky)
    await join(bob, sun)
    phone = await people.device("bob", retry=(patience := Patience()).policy)
    cut(server, phone)
    await phone.reached("offline")
    await bob.call(LEAVE_GROUP, LeaveGroupParams(group=sky, client_op_id=bob.op_id()))
    await join(bob, sea)
    await bob.call(LEAVE_GROUP, LeaveGroupParams(group=sun, client_op_id=bob.op_id()))
    await say(ann, sun, "without bob")
    await join(bob, sun)
    patience.over()
    await phone.reached("online")
    await phone.until(lambda: set(phone.replica.groups) == {sea, sun})
    await assert_replica_is_what_the_server_says(phone)


async def test_without_snapshots_a_client_still_resumes_where_it_was(server: Server, people: People) -> None:
    (ann,) = await people("ann")
    group = await found(ann)
    plain = await people.device("ann", snapshots=False, retry=(patience := Patience()).policy)
    cut(server, plain)
    await plain.reached("offline")
    sent = [await say(ann, group, f"{number}") for number in range(3)]
    patience.over()
    place = group_stream(group), sent[-1].event_seq
    heard = await heard_until(plain, lambda event: (event.stream, event.seq) == place)
    assert [event.seq for event in heard if event.stream == group_stream(group)] == [
        it.event_seq for it in sent
    ]


async def test_a_gap_is_mended_with_a_snapshot(server: Server, people: People) -> None:
    """The server never leaves one; were it to, the replica would not stay wrong."""
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    await sees(bob, group, bob.replica.groups[group].as_of)
    with on_next_write(server, bob, lambda end, frames: None):
        await say(ann, group, "swallowed")
    last = await say(ann, group, "heard")
    await sees(bob, group, last.event_seq)
    await assert_replica_is_what_the_server_says(bob)
    assert [message.text for message in bob.replica.groups[group].recent] == ["swallowed", "heard"]


async def test_a_session_that_expired_meanwhile_ends_the_client_and_says_so(
    server: Server, people: People, clock: FakeClock
) -> None:
    await people("ann")
    ann = await people.device("ann", retry=IMPATIENT)
    clock.advance(days=31)
    cut(server, ann)
    reason = await ann.until(lambda: ann.ended)
    assert isinstance(reason, CallError)
    assert reason.type == "session_expired"
    assert state_of(ann) == "offline"
    with pytest.raises(ConnectionLost) as late:
        await ann.call(LIST_GROUPS, ListGroupsParams())
    assert (late.value.final, late.value.__cause__) == (True, reason)


async def test_a_client_gives_up_when_it_was_told_how_often_to_try(serve: Serve) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    policy = RetryPolicy(first_s=1, most_s=4, attempts=5, random=lambda: 1.0, sleep=note)
    async with serve() as server:
        client = await connect(server.url, retry=policy)
    assert isinstance(await client.until(lambda: client.ended), ConnectionLost)
    assert waits == [1, 2, 4, 4, 4]
    assert client.retry_in_s is None


class Patience:
    """A retry policy whose waits last until the test says that they are over."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self.policy = RetryPolicy(sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        await self._over.wait()

    def over(self) -> None:
        self._over.set()
