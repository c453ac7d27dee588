"""Any bytes at all get a well-formed error or a clean close; never a traceback or a hang."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

from client_tui.sdk import Client
from server.wire.errors import type_names
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from server.wire.verbs.message import SEND, SendParams
from tests.faults.people import newcomer
from tests.faults.process import ServerProcess
from tests.faults.raw_peer import BINARY, CLOSE, PING, Closed, RawPeer, frame
from tests.faults.rubbish import Rubbish

pytestmark = pytest.mark.slow
FRAMES, WARM_UP, CHUNK = 10_200, 3_000, 50
MOST_GROWTH = 8 * 2**20
MOST_LATENCY_S = 5.0
"""Generous on purpose: the machine may be busy; a blocked server would be far beyond it."""
GOOD = b'{"jsonrpc":"2.0","id":"good","method":"server.nothing"}'
KEEPALIVE_S = 16

CLOSED_WITH: list[tuple[str, bytes, int]] = [
    ("broken UTF-8", frame(b"\xff\xfe{}"), 1007),
    ("UTF-8 cut short", frame('"群"'.encode()[:-2]), 1007),
    ("a surrogate in UTF-8", frame(b'"\xed\xa0\x80"'), 1007),
    ("binary", frame(GOOD, BINARY), 1003),
    ("unmasked", frame(GOOD, masked=False), 1002),
    ("a reserved bit", frame(GOOD, reserved=4), 1002),
    ("all reserved bits", frame(GOOD, reserved=7), 1002),
    ("a reserved data opcode", frame(GOOD, 0x3), 1002),
    ("a reserved control opcode", frame(b"", 0xB), 1002),
    ("a frame too large", frame(b" " * 65_537), 1009),
    ("a claim too large", frame(b"", claims=2**40), 1009),
    ("a claim beyond all numbers", frame(b"", claims=2**63 + 5), 1009),
    ("fragments too large together", frame(b" " * 40_000, fin=False) + frame(b" " * 40_000, 0), 1009),
    ("a continuation of nothing", frame(GOOD, 0x0), 1002),
    ("a message inside a message", frame(b"{", fin=False) + frame(GOOD), 1002),
    ("a long ping", frame(b"x" * 126, PING), 1002),
    ("a ping in pieces", frame(b"x", PING, fin=False), 1002),
    ("a close code of nobody", frame(b"\x00\x05", CLOSE), 1002),
    ("half a close code", frame(b"\x03", CLOSE), 1002),
    ("a close reason that is no text", frame(b"\x03\xe8\xff\xff", CLOSE), 1007),
]
"""What RFC 6455 says about each: 1002 protocol, 1003 unusable kind, 1007 no text, 1009 too big."""


async def test_ten_thousand_bad_frames_disturb_nobody(tmp_path: Path) -> None:
    draws = random.Random(20261121)
    counts: Counter[str] = Counter()
    overrides = {"connection.idle_seconds": KEEPALIVE_S}
    async with ServerProcess(tmp_path, overrides=overrides) as server, contextlib.AsyncExitStack() as closing:
        ann, bob, eve = [await newcomer(server, handle) for handle in ("ann", "bob", "eve")]
        for client in (ann, bob, eve):
            closing.push_async_callback(client.aclose)
        made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
        talk = made.group.group
        await bob.call(JOIN_GROUP, JoinGroupParams(group=talk, client_op_id=bob.op_id()))
        made = await eve.call(CREATE_GROUP, CreateGroupParams(name="rubbish", client_op_id=eve.op_id()))
        bystanders = Bystanders(ann, bob, talk)
        talking = asyncio.create_task(bystanders.talk())
        half_open = [await _slow(server.port, draws) for _ in range(20)]
        half_sent = [await closing.enter_async_context(_half_a_frame(server.port)) for _ in range(20)]

        rubbish = Rubbish(draws, _known(eve, made.group.group, made.me.ref))
        await _throw(server, eve.token, rubbish, WARM_UP, counts)
        warm = server.resident_bytes()
        await asyncio.gather(
            _throw(server, eve.token, rubbish, FRAMES // 2 - WARM_UP // 2, counts),
            _throw(server, None, rubbish, FRAMES // 2 - WARM_UP // 2, counts),
        )
        await _break_frames(server.port, draws, counts)
        await _break_handshakes(server.port, draws, counts)
        await _fragment(server.port, counts)
        grown = server.resident_bytes() - warm

        for reader in half_open:
            async with asyncio.timeout(30):
                await reader.read()
            counts["half-open handshake cut"] += 1
        for peer in half_sent:
            assert await peer.ended() in (Closed(1011), Closed(None))
            counts["half-sent frame cut"] += 1
        bystanders.enough = True
        await talking
        log = server.log.read_text()
    total = counts["frames"] + sum(counts[kind] for kind in counts if kind not in ("frames", "answers"))
    print(
        f"\nbad input: {total} inputs ({dict(counts)}); bystanders exchanged {bystanders.exchanged} "
        f"messages in order, slowest {bystanders.slowest_s:.3f} s; memory grew {grown / 2**20:.1f} MiB"
    )
    assert total >= 10_000
    assert grown < MOST_GROWTH
    assert bystanders.exchanged > 100
    assert bystanders.slowest_s < MOST_LATENCY_S
    assert "Traceback" not in log
    assert '"level": "error"' not in log


async def test_whoever_sends_nothing_but_rubbish_is_shown_the_door(tmp_path: Path) -> None:
    overrides = {"rates.anonymous": {"burst": 20, "per_minute": 1}}
    async with ServerProcess(tmp_path, overrides=overrides) as server, RawPeer(server.port) as peer:
        for _ in range(40):
            peer.send(frame(b"rubbish"))
        assert await peer.ended() == Closed(4504)


class Bystanders:
    """Two people who answer each other without a pause while all this goes on."""

    def __init__(self, ann: Client, bob: Client, group: Any) -> None:
        self._ann, self._bob, self._group = ann, bob, group
        self.enough = False
        self.exchanged = 0
        self.slowest_s = 0.0

    async def talk(self) -> None:
        heard = {self._ann: self._ann.events(), self._bob: self._bob.events()}
        while not self.enough:
            for speaker in (self._ann, self._bob):
                began = time.monotonic()
                text = str(self.exchanged)
                params = SendParams(group=self._group, text=text, client_op_id=speaker.op_id())
                sent = await speaker.call(SEND, params)
                for listener in (self._ann, self._bob):
                    async for event in heard[listener]:
                        if event.type == "message.posted":
                            assert (event.seq, getattr(event.data, "text", None)) == (sent.event_seq, text)
                            break
                self.exchanged += 1
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)


async def _throw(
    server: ServerProcess, token: str | None, rubbish: Rubbish, how_many: int, counts: Counter[str]
) -> None:
    """Text frames over one connection; each must be answered as its own content asks for."""
    async with RawPeer(server.port) as peer:
        if token is not None:
            peer.call("open", "session.open", token=token, client={"name": "fuzz", "version": "1"})
            peer.call("opened", "server.nothing")
            await peer.answers("opened")
        frames = list(rubbish.frames(how_many))
        for start in range(0, how_many, CHUNK):
            chunk = frames[start : start + CHUNK]
            for place, text in enumerate(chunk):
                peer.send(frame(text.encode()))
                peer.call(f"probe-{start + place}", "server.nothing")
            for place, text in enumerate(chunk):
                answers = await peer.answers(f"probe-{start + place}")
                assert not isinstance(answers, Closed), f"{answers} after {text[:300]!r}"
                _check(text, answers)
                counts["frames"] += 1
                counts["answers"] += len(answers)


def _check(text: str, answers: list[Any]) -> None:
    assert len(answers) <= 1, f"{text[:300]!r} got {len(answers)} answers"
    try:
        asked = from_json(text, allow_inf_nan=False)
    except ValueError:
        asked = None
    if not answers:
        members = asked if isinstance(asked, list) else [asked]
        assert all(isinstance(it, dict) and "id" not in it for it in members), f"no answer to {text[:300]!r}"
        return
    for answer in answers[0] if isinstance(answers[0], list) else answers:
        _check_answer(answer, text)
    if isinstance(asked, dict) and isinstance(asked.get("id"), str) and len(asked["id"]) <= 128:
        assert answers[0]["id"] == asked["id"], text[:300]


def _check_answer(answer: dict[str, Any], text: str) -> None:
    assert answer["jsonrpc"] == "2.0"
    if "result" in answer:
        assert answer.keys() == {"jsonrpc", "id", "result"}
        return
    assert answer.keys() == {"jsonrpc", "id", "error"}
    error = answer["error"]
    kind = error["data"]["type"]
    assert kind != "internal", f"an internal error for {text[:500]!r}"
    declared = type_names[kind](kind).body()
    assert (error["code"], error["data"]["retryable"]) == (declared["code"], declared["data"]["retryable"])
    assert isinstance(error["message"], str)


async def _break_frames(port: int, draws: random.Random, counts: Counter[str]) -> None:
    """Frames that end the connection: each with the code that RFC 6455 gives for it."""
    for what, data, code in CLOSED_WITH * 12:
        async with RawPeer(port) as peer:
            peer.send(data)
            assert await peer.ended() == Closed(code), what
            counts["frame closed with its code"] += 1
    for _ in range(400):
        async with RawPeer(port) as peer:
            peer.send(draws.randbytes(draws.randint(1, 200)))
            peer.writer.write_eof()
            ended = await peer.ended()
            assert ended.code in (None, 1000, 1001, 1002, 1003, 1005, 1007, 1009), ended
            counts["random bytes"] += 1
    for _ in range(100):
        async with RawPeer(port) as peer:
            whole = frame(GOOD)
            peer.send(whole[: draws.randrange(1, len(whole))])
            peer.writer.write_eof()
            assert (await peer.ended()).code in (None, 1006)
            counts["truncated"] += 1


async def _break_handshakes(port: int, draws: random.Random, counts: Counter[str]) -> None:
    """What is not a request gets 4xx or nothing, and in the end a closed connection."""
    upgrade = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    requests = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /ws HTTP/1.1\r\n\r\n",
        b"GET /ws HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        upgrade + b"\r\n",
        upgrade + b"Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n",
        upgrade + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 99\r\n\r\n",
        b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for number in range(300):
        request = requests[number % len(requests)] if number < 150 else draws.randbytes(draws.randint(1, 400))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            writer.write(request)
            writer.write_eof()
            async with asyncio.timeout(30):
                answer = await reader.read()
            assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 505")), (
                request,
                answer,
            )
        writer.transport.abort()
        counts["HTTP rubbish"] += 1


async def _fragment(port: int, counts: Counter[str]) -> None:
    """A good call is answered, in however many pieces it comes and whatever stands between them."""
    for size in range(1, len(GOOD)):
        pieces = [GOOD[start : start + size] for start in range(0, len(GOOD), size)]
        async with RawPeer(port) as peer:
            for place, piece in enumerate(pieces):
                peer.send(
                    frame(piece, 1 if place == 0 else 0, fin=place == len(pieces) - 1) + frame(b"?", PING)
                )
            got = await peer.next()
            assert not isinstance(got, Closed)
            assert json.loads(got)["id"] == "good"
            counts["fragmented and answered"] += 1


async def _slow(port: int, draws: random.Random) -> asyncio.StreamReader:
    """Half a request, and then nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: "[: draws.randint(1, 36)])
    return reader


@contextlib.asynccontextmanager
async def _half_a_frame(port: int) -> AsyncIterator[RawPeer]:
    async with RawPeer(port) as peer:
        peer.send(frame(GOOD)[:9])
        yield peer


def _known(eve: Client, group: str, ref: str) -> dict[str, Any]:
    """Values that fit, so that some of the rubbish gets past the first check."""
    ops = iter(range(10**9))
    return {
        "group": lambda: group,
        "client_op_id": lambda: f"fuzz-op-{next(ops)}",
        "text": lambda: "one more",
        "seq": lambda: 1,
        "message": lambda: 3,
        "limit": lambda: 2,
        "locale": lambda: "en",
        "document": lambda: "notice",
        "mentions": lambda: [ref],
        "name": lambda: "another",
        "nickname": lambda: "Eve",
        "client": lambda: {"name": "fuzz", "version": "1"},
        "token": lambda: "A" * 43,
        "protocol": lambda: 1,
    }
