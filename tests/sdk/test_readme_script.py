"""The scripts that the READMEs show are run as they stand there, as processes, against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from server.main import Server
from tests.conftest import PASSWORD, People
from tests.sdk.stories import found, join, say

ROOT = Path(__file__).resolve().parents[2]


def script(readme: str, heading: str) -> str:
    """The first Python block under a heading."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    block = re.search(rf"^#+ {re.escape(heading)}$.*?^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert block is not None, f"{readme} shows no script under {heading}"
    return block[1]


def saved(path: Path, source: str) -> Path:
    path.write_text(source, encoding="utf-8")
    return path


async def start(path: Path, *arguments: str) -> asyncio.subprocess.Process:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(path),
        *arguments,
        cwd=path.parent,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_ten_lines_of_script_do_what_they_say(server: Server, tmp_path: Path) -> None:
    path = saved(tmp_path / "hello.py", script("README.md", "Ten lines of script"))
    running = await start(path, server.url)
    out, err = await running.communicate()
    assert (running.returncode, err.decode()) == (0, "")
    assert re.fullmatch(r"G-[0-9A-Z]{10} \w+ \d+ 木星 is up tonight\.\n", out.decode())


def test_ten_lines_are_ten() -> None:
    body = script("README.md", "Ten lines of script").split("async def main")[1]
    assert len([line for line in body.splitlines() if line.strip()]) == 10


async def test_the_echo_answers_others_and_not_itself(server: Server, people: People, tmp_path: Path) -> None:
    ann, bob = await people("ann", "bob")
    group = await found(ann)
    await join(bob, group)
    source = script("client_tui/sdk/README.md", "client_tui/sdk")
    running = await start(saved(tmp_path / "echo.py", source), server.url, "bob", PASSWORD)
    assert running.stdout is not None
    assert await running.stdout.readline() == f"listening in {group}\n".encode()
    said = await say(ann, group, "how far is Jupiter?")
    await ann.until(lambda: len(ann.replica.groups[group].recent) == 2)
    question, answer = ann.replica.groups[group].recent
    assert (question.seq, answer.text, answer.reply_to) == (said.event_seq, question.text, question.seq)
    running.terminate()
    await running.communicate()
