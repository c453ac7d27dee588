"""Attacks on memory: what one peer can make the server keep for it is bounded, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import pytest

from server.main import Server
from tests.faults.raw_peer import PING, RawPeer, frame
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]


def _connection(**bounds: int) -> dict[str, Any]:
    return {"profile": "test", "overrides": {"connection": bounds}}


async def _sends(peer: RawPeer, data: bytes, times: int) -> None:
    for _ in range(times):
        peer.send(data)
        await peer.writer.drain()


async def test_whoever_pings_and_never_reads_is_cut(serve: Serve, gather: Gather) -> None:
    """The library answers pings by itself: the answers count like everything else that waits for a peer."""
    pings = frame(b"p" * 125, PING) * 500
    async with serve(policy=_connection(outbox_max_bytes=262_144)) as server:
        async with RawPeer(server.port, receive_buffer=4096) as peer:
            cast(asyncio.Transport, peer.writer.transport).pause_reading()
            with pytest.raises(ConnectionError):
                await _sends(peer, pings, times=500)  # 32 MB, far more than sockets hold
        ann = await (await gather(server)).unverified("ann")
        assert (await ann.call("account.get"))["account"]["handle"] == "ann"


async def test_the_answers_of_one_batch_are_bounded(serve: Serve, gather: Gather) -> None:
    """Fifty pages of the longest messages do not become one frame: the calls beyond are told so, in place."""
    async with serve(policy=_connection(outbox_max_bytes=1_000_000, max_frame_bytes=65_536)) as server:
        folk = await gather(server)
        ann = await folk.verified("ann")
        group = await ann.founds()
        for _ in range(20):
            await ann.says(group, "群" * 4000)
        page = {"jsonrpc": "2.0", "method": "message.history", "params": {"group": group}}
        answers = await ann.exchange([page | {"id": f"p{number}"} for number in range(50)])
        assert [answer["id"] for answer in answers] == [f"p{number}" for number in range(50)]
        read = [answer for answer in answers if "result" in answer]
        told = {answer["error"]["data"]["type"] for answer in answers if "error" in answer}
        assert 1 <= len(read) < 10
        assert told == {"too_large"}
        assert len(json.dumps(answers, ensure_ascii=False).encode()) < 1_500_000
        assert (await ann.call("account.get"))["account"]["handle"] == "ann"


async def test_what_a_batch_did_not_get_to_was_not_done(serve: Serve, gather: Gather) -> None:
    """A write behind the limit is refused, not done in silence: the same call may be sent again."""
    async with serve(policy=_connection(outbox_max_bytes=300_000, max_frame_bytes=65_536)) as server:
        ann = await (await gather(server)).verified("ann")
        group = await ann.founds()
        for _ in range(20):
            await ann.says(group, "群" * 4000)
        page = {"jsonrpc": "2.0", "method": "message.history", "params": {"group": group}}
        op = fresh_op()
        said = {"group": group, "text": "once", "client_op_id": op}
        send = {"jsonrpc": "2.0", "id": "w", "method": "message.send", "params": said}
        answers = await ann.exchange([page | {"id": 1}, page | {"id": 2}, send])
        assert answers[-1]["error"]["data"]["type"] == "too_large"
        assert "replayed" not in await ann.call("message.send", **said)


async def test_rubbish_in_batches_costs_like_rubbish_alone(serve: Serve, gather: Gather) -> None:
    """Malformed calls are counted wherever they stand; who sends nothing else is shown the door."""
    overrides = {"rates": {"anonymous": {"burst": 20, "per_minute": 1}}}
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk: Folk = await gather(server)
        eve = await folk.stranger()
        for _ in range(40):
            if eve.socket.close_code is None:
                await eve.send("[1, 2, 3]")
        assert await eve.ended() == 4504


async def test_long_messages_do_not_keep_anybody_from_coming_back(serve: Serve, gather: Gather) -> None:
    """More was missed than may wait for a peer: it comes as fast as it is taken, and nobody is cut for it."""
    async with serve(policy=_connection(outbox_max_bytes=262_144)) as server:
        folk = await gather(server)
        ann, bob = await folk("ann", "bob")
        group = await ann.founds()
        await bob.joins(group)
        seen = await ann.says(group, "the last one bob sees")
        await bob.event("message.posted", seq=seen)
        await bob.aclose()
        last = [await ann.says(group, "群" * 4000) for _ in range(300)][-1]
        cursors = {f"group:{group}": seen, bob.stream: max(bob.seqs(bob.stream))}
        back = await folk.again(bob, cursors=cursors)
        assert back.seqs(f"group:{group}") == list(range(seen + 1, last + 1))
        assert sum(len(frame.encode()) for frame in back.frames) > 10 * 262_144
        live = await ann.says(group, "and on it goes")
        await back.event("message.posted", seq=live)
