"""Running the server: its pages, stopping in good order, what its log holds, what it does in hard times."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from client_tui.sdk import CallError, Client, connect
from server.main import Server
from server.wire.group_id import GroupId
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from server.wire.verbs.message import HISTORY, SEND, HistoryParams, SendParams, Sent
from server.wire.verbs.rpc import DISCOVER, DiscoverParams
from tests.conftest import PASSWORD, People
from tests.faults.people import Door, device, newcomer
from tests.faults.process import ServerProcess
from tests.faults.raw_peer import Closed, RawPeer


async def _ask(port: int, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return await _answer(reader, writer)


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


# --- pages ---------------------------------------------------------------------------------------------


async def test_health_and_readiness_are_two_questions(server: Server) -> None:
    assert (await _ask(server.port, "/healthz"))[0] == 200
    status, _, body = await _ask(server.port, "/readyz")
    assert (status, json.loads(body)["ready"]) == (200, True)


async def test_the_front_page_is_a_page_and_not_markdown(server: Server) -> None:
    status, _, body = await _ask(server.port, "/")
    text = body.decode()
    assert (status, text.count("<article")) == (200, 2)
    assert "<li>" in text
    assert "## " not in text


async def test_while_stopping_the_server_is_alive_and_not_ready(server: Server) -> None:
    async with RawPeer(server.port):  # never answers the close frame, so that stopping takes a moment
        early = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        assert (await _ask(server.port, "/healthz"))[0] == 200  # the early ones are accepted by now
        stopping = asyncio.create_task(server.stop(grace_s=1))
        await asyncio.sleep(0)
        for (_, writer), path in zip(early, ("/readyz", "/healthz", "/ws"), strict=True):
            upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}{key}\r\n".encode())
        statuses = [(await _answer(*pair))[0] for pair in early]
        assert statuses == [503, 200, 503]
        await stopping


async def test_metrics_can_be_read_and_name_nobody(people: People, server: Server) -> None:
    ann = (await people("ann-of-the-metrics"))[0]
    made = await ann.call(CREATE_GROUP, CreateGroupParams(name="measured", client_op_id=ann.op_id()))
    status, headers, body = await _ask(server.port, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    values = {sample.name: sample.value for family in families.values() for sample in family.samples}
    assert any(name.endswith("connections") and value == 1 for name, value in values.items())
    assert any("writes" in name and value > 0 for name, value in values.items())
    assert all(not sample.labels for family in families.values() for sample in family.samples)
    for secret in ("ann-of-the-metrics", "measured", made.group.group, made.me.ref):
        assert secret.encode() not in body


async def test_the_openrpc_page_is_what_discover_answers(people: People, server: Server) -> None:
    client = await people.anonymous()
    _, headers, body = await _ask(server.port, "/openrpc.json")
    discovered = await client.call(DISCOVER, DiscoverParams())
    assert headers["content-type"].startswith("application/json")
    assert json.loads(body) == discovered.model_dump(mode="json", by_alias=True)


async def test_the_front_page_forbids_what_it_does_not_need(server: Server) -> None:
    status, headers, body = await _ask(server.port, "/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert b"<script" not in body
    assert headers["content-length"] == str(len(body))


@pytest.mark.parametrize("path", ["/nothing", "/../etc/passwd", "/healthz/", "/metrics/x", "//", "/%00"])
async def test_an_unknown_path_is_not_found(server: Server, path: str) -> None:
    assert (await _ask(server.port, path))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_pages_can_only_be_read(server: Server, method: str) -> None:
    status, headers, _ = await _ask(server.port, "/", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


async def test_a_probe_may_ask_for_the_head_alone(server: Server) -> None:
    status, headers, body = await _ask(server.port, "/healthz", "HEAD")
    assert (status, body) == (200, b"")
    assert headers["content-type"].startswith("application/json")


async def test_a_path_may_carry_a_query(server: Server) -> None:
    assert (await _ask(server.port, "/healthz?from=probe"))[0] == 200


# --- stopping ------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_server_that_is_told_to_stop_answers_what_it_accepted(tmp_path: Path) -> None:
    """SIGTERM while people write: 4012 for everybody, exit code 0, every answer kept, clients come back."""
    door, answered = Door(), asyncio.Event()
    async with ServerProcess(tmp_path) as server, contextlib.AsyncExitStack() as closing:
        await (await newcomer(server, "ann")).aclose()
        ann = await device(server, "ann", closing, door)
        group = await _group(ann)
        stubborn = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        polite = await closing.enter_async_context(RawPeer(server.port))
        answers: list[Sent] = []
        refusals: set[str] = set()

        async def send(number: int) -> None:
            params = SendParams(group=group, text=f"line {number}", client_op_id=ann.op_id())
            try:
                answers.append(await ann.call(SEND, params))
            except CallError as refusal:
                refusals.add(refusal.type)
                await ann.until(lambda: ann.state != "online")
                answers.append(await ann.call(SEND, params))
            answered.set()

        sends = [asyncio.create_task(send(number)) for number in range(500)]
        await answered.wait()
        door.shut()
        server.signal(signal.SIGTERM)
        assert await polite.ended() == Closed(4012)
        polite.writer.close()
        async with asyncio.timeout(5):
            assert await server.ended() == 0
        with contextlib.closing(sqlite3.connect(server.data_dir / "front.db")) as sql:
            kept = {seq for (seq,) in sql.execute("select seq from message")}
        assert {sent.event_seq for sent in answers} <= kept
        await server.start()
        door.open()
        await asyncio.gather(*sends)
        async with connect(server.url, handle="ann", password=PASSWORD) as reader:
            page = await reader.call(HISTORY, HistoryParams(group=group, limit=500))
        await ann.until(lambda: ann.replica.groups[group].as_of >= page.messages[-1].seq)
        with contextlib.closing(sqlite3.connect(server.data_dir / "front.db")) as sql:
            texts = [text for (text,) in sql.execute("select text from message order by seq")]
        assert sorted(texts) == sorted(f"line {number}" for number in range(500))
        assert refusals <= {"shutting_down"}
        for _, writer in stubborn:
            writer.close()
    assert [line for line in server.log_lines() if line["level"] == "error"] == []


@pytest.mark.slow
async def test_a_storm_of_log_ins_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, contextlib.AsyncExitStack() as closing:
        peers = [await closing.enter_async_context(RawPeer(server.port)) for _ in range(60)]
        for peer in peers:
            _log_in(peer, "nobody")
        await peers[0].next()  # the storm is on; hashing all of it would take seconds
        server.signal(signal.SIGTERM)
        async with asyncio.timeout(4):
            assert await server.ended() == 0
    assert [line for line in server.log_lines() if line["level"] == "error"] == []


# --- hard times ----------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_storm_of_log_ins_does_not_stop_a_talk(tmp_path: Path) -> None:
    """Hashing has two threads of its own: the talk goes on between the first and the last log-in."""
    overrides = {"login.hash_queue": 10}
    async with ServerProcess(tmp_path, overrides=overrides) as server, contextlib.AsyncExitStack() as closing:
        ann, bob = [await newcomer(server, handle) for handle in ("ann", "bob")]
        closing.push_async_callback(ann.aclose)
        await bob.aclose()
        group = await _group(ann)
        peers = [await closing.enter_async_context(RawPeer(server.port)) for _ in range(50)]
        happened: list[str] = []

        async def log_in(peer: RawPeer) -> dict[str, Any]:
            _log_in(peer, "bob")
            while True:
                answer = await peer.next()
                assert isinstance(answer, str)
                reply: dict[str, Any] = json.loads(answer)
                if reply.get("id") == "in":
                    happened.append("log-in" if "result" in reply else "refused")
                    return reply

        storm = [asyncio.create_task(log_in(peer)) for peer in peers]
        while not all(task.done() for task in storm):
            await ann.call(SEND, SendParams(group=group, text="talk", client_op_id=ann.op_id()))
            happened.append("talk")
        replies = [task.result() for task in storm]
    refused = [reply["error"]["data"] for reply in replies if "error" in reply]
    assert {error["type"] for error in refused} == {"overloaded"}
    assert all(error["retryable"] and error["retry_after_ms"] > 0 for error in refused)
    assert happened.count("log-in") >= 12
    first, last = happened.index("log-in"), len(happened) - happened[::-1].index("log-in")
    talked = happened[first:last].count("talk")
    print(f"\nstorm: {happened.count('log-in')} in, {len(refused)} overloaded, {talked} messages meanwhile")
    assert talked >= 12


@pytest.mark.slow
async def test_a_full_disk_makes_the_server_read_only_until_there_is_room(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, contextlib.AsyncExitStack() as closing:
        ann = await newcomer(server, "ann")
        closing.push_async_callback(ann.aclose)
        group = await _group(ann)
        largest = max(file.stat().st_size for file in server.data_dir.iterdir() if file.is_file())
        server.limit_files(
            max(largest, server.log.stat().st_size) + 400_000
        )  # the log lies on that disk, too
        kept: list[str] = []
        refused: list[str] = []
        answers: set[tuple[int, str, bool]] = set()
        while len(refused) < 50:
            text = f"{len(kept)}-{len(refused)} " + "长" * 500
            try:
                await ann.call(SEND, SendParams(group=group, text=text, client_op_id=ann.op_id()))
                kept.append(text)
            except CallError as error:
                answers.add((error.code, error.type, error.retryable))
                refused.append(text)
        assert answers == {(1503, "read_only", True)}
        page = await ann.call(HISTORY, HistoryParams(group=group, limit=100))
        assert [message.text for message in page.messages] == kept[-len(page.messages) :]
        assert (await _ask(server.port, "/healthz"))[0] == 200
        server.limit_files(None)
        sent = await ann.call(SEND, SendParams(group=group, text="room again", client_op_id=ann.op_id()))
        page = await ann.call(HISTORY, HistoryParams(group=group, limit=100))
        assert [message.text for message in page.messages][-2:] == [kept[-1], "room again"]
        assert sent.event_seq == 2 + len(kept) + 1, "a refused write took a place"
    with contextlib.closing(sqlite3.connect(server.data_dir / "front.db")) as sql:
        assert sql.execute("pragma integrity_check").fetchall() == [("ok",)]
    print(f"\nfull disk: {len(kept)} kept, {len(refused)} refused as read_only, writing again afterwards")


@pytest.mark.slow
async def test_a_client_that_does_not_read_is_cut_and_nobody_waits_for_it(tmp_path: Path) -> None:
    overrides = {"connection.outbox_max_bytes": 262_144, "messages.text_max_chars": 4000}
    async with ServerProcess(tmp_path, overrides=overrides) as server, contextlib.AsyncExitStack() as closing:
        ann, bob, lazy = [await newcomer(server, handle) for handle in ("ann", "bob", "lazy")]
        for client in (ann, bob):
            closing.push_async_callback(client.aclose)
        group = await _group(ann)
        for client in (bob, lazy):
            await client.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=client.op_id()))
        await lazy.aclose()
        peer = await closing.enter_async_context(RawPeer(server.port, receive_buffer=4096))
        peer.call("in", "session.open", token=lazy.token, client={"name": "lazy", "version": "1"})
        peer.call("probe", "server.nothing")
        await peer.answers("probe")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport reads, too
        before = server.resident_bytes()
        assert await _connections(server.port) == 3

        heard = bob.events()
        sent = 0
        while await _connections(server.port) == 3:
            texts = [f"{sent + number} " + "长" * 3990 for number in range(50)]
            sends = [SendParams(group=group, text=text, client_op_id=ann.op_id()) for text in texts]
            await asyncio.gather(*(ann.call(SEND, params) for params in sends))
            for text in texts:
                async for event in heard:
                    if event.type == "message.posted":
                        assert getattr(event.data, "text", None) == text
                        break
            sent += len(texts)
            assert sent < 5000, "the lazy one was never cut"
        grown = server.resident_bytes() - before
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert await peer.ended() in (Closed(4008), Closed(None))
    print(f"\nslow consumer: cut after {sent} messages of 12 kB, memory grew {grown / 2**20:.1f} MiB")
    assert grown < 24 * 2**20


# --- the log -------------------------------------------------------------------------------------------


async def test_the_log_is_json_and_knows_nobody(tmp_path: Path) -> None:
    marks = ["marked-handle", "marked text 记号", "marked group", "Marked Legal Name", "correct horse"]
    async with ServerProcess(tmp_path, log_level="debug") as server:
        ann = await newcomer(server, "marked-handle")
        made = await ann.call(CREATE_GROUP, CreateGroupParams(name="marked group", client_op_id=ann.op_id()))
        group = made.group.group
        await ann.call(SEND, SendParams(group=group, text="marked text 记号", client_op_id=ann.op_id()))
        with pytest.raises(CallError):
            await ann.call(
                SEND, SendParams(group=GroupId("G-0000000000"), text="x", client_op_id=ann.op_id())
            )
        account = ann.session.account.account if ann.session else ""
        marks += [account, ann.token or "", made.me.ref, "Synthetic Person"]
        await ann.aclose()
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
    text = server.log.read_text()
    assert {line["event"] for line in server.log_lines()} >= {"listening", "stopped"}
    assert all({"event", "level", "timestamp"} <= line.keys() for line in server.log_lines())
    for mark in marks:
        assert mark not in text
        assert json.dumps(mark)[1:-1] not in text
    assert not re.search(r"\b000000\d{11}[\dX]\b", text)


async def _group(client: Client) -> GroupId:
    made = await client.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=client.op_id()))
    return made.group.group


def _log_in(peer: RawPeer, handle: str) -> None:
    client = {"name": "bare", "version": "1"}
    peer.call("in", "session.open", handle=handle, password=PASSWORD, client=client)


async def _connections(port: int) -> int:
    _, _, body = await _ask(port, "/metrics")
    found = re.search(rb"^qunzu_connections (\d+)", body, re.MULTILINE)
    assert found is not None
    return int(found[1])
