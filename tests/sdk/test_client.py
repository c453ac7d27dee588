"""The client against a real server: logging in, calling, listening, the replica, leaving."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from client_tui.sdk import (
    CallError,
    ConnectionLost,
    connect,
    join_in,
    synthetic_person,
    this_program,
)
from server.main import Server
from server.wire.errors import Close, NotAuthenticated
from server.wire.events import SessionClosed, StreamSnapshot
from server.wire.models import Message
from server.wire.verbs.account import GET_ACCOUNT, GetAccountParams
from server.wire.verbs.group import (
    LEAVE_GROUP,
    LIST_GROUPS,
    SET_NICKNAME,
    LeaveGroupParams,
    ListGroupsParams,
    SetNicknameParams,
)
from server.wire.verbs.message import RECALL, SEND, RecallParams, SendParams
from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams
from server.wire.verbs.session import (
    CLOSE_SESSION,
    REVOKE_SESSION,
    CloseParams,
    RevokeParams,
)
from server.wire.vocabulary import group_stream
from tests.conftest import PASSWORD, People
from tests.sdk.stories import assert_replica_is_what_the_server_says, found, heard_until, join, say, state_of

Serve = Callable[..., AbstractAsyncContextManager[Server]]


# --- logging in --------------------------------------------------------------------------------------------


async def test_an_anonymous_client_may_read_the_rules_and_is_told_to_log_in(people: People) -> None:
    nobody = await people.anonymous()
    assert (nobody.state, nobody.session, nobody.token) == ("anonymous", None, None)
    assert (await nobody.call(SHOW_RULES, ShowRulesParams())).body
    with pytest.raises(CallError) as refused:
        await nobody.call(LIST_GROUPS, ListGroupsParams())
    assert (refused.value.type, refused.value.family) == ("login_required", NotAuthenticated)


async def test_a_newcomer_comes_in_by_the_front_door(people: People) -> None:
    client = await people.anonymous()
    await join_in(client, "Heron", PASSWORD, synthetic_person(7), locale="zh")
    assert state_of(client) == "online"
    assert client.session is not None
    assert client.session.account.handle == "Heron"
    account = client.replica.account
    assert account is not None
    await client.until(lambda: client.replica.account and client.replica.account.account.verification)
    await assert_replica_is_what_the_server_says(client)


async def test_a_wrong_password_leaves_the_connection_as_it_was(people: People) -> None:
    await people("ann")
    client = await people.anonymous()
    with pytest.raises(CallError, match="bad_credentials"):
        await client.open(handle="ann", password="wrong horse")
    assert state_of(client) == "anonymous"
    await client.open(handle="ann", password=PASSWORD)
    assert state_of(client) == "online"


async def test_a_wrong_password_at_the_door_is_the_answer_to_connect(server: Server, people: People) -> None:
    await people("ann")
    with pytest.raises(CallError, match="bad_credentials"):
        async with connect(server.url, handle="ann", password="wrong horse"):
            raise AssertionError("nobody comes in")


async def test_a_token_opens_the_door_a_second_time(server: Server, people: People) -> None:
    (ann,) = await people("ann")
    assert ann.token is not None
    async with connect(server.url, token=ann.token) as again:
        assert again.session is not None
        assert ann.session is not None
        assert again.session.session == ann.session.session
        assert again.token == ann.token


async def test_nobody_home_is_the_answer_to_connect(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectionLost, match="cannot connect") as lost:
        await connect(f"ws://127.0.0.1:{unused_tcp_port}/ws")
    assert lost.value.code is None


async def test_a_wrong_path_is_the_answer_to_connect(server: Server) -> None:
    with pytest.raises(ConnectionLost, match="404"):
        await connect(server.url + "/nowhere")


async def test_a_client_may_be_awaited_and_closed_by_hand(server: Server) -> None:
    client = await connect(server.url)
    assert state_of(client) == "anonymous"
    await client.aclose()
    assert state_of(client) == "offline"
    await client.aclose()


async def test_logging_out_makes_room_for_somebody_else(people: People) -> None:
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await ann.call(CLOSE_SESSION, CloseParams())
    assert (ann.state, ann.session, ann.token, ann.replica.account) == ("anonymous", None, None, None)
    assert group not in ann.replica.groups
    await ann.open(handle="bob", password=PASSWORD)
    assert ann.replica.account is not None
    assert bob.replica.account is not None
    assert ann.replica.account.account == bob.replica.account.account


async def test_a_revoked_session_ends_the_client_and_says_why(people: People) -> None:
    (ann,) = await people("ann")
    phone = await people.device("ann")
    assert phone.session is not None
    await ann.call(
        REVOKE_SESSION, RevokeParams(session=phone.session.session.session, client_op_id=ann.op_id())
    )
    with pytest.raises(ConnectionLost) as lost:
        await phone.reached("anonymous")
    assert (lost.value.close, lost.value.final) == (Close.SESSION_REVOKED, True)
    assert phone.ended is lost.value
    heard = await heard_until(phone, lambda event: event.type == "session.closed")
    assert heard
    with pytest.raises(ConnectionLost):
        await anext(phone.events())
    with pytest.raises(ConnectionLost) as late:
        await phone.call(GET_ACCOUNT, GetAccountParams())
    assert late.value.final


async def test_a_client_says_what_kind_it_is_and_nothing_closer(people: People) -> None:
    """SA-05.3g: name, version and kind of machine."""
    (ann,) = await people("ann")
    assert ann.session is not None
    assert ann.session.session.client.startswith("qunzu-sdk ")
    assert this_program("老鹰").name == "--"


# --- calling -----------------------------------------------------------------------------------------------


async def test_overlapping_calls_happen_in_the_order_in_which_they_were_made(people: People) -> None:
    (ann,) = await people("ann")
    group = await found(ann)
    sent = await asyncio.gather(*(say(ann, group, f"{number}") for number in range(100)))
    seqs = [it.event_seq for it in sent]
    assert seqs == list(range(seqs[0], seqs[0] + 100))


async def test_the_same_call_twice_happens_once_and_says_so(people: People) -> None:
    (ann,) = await people("ann")
    group = await found(ann)
    params = SendParams(group=group, text="once", client_op_id=ann.op_id())
    first = await ann.call_detailed(SEND, params)
    second = await ann.call_detailed(SEND, params)
    assert first.result == second.result
    assert (first.replayed, second.replayed) == (False, True)


async def test_op_ids_are_never_given_twice(server: Server) -> None:
    async with connect(server.url) as one, connect(server.url) as other:
        ids = {client.op_id() for client in (one, other) for _ in range(50)}
    assert len(ids) == 100
    async with connect(server.url, op_prefix="story-ann") as scripted:
        assert [scripted.op_id() for _ in range(2)] == ["story-ann-1", "story-ann-2"]


async def test_a_call_may_be_given_up(people: People) -> None:
    (ann,) = await people("ann")
    group = await found(ann)
    hasty = asyncio.ensure_future(say(ann, group, "said all the same"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    hasty.cancel()
    assert (await say(ann, group, "after")).event_seq >= 3


# --- listening and the replica -----------------------------------------------------------------------------


async def test_events_come_once_each_and_in_order(people: People) -> None:
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    last = [await say(ann, group, f"{number}") for number in range(20)][-1]
    stream = group_stream(group)
    heard = await heard_until(bob, lambda event: (event.stream, event.seq) == (stream, last.event_seq))
    seqs = [event.seq for event in heard if event.stream == stream and event.seq is not None]
    assert seqs == list(range(seqs[0], last.event_seq + 1))
    assert [event.data.text for event in heard if isinstance(event.data, Message)] == [
        str(n) for n in range(20)
    ]


async def test_whoever_joins_in_the_middle_gets_the_whole_picture(people: People) -> None:
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await say(ann, group, "before bob came")
    await join(bob, group)
    await assert_replica_is_what_the_server_says(bob)
    assert bob.replica.groups[group].recent[0].text == "before bob came"
    heard = await heard_until(
        bob, lambda event: event.stream == group_stream(group) and isinstance(event.data, StreamSnapshot)
    )
    snapshots = [event for event in heard if event.type == "stream.snapshot" and "group:" in event.stream]
    assert len(snapshots) == 1  # the screen is told of a fetched snapshot as of one that was sent


async def test_every_replica_follows_the_whole_story(people: People) -> None:
    """Old snapshot + events = new snapshot, over real sockets, for everybody, on two devices of one."""
    ann, bob, cleo = await people("ann", "bob", "cleo")
    phone = await people.device("bob")
    sky, sea = await found(ann, "Sky"), await found(bob, "Sea")
    for client in (bob, cleo):
        await join(client, sky)
    await join(cleo, sea)
    for number in range(60):  # more than a snapshot shows
        await say(cleo, sky, f"star {number}")
    last = await say(bob, sky, "shooting star")
    await bob.call(RECALL, RecallParams(group=sky, message=last.event_seq, client_op_id=bob.op_id()))
    await cleo.call(SET_NICKNAME, SetNicknameParams(group=sky, nickname="Owl", client_op_id=cleo.op_id()))
    await cleo.call(LEAVE_GROUP, LeaveGroupParams(group=sea, client_op_id=cleo.op_id()))
    await join(cleo, sea)
    await cleo.call(LEAVE_GROUP, LeaveGroupParams(group=sky, client_op_id=cleo.op_id()))
    await cleo.until(lambda: sky not in cleo.replica.groups)
    for client in (ann, bob, cleo, phone):
        await assert_replica_is_what_the_server_says(client)


async def test_without_snapshots_events_begin_now_and_no_replica_is_kept(people: People) -> None:
    (ann,) = await people("ann")
    group = await found(ann)
    await say(ann, group, "past")
    plain = await people.device("ann", snapshots=False)
    sent = await say(plain, group, "present")
    place = group_stream(group), sent.event_seq
    heard = await heard_until(plain, lambda event: (event.stream, event.seq) == place)
    assert [event.type for event in heard] == ["session.opened", "session.caught_up", "message.posted"]
    assert plain.replica.account is None
    assert not plain.replica.groups


async def test_a_reader_that_sleeps_holds_up_nobody_and_misses_nothing(people: People) -> None:
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    slow = await people.device("bob", event_limit=4)
    events = slow.events()
    await anext(events)
    sent = await asyncio.gather(*(say(ann, group, f"{number}" * 50) for number in range(300)))
    assert len(slow._talk.events) <= 4 * 8
    seqs: list[int | None] = []
    while len(seqs) < 300:
        event = await anext(events)
        if isinstance(event.data, Message):
            seqs.append(event.seq)
    assert seqs == [it.event_seq for it in sent]


async def test_a_reader_that_answers_each_event_is_never_stuck(people: People) -> None:
    """Its calls wait behind events that only it can take: the reading goes on while a call waits."""
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    bot = await people.device("bob", event_limit=2)

    async def echo() -> None:
        answered = 0
        async for event in bot.events():
            if isinstance(event.data, Message) and event.data.text != "echo":
                await say(bot, group, "echo")
                answered += 1
                if answered == 10:
                    return

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(echo())
        for number in range(10):
            await say(ann, group, f"{number}")


async def test_leaving_does_not_wait_for_what_nobody_reads(people: People) -> None:
    """The end of the connection stands behind all that was not read; the test's time-out is the proof."""
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    slow = await people.device("bob", event_limit=1)
    slow.events()
    await asyncio.gather(*(say(ann, group, "x" * 4000) for _ in range(300)))
    async with asyncio.timeout(2):
        await slow.aclose()


async def test_no_log_holds_what_the_frames_hold(people: People, caplog: pytest.LogCaptureFixture) -> None:
    """INV-01: not even a script that logs everything writes down an identity or a password."""
    person = synthetic_person(7)
    client = await people.anonymous()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("websockets.server").setLevel(logging.CRITICAL)
        await join_in(client, "Heron", PASSWORD, person)
    for secret in (person.legal_name, person.number, PASSWORD, client.token or "?"):
        assert secret not in caplog.text


async def test_states_are_told_in_order_until_one_stops_listening(people: People) -> None:
    await people("ann")
    client = await people.anonymous()
    told: list[str] = []
    stop = client.on_state(told.append)
    await client.open(handle="ann", password=PASSWORD)
    await client.call(CLOSE_SESSION, CloseParams())
    await asyncio.sleep(0)
    assert told == ["resuming", "online", "anonymous"]
    stop()
    stop()
    await client.aclose()
    await asyncio.sleep(0)
    assert told == ["resuming", "online", "anonymous"]


async def test_after_closing_what_came_can_be_read_and_nothing_follows(people: People) -> None:
    (ann,) = await people("ann")
    await ann.aclose()
    types = [event.type async for event in ann.events()]
    assert types[0] == "stream.snapshot"
    assert "session.caught_up" in types
    with pytest.raises(ConnectionLost, match="closed by this side"):
        await ann.call(GET_ACCOUNT, GetAccountParams())
    with pytest.raises(ConnectionLost):
        await ann.reached("online")


async def test_logging_out_one_device_is_told_to_the_other(people: People) -> None:
    (ann,) = await people("ann")
    phone = await people.device("ann")
    assert phone.session is not None
    session = phone.session.session.session
    await phone.call(CLOSE_SESSION, CloseParams())
    heard = await heard_until(ann, lambda event: event.type == "session.closed")
    assert heard[-1].data == SessionClosed(session=session, reason="logout")
    await assert_replica_is_what_the_server_says(ann)
