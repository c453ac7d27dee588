"""Promise 2: acknowledged means durable. The server is killed in the middle of writing, thirty times, and
everything acknowledged is there exactly once and in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as dial

from client_tui.sdk import (
    Client,
    EventMessage,
    EventsLost,
    apply_account,
    apply_group,
)
from client_tui.sdk.codec import decode
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.verbs.account import (
    GET_ACCOUNT,
    GetAccountParams,
)
from server.wire.verbs.group import (
    CREATE_GROUP,
    JOIN_GROUP,
    SNAPSHOT,
    CreateGroupParams,
    JoinGroupParams,
    SnapshotParams,
)
from server.wire.verbs.message import RECALL
from server.wire.vocabulary import account_stream, group_stream
from tests.faults.crash_writers import Author, Deserter, Mute
from tests.faults.people import Door, device, newcomer
from tests.faults.process import PreloadedServer, ServerProcess

pytestmark = [pytest.mark.crash, pytest.mark.slow]
ROUNDS = 30
AUTHORS = 4
REPLAY_EVERYTHING = {"resume.replay_limit_events": 1_000_000}


class Countdown:
    """Fires once so many acknowledgements were seen, of whomever."""

    def __init__(self) -> None:
        self.total, self._left, self.fired = 0, 0, asyncio.Event()

    def start(self, after: int) -> None:
        self._left, self.fired = after, asyncio.Event()
        if not after:
            self.fired.set()

    def tick(self) -> None:
        self.total, self._left = self.total + 1, self._left - 1
        if self._left <= 0:
            self.fired.set()


async def test_killed_in_the_middle_of_writing_nothing_acknowledged_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    draws, door, countdown = random.Random(20261121), Door(), Countdown()
    async with (
        PreloadedServer(tmp_path, overrides=REPLAY_EVERYTHING) as server,
        contextlib.AsyncExitStack() as closing,
    ):
        owner = await _person(server, "owner", closing, door)
        home = (await _found(owner, "home")).group.group
        elsewhere = (await _found(owner, "elsewhere")).group.group
        authors = []
        for number in range(AUTHORS):
            client = await _person(server, f"author{number}", closing, door)
            await client.call(JOIN_GROUP, JoinGroupParams(group=home, client_op_id=client.op_id()))
            name = f"a{number}"
            authors.append(Author(name, client, home, elsewhere, draws, countdown.tick))
        leaver = await _person(server, "leaver", closing, door)
        await leaver.call(JOIN_GROUP, JoinGroupParams(group=home, client_op_id=leaver.op_id()))
        assert leaver.token is not None
        deserter = Deserter(server.url, leaver.token, home, countdown.tick)
        quiet = await _person(server, "mute", closing, door)
        await quiet.call(JOIN_GROUP, JoinGroupParams(group=home, client_op_id=quiet.op_id()))
        assert quiet.token is not None
        mute = Mute(server.url, quiet.token, home)
        seen: list[EventMessage] = []
        watching = asyncio.create_task(_watch(owner, seen))

        retried = replayed = 0
        for _ in range(ROUNDS):
            await mute.write(5)
            each = [draws.randint(10, 60) for _ in authors]
            countdown.start(draws.randint(0, sum(each) * 3 // 4))
            writes = [task for author, many in zip(authors, each, strict=True) for task in author.write(many)]
            deserting = asyncio.create_task(deserter.write(draws.randint(5, 40)))
            await _whichever_first(countdown.fired.wait(), asyncio.gather(*writes))
            for _ in range(draws.randint(0, 30)):
                await asyncio.sleep(0)
            door.shut()
            await server.kill()
            in_flight = [told for author in authors for told in author.unanswered()]
            await deserting
            await server.start()
            door.open()
            async with asyncio.timeout(20):
                await asyncio.gather(*writes)
            retried += len(in_flight) + 5
            replayed += sum(told.replayed for told in in_flight) + await mute.ask_again()

        for client in (owner, *(author.client for author in authors)):
            await client.reached("online")
        await _replay_gives_the_snapshot(server, owner)
        for author in authors:
            await _replay_gives_the_snapshot(server, author.client)
        snapshot = await owner.call(SNAPSHOT, SnapshotParams(group=home))
        await owner.until(lambda: owner.replica.groups[home].as_of >= snapshot.as_of)
        assert owner.replica.groups[home] == snapshot
        await mute.closing.aclose()
        await server.kill()
        watching.cancel()

    home_stream = group_stream(home)
    watched = [event.seq for event in seen if event.stream == home_stream and event.seq]
    assert watched == list(range(watched[0], snapshot.as_of + 1)), "the watcher missed or doubled an event"
    lost, doubled, acknowledged = _compare_with_tables(server.data_dir / "front.db", authors, deserter, mute)
    unasked = len(deserter.sent) - len(deserter.seqs)
    print(
        f"\ncrash: {ROUNDS} rounds, {acknowledged} acknowledged, {retried} retried, {replayed} replayed, "
        f"{unasked} abandoned, lost {lost}, doubled {doubled}"
    )
    assert (lost, doubled) == (0, 0)
    assert countdown.total == acknowledged
    assert retried > ROUNDS, "the kills fell where nothing was under way: the test shows little"
    assert replayed, "no kill fell between a commit and its answer: the test shows little"


def _compare_with_tables(
    front: Path, authors: list[Author], deserter: Deserter, mute: Mute
) -> tuple[int, int, int]:
    """How many acknowledged writes are missing, how many are there twice, how many were acknowledged."""
    with contextlib.closing(sqlite3.connect(front)) as sql:
        assert sql.execute("pragma integrity_check").fetchall() == [("ok",)]
        streams = dict(sql.execute("select stream, head from stream"))
        for stream, count, first, last in sql.execute(
            "select stream, count(*), min(seq), max(seq) from event group by stream"
        ):
            assert (first, last, count) == (1, streams[stream], streams[stream]), f"a gap in {stream}"
        rows = dict(sql.execute("select seq, text from message"))
        posted = {seq for (seq,) in sql.execute("select seq from event where type = 'message.posted'")}
        assert posted == set(rows)
        operations = {
            op: json.loads(result) for op, result in sql.execute("select client_op_id, result from operation")
        }
        logged = sql.execute(
            "select count(*) from log_event where operation = 'publish' and outcome = 'ok'"
        ).fetchone()

    acknowledged = len(deserter.seqs)
    expected: dict[int, str | None] = {}
    for author in authors:
        acknowledged += len(author.told)
        for told in author.told:
            assert told.result is not None
            assert operations[told.params.client_op_id] == told.result.model_dump(mode="json")
        places = [told.result.event_seq for told in author.sends()]
        assert places == sorted(set(places)), f"{author.name}'s messages are out of order"
        expected |= {told.result.event_seq: told.params.text for told in author.sends()}
        for told in author.told:
            if told.verb is RECALL:
                expected[told.params.message] = None
    expected |= {seq: text for text, seq in deserter.seqs.items()}
    expected |= dict(zip(mute.seqs, mute.sent, strict=True))
    assert mute.seqs == sorted(mute.seqs), "what was asked for again came back out of order"
    lost = sum(seq not in rows or rows[seq] != text for seq, text in expected.items())

    abandoned = [text for text in deserter.sent if text not in deserter.seqs]
    survived = {seq: text for seq, text in rows.items() if text in abandoned}
    texts = [text for text in rows.values() if text is not None]
    doubled = len(texts) - len(set(texts))
    assert rows.keys() == expected.keys() | survived.keys(), "a message that nobody sent"
    order = [deserter.sent.index(text) for _, text in sorted(rows.items()) if text in set(deserter.sent)]
    assert order == sorted(order), "the deserter's messages are out of order"
    assert logged == (len(rows),), "a message without its log row, or a log row without its message"
    return lost, doubled, acknowledged


async def _replay_gives_the_snapshot(server: ServerProcess, client: Client) -> None:
    """Every event from the first on, applied one by one, is what the server says the state is."""
    state = await client.call(GET_ACCOUNT, GetAccountParams())
    account = account_stream(state.account.account)
    groups = [place.group for place in state.memberships]
    events = await _everything(server, client, [account, *map(group_stream, groups)])
    rebuilt: AccountSnapshot | None = None
    for event in events[account]:
        rebuilt = apply_account(rebuilt, event)
    assert rebuilt == state
    for group in groups:
        told: GroupSnapshot | None = None
        for event in events[group_stream(group)]:
            told = apply_group(told, event, recent_limit=50)
        assert told == await client.call(SNAPSHOT, SnapshotParams(group=group))


async def _everything(
    server: ServerProcess, client: Client, streams: list[Any]
) -> dict[str, list[EventMessage]]:
    """All events of these streams from the first on, over a socket of its own."""
    params = {
        "token": client.token,
        "client": {"name": "bare", "version": "1"},
        "cursors": dict.fromkeys(streams, 0),
    }
    found: dict[str, list[EventMessage]] = {stream: [] for stream in streams}
    async with dial(server.url, compression=None) as socket:
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.open", "params": params}))
        while True:
            event = decode(await socket.recv())
            if isinstance(event, EventMessage):
                if event.type == "session.caught_up":
                    return found
                found[event.stream].append(event)


async def _whichever_first(*ends: Awaitable[Any]) -> None:
    """Wait for the first; whatever a call raised is raised here."""
    done, _ = await asyncio.wait(map(asyncio.ensure_future, ends), return_when=asyncio.FIRST_COMPLETED)
    for end in done:
        end.result()


async def _person(
    server: ServerProcess, handle: str, closing: contextlib.AsyncExitStack, door: Door
) -> Client:
    await (await newcomer(server, handle)).aclose()
    return await device(server, handle, closing, door)


async def _found(client: Client, name: str) -> Any:
    return await client.call(CREATE_GROUP, CreateGroupParams(name=name, client_op_id=client.op_id()))


async def _watch(client: Client, seen: list[EventMessage]) -> None:
    events = client.events()
    while True:
        try:
            seen.append(await anext(events))
        except EventsLost:  # pragma: no cover
            pytest.fail("the watcher did not keep up")
