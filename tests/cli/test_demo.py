"""The demo as anybody without a terminal sees it, and the scripted members at work."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from client_tui.sdk import connect, join_in, synthetic_person
from policies.loader import load_catalogue
from server.cli.output import Output
from server.cli.story import cast
from server.cli.story.draws import Draws
from server.cli.story.evidence import occurrences
from server.cli.story.transcript import Transcript
from server.cli.story.troupe import Troupe
from server.main import Server
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from server.wire.verbs.message import SEND, SendParams
from server.wire.vocabulary import group_stream
from tests.cli.conftest import PASSWORD, Qunzu

DEMO_LIMIT_S = 60


def tell(qunzu: Qunzu, *words: str) -> tuple[int, str, str]:
    process = qunzu.process("demo", *words)
    told, narrated = process.communicate(timeout=DEMO_LIMIT_S)
    return process.returncode, told, narrated


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, str]:
    return tell(Qunzu(tmp_path_factory.mktemp("home")), "--lang", "en", "--seed", "7")


def test_without_a_terminal_the_story_is_told_and_holds(english: tuple[int, str, str]) -> None:
    code, told, narrated = english
    assert code == 0, told
    assert "all of them held" in told
    assert "× 1403 identity_required  [CG-06.3]" in told
    assert "✓ it finds the identity 0 times" in told
    assert "NOT SO" not in told
    assert "Synthetic Person" not in told + narrated
    where = re.search(r"Everything lay in (\S+) and is deleted", narrated)
    assert where is not None
    assert not Path(where[1]).exists()


def test_a_seed_tells_it_again_word_for_word(english: tuple[int, str, str], qunzu: Qunzu) -> None:
    assert tell(qunzu, "--lang", "en", "--seed", "7")[1] == english[1]


def test_as_json_each_step_is_an_object_and_cites_real_clauses(qunzu: Qunzu, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    code, told, narrated = tell(qunzu, "--json", "--lang", "zh", "--keep", str(kept))
    assert code == 0, told
    *steps, summary = map(json.loads, told.splitlines())
    assert summary == {"steps": len(steps), "checks": sum(len(it["checks"]) for it in steps), "failed": []}
    catalogue = load_catalogue()
    assert all(clause in catalogue for step in steps for clause in step["clauses"])
    assert {"front.db", "vault.db", "server.log"} <= {path.name for path in kept.iterdir()}
    assert narrated.startswith("群组演示")  # in one language from the first line on
    assert f"数据保留在 {kept}" in narrated
    assert "群号" not in told + narrated
    full = qunzu("demo", "--headless", "--keep", str(kept))
    assert full.exit_code == 2
    assert "is not empty" in full.stderr


def test_told_to_end_it_tidies_up(qunzu: Qunzu) -> None:
    process = qunzu.process("demo", "--headless")
    assert process.stderr is not None
    process.stderr.readline()
    listening = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 130
    where = re.search(r"(/\S+qunzu-demo-\w+)", listening)
    assert where is not None
    assert not Path(where[1]).exists()


FINDS_CHILDREN = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="needs /proc to find the server"
)


@pytest.mark.parametrize("alive", [True, pytest.param(False, marks=FINDS_CHILDREN)])
def test_on_a_terminal_it_opens_the_client_and_cleans_up_after_it(qunzu: Qunzu, alive: bool) -> None:
    """Left by the person it ends well; with a server that went by itself it says so, and fails."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    qunzu.env |= {"TERM": "xterm-256color"}
    process = qunzu.process("demo", "--lang", "en", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""

    def read_until(wanted: bytes) -> None:
        nonlocal seen
        while wanted not in seen:
            assert select.select([ours], [], [], DEMO_LIMIT_S)[0], seen[-2000:]
            try:
                seen += os.read(ours, 65536)
            except OSError:  # the other end is closed
                assert wanted in seen, seen[-2000:]

    read_until(b"Who can read what")
    if not alive:
        for server in Path(f"/proc/{process.pid}/task").glob("*/children"):
            for number in server.read_text().split():
                os.kill(int(number), signal.SIGKILL)
        read_until(b"server has ended")
    seen = b""
    os.write(ours, b"\x11")  # Ctrl+Q, and a question whether one means it
    read_until(b"Quit")
    os.write(ours, b"\r")
    read_until(b"is deleted.")
    assert (b"ended by itself" in seen) is not alive
    assert process.wait(timeout=DEMO_LIMIT_S) == (0 if alive else 1)
    os.close(ours)


def test_a_claim_that_does_not_hold_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    story = Transcript(Output(), "en")
    with story.step("Something is claimed", "有人断言", "CG-06.3") as step:
        step.check(False, "the moon is tea", "月亮是茶")
    assert not story.held
    assert "✗ NOT SO: the moon is tea" in capsys.readouterr().out


def test_the_search_for_traces_finds_a_value_and_its_hashes(tmp_path: Path) -> None:
    (tmp_path / "clear").write_bytes(b"... 0000 ...")
    (tmp_path / "hashed").write_text("9af15b336e6a9619928537df30b2e6a2376569fcf9d7e773eccede65606529a0")
    assert occurrences(tmp_path, "0000") == 2
    assert occurrences(tmp_path, "1111") == 0


def test_every_line_of_the_cast_answers_an_earlier_one_and_fits() -> None:
    for circle in cast.CIRCLES:
        assert {circle.owner, *circle.members} <= cast.HANDLES.keys()
        for place, line in enumerate(circle.lines):
            assert line.who in {circle.owner, *circle.members}
            assert line.answers is None or line.answers < place
    assert all(len(handle) <= 24 for handle in cast.HANDLES.values())


def test_draws_repeat_by_seed_and_name() -> None:
    assert [Draws(7, "a").below(1000) for _ in range(2)] == [Draws(7, "a").below(1000)] * 2
    assert Draws(7, "a").below(10**9) != Draws(7, "b").below(10**9) != Draws(8, "b").below(10**9)


async def test_the_cast_welcomes_answers_and_comes_by(
    serve: Callable[..., AbstractAsyncContextManager[Server]],
) -> None:
    """Somebody joins a group of the demo, says hello, founds a group and posts its id."""

    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with serve() as server, Troupe(server.url, "en", 7, pause=at_once) as troupe:
        told: list[str] = []
        await troupe.assemble(told.append, lambda: PASSWORD)
        await troupe.found_groups(told.append)
        assert len(told) == len(cast.HANDLES) + len(cast.CIRCLES)
        playing = asyncio.create_task(troupe.play())
        async with asyncio.timeout(30), connect(server.url) as me:
            await join_in(me, "Somebody New", PASSWORD, synthetic_person(1))
            tea = troupe.groups["tea"]
            joined = await me.call(JOIN_GROUP, JoinGroupParams(group=tea, client_op_id=me.op_id()))

            async def heard(group: GroupId, part: str) -> Message:
                async for event in me.events():
                    here = event.stream == group_stream(group)
                    if here and isinstance(event.data, Message) and part in (event.data.text or ""):
                        return event.data
                raise AssertionError("the line is closed")

            welcome = await heard(tea, "Welcome, @Somebody New")
            assert welcome.mentions == [joined.me.ref]
            await heard(tea, "post its id here")
            wish = CreateGroupParams(name="Rainy Day Kitchen", client_op_id=me.op_id())
            mine = (await me.call(CREATE_GROUP, wish)).group.group
            invitation = SendParams(group=tea, text=f"Come to {mine}!", client_op_id=me.op_id())
            invited = await me.call(SEND, invitation)
            assert (await heard(tea, "I will look in")).reply_to == invited.event_seq
            await heard(mine, cast.ARRIVALS[0].en)
            question = SendParams(group=mine, text="Is anybody hungry?", client_op_id=me.op_id())
            asked = await me.call(SEND, question)
            while (await heard(mine, "")).reply_to != asked.event_seq:
                pass
            wish = CreateGroupParams(name="Another One", client_op_id=me.op_id())
            another = (await me.call(CREATE_GROUP, wish)).group.group
            troupe.come_by(another)  # as the demo does when it sees what was founded at its own screen
            await heard(another, cast.ARRIVALS[0].en)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
