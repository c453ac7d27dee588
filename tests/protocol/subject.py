"""The server as operators run it: a process of its own, real time, real password hashing, its log kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_S = 30.0


@dataclass
class Subject:
    """A running server. ``log`` is its stderr, complete once the block is left."""

    url: str
    data: Path
    log: Path
    process: asyncio.subprocess.Process

    async def page(self, path: str) -> bytes:
        """What plain HTTP answers."""
        address = self.url.replace("ws://", "http://").removesuffix("/ws") + path

        def read() -> bytes:
            with urllib.request.urlopen(address, timeout=10) as answer:
                body: bytes = answer.read()
                return body

        return await asyncio.to_thread(read)


@contextlib.asynccontextmanager
async def subject(directory: Path, **variables: str) -> AsyncIterator[Subject]:
    """``qunzu serve`` on a free port with profile ``test``; SIGTERM ends it, and it has to end with 0.

    ``variables`` are added to the environment; ``directory`` has to exist.
    """
    ready, log, data = directory / "url", directory / "stderr.log", directory / "data"
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUNZU_")}
    command = [
        *(sys.executable, "-c", "from server.cli.main import app_main; app_main()", "serve"),
        *("--port", "0", "--data-dir", str(data), "--profile", "test"),
        *("--log-level", "debug", "--ready-file", str(ready)),
    ]
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=env | variables, stdout=stderr, stderr=stderr
        )
    try:
        async with asyncio.timeout(_START_S):
            url = await _written(ready, process, log)
        yield Subject(url, data, log, process)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_START_S):
            assert await process.wait() == 0, _text_of(log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _written(path: Path, process: asyncio.subprocess.Process, log: Path) -> str:
    """What the file says once it is there; fails with the log when the process ends first."""
    loop = asyncio.get_running_loop()
    while (text := _text_of(path)) is None:
        assert process.returncode is None, _text_of(log)
        waited = loop.create_future()
        loop.call_later(0.02, waited.set_result, None)  # a file has nobody to tell us; this is the poll
        await waited
    return text


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8").strip() if path.exists() else None
