"""What the client does when the other side does what our server never does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from client_tui.sdk import CallError, Client, ConnectionLost, ProtocolFault, RetryPolicy, connect
from server.wire.errors import Close, NotFound, RateLimited, Unavailable, WireError
from server.wire.events import CaughtUp, HandleChanged, MembershipAdded, StreamSnapshot
from server.wire.models import AccountSnapshot
from server.wire.verbs.account import GET_ACCOUNT, GetAccountParams
from server.wire.verbs.group import LIST_GROUPS, ListGroupsParams
from server.wire.verbs.message import SEND, SendParams
from server.wire.verbs.session import CLOSE_SESSION, ClosedResult, CloseParams
from server.wire.vocabulary import Seq, account_stream
from tests.sdk.lines import IMPATIENT, at_once
from tests.sdk.logs import ACCOUNT, GROUP, membership
from tests.sdk.scripted import TOKEN, Scene, account_snapshot, opened, scripted


async def silent(scene: Scene) -> None:
    """Take everything, say nothing."""
    await scene.socket.wait_closed()


def snapshot(state: AccountSnapshot) -> StreamSnapshot:
    return StreamSnapshot(as_of=state.as_of, kind="account", snapshot=state.model_dump(mode="json"))


async def test_leaving_ends_every_call_that_waits() -> None:
    async with scripted(silent) as url:
        client = await connect(url)
        calls = [asyncio.ensure_future(client.call(LIST_GROUPS, ListGroupsParams())) for _ in range(3)]
        waiting = asyncio.ensure_future(client.reached("online"))
        reading = asyncio.ensure_future(_everything(client))
        await asyncio.sleep(0)
        await client.aclose()
        for call in (*calls, waiting):
            with pytest.raises(ConnectionLost) as lost:
                await call
            assert lost.value.final
        assert await reading == []


async def _everything(client: Client) -> list[object]:
    return [event async for event in client.events()]


@pytest.mark.parametrize(
    "nonsense",
    [
        "nonsense",
        b"\x00",
        '{"jsonrpc":"2.0","id":99,"result":{}}',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}',
        # Nobody is logged in: there is nothing that could be caught up with.
        '{"jsonrpc":"2.0","method":"event","params":{"stream":"account:A-1","type":"session.caught_up",'
        '"at":"2026-11-21T08:00:00Z","data":{"replayed":"many"}}}',
    ],
)
async def test_a_peer_that_speaks_another_protocol_is_left_for_good(nonsense: str | bytes) -> None:
    async def rave(scene: Scene) -> None:
        await scene.call()
        await scene.socket.send(nonsense)
        await scene.socket.wait_closed()

    async with scripted(rave) as url, connect(url, retry=IMPATIENT) as client:
        with pytest.raises(ConnectionLost) as lost:
            await client.call(LIST_GROUPS, ListGroupsParams())
        assert not lost.value.final or isinstance(lost.value.__cause__, ProtocolFault)
        assert isinstance(await client.until(lambda: client.ended), ProtocolFault)
        with pytest.raises(ProtocolFault):
            await anext(client.events())


async def test_an_answer_of_another_shape_is_told_to_the_caller() -> None:
    async def misanswer(scene: Scene) -> None:
        call = await scene.call()
        await scene.socket.send(f'{{"jsonrpc":"2.0","id":{call["id"]},"result":{{"groups":7}}}}')
        await scene.socket.wait_closed()

    async with scripted(misanswer) as url, connect(url) as client:
        with pytest.raises(ProtocolFault, match=r"group\.list"):
            await client.call(LIST_GROUPS, ListGroupsParams())


async def test_a_session_that_makes_no_sense_is_left_for_good() -> None:
    """A second answer to a log-in, or an end of a replay that never began."""

    async def twice(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.tell(CaughtUp(replayed=0))
        await scene.socket.wait_closed()

    async with scripted(twice) as url:
        client = await connect(url, token=TOKEN, retry=IMPATIENT)
        assert isinstance(await client.until(lambda: client.ended), ProtocolFault)
        await client.aclose()


@pytest.mark.parametrize(
    ("code", "comes_back"),
    [
        (Close.RESTARTING, True),
        (Close.SLOW_CONSUMER, True),
        (1000, True),
        (4444, True),
        (Close.BANNED, False),
        (Close.UNSUPPORTED_VERSION, False),
        (Close.TOO_BIG, False),
        (4999, False),
    ],
)
async def test_the_close_code_says_whether_to_come_back(code: int, comes_back: bool) -> None:
    async def close(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.socket.close(code, "because")

    async def stay(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot(2)))
        await scene.socket.wait_closed()

    async with scripted(close, stay) as url:
        client = await connect(url, token=TOKEN, retry=IMPATIENT)
        if comes_back:
            await client.until(lambda: client.replica.account and client.replica.account.as_of == 2)
            assert await client.reached("online")
        else:
            reason = await client.until(lambda: client.ended)
            assert isinstance(reason, ConnectionLost)
            assert (reason.code, reason.final, "because" in str(reason)) == (code, True, True)
            assert reason.close == (code if code in set(Close) else None)
        await client.aclose()


async def test_a_busy_server_is_asked_again_after_the_time_it_named() -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    async def cut(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        scene.socket.transport.abort()

    def refuse(error: WireError) -> Any:
        async def play(scene: Scene) -> None:
            await scene.answer(await scene.call(), error)
            await scene.socket.wait_closed()

        return play

    async def stay(scene: Scene) -> None:
        await scene.let_in()
        await scene.answer(await scene.call(), account_snapshot())
        await scene.socket.wait_closed()

    busy = refuse(Unavailable("overloaded"))
    limited = refuse(RateLimited("rate_limited", retry_after_ms=7000))
    policy = RetryPolicy(first_s=1, random=lambda: 0.5, sleep=note)
    async with scripted(cut, busy, limited, stay) as url, connect(url, token=TOKEN, retry=policy) as client:
        await client.until(lambda: len(waits) == 3)
        await client.reached("online")
        assert waits == [0.5, 1, 9]
        assert (await client.call(GET_ACCOUNT, GetAccountParams())).as_of == 1


async def test_the_first_refusal_is_an_answer_and_not_a_reason_to_insist() -> None:
    async def refuse(scene: Scene) -> None:
        await scene.answer(await scene.call(), Unavailable("overloaded"))
        await scene.socket.wait_closed()

    async with scripted(refuse) as url:
        with pytest.raises(CallError) as busy:
            await connect(url, token=TOKEN, retry=IMPATIENT)
        assert busy.value.retryable


async def test_a_log_in_goes_before_the_calls_that_waited_for_it() -> None:
    heard: list[str] = []

    async def cut(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.call()  # the write is on its way, its answer never comes
        scene.socket.transport.abort()

    async def listen(scene: Scene) -> None:
        opening = await scene.call()
        heard.append(opening["method"])
        assert opening["params"]["cursors"] == {account_stream(ACCOUNT): 1}
        assert (opening["params"]["token"], opening["params"]["password"]) == (TOKEN, None)
        await (await scene.socket.ping())  # whatever the client had sent by now would be here
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await scene.call()
        await scene.answer(opening, opened(token=None))
        await scene.tell(CaughtUp(replayed=0))
        heard.append((await scene.call())["method"])
        await scene.socket.close(Close.SESSION_REVOKED)

    async with scripted(cut, listen) as url:
        client = await connect(url, handle="ann", password="correct horse", retry=IMPATIENT)
        with pytest.raises(ConnectionLost) as lost:
            await client.call(SEND, SendParams(group=GROUP, text="x", client_op_id=client.op_id()))
        assert lost.value.close is Close.SESSION_REVOKED
        assert heard == ["session.open", "message.send"]
        await client.aclose()


async def test_news_that_comes_after_logging_out_is_nobodys_state() -> None:
    async def part(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.answer(await scene.call(), ClosedResult(reason="logout"))
        await scene.tell(HandleChanged(handle="Owl"), seq=2)
        opening = await scene.call()
        assert opening["params"]["cursors"] == {}
        await scene.answer(opening, opened())
        await scene.tell(snapshot(account_snapshot(7)))
        await scene.tell(CaughtUp(replayed=0))
        await scene.socket.wait_closed()

    async with scripted(part) as url, connect(url, token=TOKEN) as client:
        await client.call(CLOSE_SESSION, CloseParams())
        assert not client.replica.groups
        await client.open(token=TOKEN)
        assert client.replica.account == account_snapshot(7)
        assert not client.replica.wanted


async def test_a_server_that_drops_everybody_unheard_is_met_with_patience() -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    async def drop(scene: Scene) -> None:
        await scene.socket.close(Close.RESTARTING)

    async with scripted(drop) as url:
        policy = RetryPolicy(first_s=1, attempts=3, random=lambda: 1.0, sleep=note)
        client = await connect(url, retry=policy)
        await client.until(lambda: client.ended)
        assert waits == [1, 2, 4]


async def test_a_listener_that_fails_does_not_take_the_client_with_it() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))

    async def stay(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.socket.wait_closed()

    def fail(state: str) -> None:
        raise ZeroDivisionError(state)

    async with scripted(stay) as url, connect(url) as client:
        client.on_state(fail)
        await client.open(token=TOKEN)
        assert client.state == "online"
    assert [type(complaint["exception"]) for complaint in complaints] == [ZeroDivisionError] * 3


async def test_a_snapshot_that_is_refused_is_not_asked_for_again_until_something_changes() -> None:
    async def refuse(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.tell(MembershipAdded(membership=membership(GROUP)), seq=2)
        call = await scene.call()
        assert call["method"] == "group.snapshot"
        await scene.answer(call, RateLimited("rate_limited", retry_after_ms=10))
        await scene.answer(await scene.call(), NotFound("group_not_found"))
        await scene.tell(HandleChanged(handle="Owl"), seq=3)
        await scene.socket.wait_closed()

    async with scripted(refuse) as url:
        client = await connect(url, token=TOKEN, retry=RetryPolicy(sleep=at_once))
        await client.until(lambda: client.replica.account and client.replica.account.account.handle == "Owl")
        assert not client.replica.wanted
        assert GROUP not in client.replica.groups
        await client.aclose()


async def test_a_snapshot_whose_connection_dies_is_asked_for_on_the_next() -> None:
    async def die(scene: Scene) -> None:
        await scene.let_in(snapshot(account_snapshot()))
        await scene.tell(HandleChanged(handle="Owl"), seq=5)  # 2, 3 and 4 went missing
        assert (await scene.call())["method"] == "account.get"
        scene.socket.transport.abort()

    async def give(scene: Scene) -> None:
        await scene.let_in()
        call = await scene.call()
        assert call["method"] == "account.get"
        await scene.tell(HandleChanged(handle="Wren"), seq=6)
        await scene.answer(call, account_snapshot(5))
        await scene.socket.wait_closed()

    async with scripted(die, give) as url, connect(url, token=TOKEN, retry=IMPATIENT) as client:
        account = await client.until(lambda: client.replica.account if not client.replica.wanted else None)
        await client.until(lambda: client.replica.account and client.replica.account.as_of == Seq(6))
        assert account is not None
        assert client.replica.account is not None
        assert client.replica.account.account.handle == "Wren"
