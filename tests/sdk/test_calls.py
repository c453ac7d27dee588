"""Calls in flight, and what a dead line does to each kind of them."""

from __future__ import annotations

import asyncio

import pytest

from client_tui.sdk import CallError, ConnectionLost, ProtocolFault
from client_tui.sdk.calls import Calls, PendingCall
from client_tui.sdk.codec import Failure, Reply
from server.wire.verbs.account import CHANGE_PASSWORD, ChangePasswordParams
from server.wire.verbs.group import LIST_GROUPS, GroupList, ListGroupsParams
from server.wire.verbs.message import SEND, SendParams, Sent
from tests.sdk.logs import GROUP

LINE_DEAD = ConnectionLost("the line went dead")


def send(calls: Calls, text: str = "hello") -> PendingCall[Sent]:
    return calls.add(SEND, SendParams(group=GROUP, text=text, client_op_id="test-0001"))


def read(calls: Calls) -> PendingCall[GroupList]:
    return calls.add(LIST_GROUPS, ListGroupsParams())


async def ready(calls: Calls) -> list[int]:
    """The ids that would be sent now, without sending."""
    return [call.id for call in calls._unsent]


async def test_calls_leave_in_the_order_in_which_they_were_made() -> None:
    calls = Calls()
    made = send(calls, "one"), read(calls), send(calls, "two")
    assert [made[0].id, made[1].id, made[2].id] == [1, 2, 3]
    assert [(await calls.next_unsent()).id for _ in made] == [1, 2, 3]


async def test_the_writer_waits_for_a_call() -> None:
    calls = Calls()
    writer = asyncio.ensure_future(calls.next_unsent())
    await asyncio.sleep(0)
    assert not writer.done()
    call = send(calls)
    assert await writer is call


async def test_answers_find_their_calls_in_any_order() -> None:
    calls = Calls()
    first, second = send(calls), read(calls)
    calls.replied(Reply(2, {"groups": [], "joined_of": 3, "owned_of": 1}, replayed=False))
    calls.failed(Failure(1, CallError(1403, "No.", {"type": "permission_denied"})))
    assert (await second.answer).result.joined_of == 3
    with pytest.raises(CallError, match="permission_denied"):
        await first.answer
    assert not calls.anybody_waits


async def test_a_repeated_write_says_that_it_was_one() -> None:
    calls = Calls()
    call = send(calls)
    calls.replied(Reply(1, {"event_seq": 4, "at": "2026-11-21T08:00:00Z", "replayed": True}, replayed=True))
    answer = await call.answer
    assert (answer.result.event_seq, answer.replayed) == (4, True)


async def test_after_a_loss_writes_go_again_and_unsent_calls_go_for_the_first_time() -> None:
    calls = Calls()
    sent_write, sent_read = send(calls), read(calls)
    await calls.next_unsent()
    await calls.next_unsent()
    unsent_read, unsent_write = read(calls), send(calls)
    frame = sent_write.frame
    calls.connection_lost(LINE_DEAD)
    with pytest.raises(ConnectionLost):
        await sent_read.answer
    assert [(await calls.next_unsent()).id for _ in range(3)] == [1, 3, 4]
    assert [unsent_read.sent, unsent_write.sent] == [True, True]
    assert sent_write.frame == frame  # byte for byte: the same client_op_id, so it happens once


async def test_it_is_the_client_op_id_that_makes_a_call_repeatable() -> None:
    """Whatever its effect: changing a password runs by itself, and happens once all the same."""
    calls = Calls()
    call = calls.add(
        CHANGE_PASSWORD,
        ChangePasswordParams(
            old_password="correct horse", new_password="battery staple", client_op_id="test-0001"
        ),
    )
    await calls.next_unsent()
    calls.connection_lost(LINE_DEAD)
    assert (await calls.next_unsent()).frame == call.frame


async def test_a_call_given_up_before_it_was_sent_never_is() -> None:
    calls = Calls()
    call = send(calls)
    call.answer.cancel()
    calls.abandon(call)
    assert await ready(calls) == []


async def test_a_call_given_up_on_its_way_is_not_sent_again_and_its_answer_is_no_surprise() -> None:
    calls = Calls()
    stayed, lost = send(calls), send(calls)
    for call in (stayed, lost):
        await calls.next_unsent()
        call.answer.cancel()
        calls.abandon(call)
    assert not calls.anybody_waits
    calls.replied(Reply(stayed.id, {"event_seq": 4, "at": "2026-11-21T08:00:00Z"}, replayed=False))
    calls.connection_lost(LINE_DEAD)
    assert await ready(calls) == []
    with pytest.raises(ProtocolFault):
        calls.failed(Failure(lost.id, CallError(1503, "Busy.", {})))


async def test_an_answer_that_nobody_asked_for_is_a_fault() -> None:
    with pytest.raises(ProtocolFault, match="nobody made"):
        Calls().replied(Reply(1, {}, replayed=False))


async def test_an_answer_of_another_shape_is_a_fault_for_the_caller_too() -> None:
    calls = Calls()
    call = send(calls)
    with pytest.raises(ProtocolFault):
        calls.replied(Reply(1, {}, replayed=False))
    with pytest.raises(ProtocolFault):
        await call.answer


async def test_at_the_end_nobody_waits_any_longer() -> None:
    calls = Calls()
    call = send(calls)
    calls.end(LINE_DEAD)
    with pytest.raises(ConnectionLost):
        await call.answer
    assert await ready(calls) == []
