"""JSON-RPC itself: ids of every kind, batches, the order of answers, the shape of errors, and close codes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed

from server.main import Server
from server.wire.errors import Close, type_names
from server.wire.vocabulary import AccountId
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import CLIENT, Json, Refusal, Wire

Serve = Callable[..., AbstractAsyncContextManager[Server]]


def call(method: str, id_: Any, **params: Any) -> Json:
    return {"jsonrpc": "2.0", "method": method, "id": id_, "params": params}


@pytest.mark.parametrize("id_", ["one", "", 0, -7, 2**53, 1.5, "茶-💧", "x" * 128])
async def test_an_answer_carries_the_id_of_its_call_whatever_it_is(folk: Folk, id_: str | float) -> None:
    """Strings, integers, fractions; the same id again is nobody's business but the caller's."""
    stranger = await folk.stranger()
    for _ in range(2):
        answer = await stranger.exchange(call("rules.show", id_))
        assert (answer["id"], type(answer["id"])) == (id_, type(id_))
        assert answer.keys() == {"jsonrpc", "id", "result"}


@pytest.mark.parametrize("id_", [None, True, [], {}, "x" * 129, 2**63])
async def test_an_id_that_is_none_is_refused_without_one(folk: Folk, id_: Any) -> None:
    """What could not be compared with anything cannot be an id."""
    answer = await (await folk.stranger()).exchange(call("rules.show", id_))
    assert (answer["id"], answer["error"]["code"]) == (None, -32600)


async def test_params_may_be_left_out_and_a_notification_gets_no_answer(folk: Folk) -> None:
    """As other people's clients do it; the next call is answered as if nothing had been."""
    stranger = await folk.stranger()
    await stranger.send({"jsonrpc": "2.0", "method": "server.about"})
    await stranger.send({"jsonrpc": "2.0", "method": "no.such", "params": {}})
    answer = await stranger.exchange({"jsonrpc": "2.0", "method": "server.about", "id": "only"})
    assert answer["id"] == "only"
    assert len(stranger.replies) == 1


async def test_a_notification_that_writes_is_done_and_not_answered(folk: Folk) -> None:
    """The effect is heard as an event; no answer comes."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    before = len(ann.replies)
    frame = call("message.send", 0, group=group, text="quietly", client_op_id="notified-1")
    del frame["id"]
    await ann.send(frame)
    await ann.event("message.posted", text="quietly")
    await ann.call("session.list")
    assert len(ann.replies) == before + 1


async def test_answers_come_in_the_order_of_the_calls(folk: Folk) -> None:
    """Writes, reads, refusals and slow log-ins, all sent without waiting: each answer in its turn."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    methods: list[tuple[str, Json]] = [
        ("message.send", {"group": group, "text": "hello"}),
        ("group.list", {}),
        ("message.send", {"group": "G-0000000000", "text": "nowhere"}),
        ("rules.show", {}),
        ("message.mark_read", {"group": group, "seq": 1}),
        ("account.set_handle", {"handle": "ann"}),
        ("message.send", {"group": group}),
        ("message.history", {"group": group}),
        ("message.typing", {"group": group}),
    ]
    start = len(ann.replies)
    ids = [await ann.post(method, **params) for _ in range(10) for method, params in methods]
    for id_ in ids:
        await ann.answer(id_)
    assert [reply["id"] for reply in ann.replies[start:]] == ids


async def test_a_read_sees_the_writes_sent_before_it(folk: Folk) -> None:
    """One connection's calls run in order, even when nobody waits for their answers."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    for number in range(20):
        await ann.post("message.send", group=group, text=str(number))
        reading = await ann.post("message.history", group=group, limit=1)
        assert (await ann.answer(reading))["result"]["messages"][0]["text"] == str(number)


async def test_a_batch_is_answered_in_one_frame_and_in_order(folk: Folk) -> None:
    """Calls, rubbish and notifications mixed: an answer for each that wants one, rubbish included."""
    (ann,) = await folk("ann")
    group = await ann.founds()
    sending = {"group": group, "text": "in a batch", "client_op_id": "batched-1"}
    answers = await ann.exchange(
        [
            call("message.send", "a", **sending),
            7,
            {"jsonrpc": "2.0", "method": "message.typing", "params": {"group": group}},
            call("message.history", "b", group=group),
            call("no.such", "c"),
            {},
            call("message.send", "d", **sending),
        ]
    )
    assert [answer["id"] for answer in answers] == ["a", None, "b", "c", None, "d"]
    assert answers[2]["result"]["messages"][0]["text"] == "in a batch"
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        *(None, -32600, None, -32601, -32600, None)
    ]
    assert answers[5]["result"] == answers[0]["result"] | {"replayed": True}


async def test_fifty_calls_are_a_batch_and_fifty_one_are_too_many(folk: Folk) -> None:
    """The limit is in the answer to the log-in, and in the refusal; nothing of such a batch is done."""
    (ann,) = await folk("ann")
    assert ann.opened["limits"]["max_batch"] == 50
    assert len(await ann.exchange([call("rules.show", n) for n in range(50)])) == 50
    group = await ann.founds()
    too_many = [
        call("message.send", n, group=group, text="x", client_op_id=f"too-many-{n}") for n in range(51)
    ]
    answer = await ann.exchange(too_many)
    assert (answer["id"], answer["error"]["data"]["type"]) == (None, "batch_too_large")
    assert answer["error"]["data"]["limit"] == 50
    assert await ann.history(group) == []


async def test_a_batch_of_notifications_gets_no_answer_and_an_empty_one_an_error(folk: Folk) -> None:
    """As the specification of JSON-RPC has it."""
    stranger = await folk.stranger()
    await stranger.send([{"jsonrpc": "2.0", "method": "rules.show"}] * 3)
    answer = await stranger.exchange([])
    assert (answer["id"], answer["error"]["code"]) == (None, -32600)
    assert len(stranger.replies) == 1


async def test_logging_in_goes_in_a_frame_of_its_own(folk: Folk) -> None:
    """What follows a log-in depends on it; in a batch nobody could say what came first."""
    ann = await folk.unverified("ann")
    stranger = await folk.stranger()
    opening = call("session.open", 1, token=ann.opened["token"], client=CLIENT)
    answers = await stranger.exchange([opening, call("account.get", 2)])
    assert [answer["error"]["data"]["type"] for answer in answers] == ["wrong_state", "login_required"]
    again = await ann.refused("session.open", token=ann.opened["token"], client=CLIENT)
    assert again.type == "wrong_state"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ('{"jsonrpc":"2.0","method":"rules.show","id":1', -32700),
        ("NaN", -32700),
        ("[1,]", -32700),
        ("1", -32600),
        ('"rules.show"', -32600),
        ('{"method":"rules.show","id":1}', -32600),
        ('{"jsonrpc":"1.0","method":"rules.show","id":1}', -32600),
        ('{"jsonrpc":"2.0","method":7,"id":1}', -32600),
        ('{"jsonrpc":"2.0","method":"rules.show","params":[],"id":1}', -32602),
        ('{"jsonrpc":"2.0","method":"rules.show","params":{"x":1},"id":1}', -32602),
        ('{"jsonrpc":"2.0","method":"rules.shown","id":1}', -32601),
        ("[" * 500 + "]" * 500, -32700),
    ],
)
async def test_what_cannot_be_understood_is_answered_and_the_connection_lives(
    folk: Folk, frame: str, code: int
) -> None:
    """JSON-RPC's own codes for faults of the form; the next call is answered as ever."""
    stranger = await folk.stranger()
    answer = await stranger.exchange(frame)
    assert answer["error"]["code"] == code
    assert "result" in await stranger.exchange(call("rules.show", "after"))


@pytest.mark.clause("INV-13")
async def test_errors_of_every_family_have_one_shape(folk: Folk) -> None:
    """Code by family, and in data always type and retryable; where a rule decided, its clause and reason."""
    ann, bob = await folk("ann", "bob")
    cyn = await folk.unverified("cyn")
    stranger = await folk.stranger()
    group = await ann.founds(cap=1)
    seen = {
        1401: await stranger.refused("account.get"),
        1403: await cyn.refused("group.create", name="x"),
        1404: await ann.refused("group.get", group="G-0000000000"),
        1409: await ann.refused("group.join", group=group),
        1413: await bob.refused("group.join", group=group),
        1422: await cyn.refused("identity.verify", method="resident_id", legal_name="测试", number="1"),
        -32602: await ann.refused("group.join", group=7),
        -32601: await _unknown(ann),
    }
    for code, refusal in seen.items():
        assert refusal.code == code
        assert refusal.type in type_names
        assert refusal.data["retryable"] is False
        assert refusal.message
        if code in (1403, 1413, 1422):
            assert {"clause", "reason", "policy"} & refusal.data.keys() >= {"clause"}


async def test_too_fast_is_an_error_that_says_how_long_to_wait(serve: Serve, gather: Gather) -> None:
    """1429 is the one family, beside 1503, that may simply be tried again."""
    overrides = {"rates": {"post": {"burst": 2, "per_minute": 60}}}
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        (ann,) = await (await gather(server))("ann")
        group = await ann.founds()
        for text in ("one", "two"):
            await ann.says(group, text)
        refusal = await ann.refused("message.send", group=group, text="three")
        assert (refusal.code, refusal.type, refusal.data["retryable"]) == (1429, "rate_limited", True)
        assert 0 < refusal.data["retry_after_ms"] <= 1000
        await ann.history(group)


# --- close codes ------------------------------------------------------------------------------------------


async def test_a_binary_frame_ends_the_connection_with_1003(folk: Folk) -> None:
    """Text frames only."""
    stranger = await folk.stranger()
    await stranger.send(b"\x00\x01")
    assert await stranger.ended() == Close.UNSUPPORTED_DATA


async def test_a_frame_above_the_limit_ends_the_connection_with_1009(folk: Folk) -> None:
    """The limit is in the answer to the log-in; just below it, all is well."""
    stranger = await folk.stranger()
    await stranger.exchange(json.dumps(call("rules.show", "x")) + " " * 65_000)
    await stranger.send(" " * 65_537)
    assert await stranger.ended() == Close.TOO_BIG


async def test_bytes_that_are_no_utf_8_end_the_connection_with_1007(server: Server) -> None:
    """The WebSocket protocol's own code for text that is none."""
    async with dial(server.url, compression=None, proxy=None) as socket:
        await socket.send(b"\xff\xfe", text=True)
        await socket.wait_closed()
        assert socket.close_code == 1007


async def test_another_version_of_the_protocol_ends_with_4503(folk: Folk) -> None:
    """Told in an answer, and then not to come back with the same."""
    stranger = await folk.stranger()
    refusal = await stranger.refused("session.open", token="t" * 43, protocol=2, client=CLIENT)
    assert refusal.type == "login_required"
    assert await stranger.ended() == Close.UNSUPPORTED_VERSION


async def test_too_much_rubbish_ends_with_4504_and_only_for_its_author(serve: Serve, gather: Gather) -> None:
    """Bad requests cost too; whoever runs out of them is no client of ours. Others notice nothing."""
    overrides = {
        "rates": {"anonymous": {"burst": 5, "per_minute": 1}},
        "logs": {"trusted_proxies": ["127.0.0.0/8"]},
    }
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk = await gather(server)
        neighbour = await folk.stranger({"X-Forwarded-For": "203.0.113.1"})
        rude = await folk.stranger({"X-Forwarded-For": "203.0.113.2"})
        for _ in range(6):
            await rude.send("rubbish")
        assert await rude.ended() == Close.TOO_MANY_FAULTS
        assert [reply["error"]["code"] for reply in rude.replies] == [-32700] * len(rude.replies)
        assert "result" in await neighbour.exchange(call("rules.show", 1))


async def test_a_stopping_server_sends_everybody_away_with_4012_and_keeps_what_it_accepted(
    serve: Serve, gather: Gather
) -> None:
    """Come back later: nothing that was accepted is lost by stopping."""
    async with serve() as server:
        folk = await gather(server)
        ann, bob = await folk("ann", "bob")
        group = await ann.founds()
        ids = [await ann.post("message.send", group=group, text=str(number)) for number in range(50)]
        await ann.answer(ids[0])
        token = ann.opened["token"]
    assert (await ann.ended(), await bob.ended()) == (Close.RESTARTING, Close.RESTARTING)
    acknowledged = sum("result" in reply and reply["id"] in ids for reply in ann.replies)
    async with serve() as server:
        back = await (await gather(server)).stranger()
        await back.open(token=token)
        kept = [message["text"] for message in await back.history(group, limit=100)]
    assert kept[:acknowledged] == [str(number) for number in range(acknowledged)]


async def test_a_client_that_reads_nothing_is_cut_off_with_4008_and_nobody_waits_for_it(
    serve: Serve, gather: Gather
) -> None:
    """Its outbox is bounded; the others hear everything meanwhile, and it can come back and resume."""
    overrides = {"connection": {"outbox_max_bytes": 65_536}}
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk = await gather(server)
        ann, bob, cyn = await folk("ann", "bob", "cyn")
        group = await ann.founds()
        for one in (bob, cyn):
            await one.joins(group)
        async with dial(server.url, compression=None, proxy=None, max_size=None, max_queue=1) as lazy:
            await lazy.send(json.dumps(call("session.open", 1, token=bob.opened["token"], client=CLIENT)))
            while len(server.hub.connections_of(AccountId(bob.account))) < 2:
                await ann.call("session.list")
            for _ in range(25):  # 12 MB: more than the buffers of two sockets hold
                ids = [await ann.post("message.send", group=group, text="茶" * 4000) for _ in range(40)]
                for id_ in ids:
                    await ann.answer(id_)
            assert await _read_to_the_end(lazy) == Close.SLOW_CONSUMER
        last = await ann.says(group, "last")
        for one in (bob, cyn):
            await one.event("message.posted", seq=last)
        assert cyn.seqs(f"group:{group}") == list(range(4, last + 1))
        back = await folk.again(bob, cursors={f"group:{group}": last - 100})
        assert back.seqs(f"group:{group}") == list(range(last - 99, last + 1))


async def _read_to_the_end(socket: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code


async def _unknown(wire: Wire) -> Refusal:
    answer = await wire.exchange(call("no.such", "x"))
    return Refusal(answer["error"])
