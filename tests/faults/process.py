"""A real server in a process of its own, to be killed, stopped, starved and asked. Knows no verb."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).parents[2]
_PATIENCE_S = 30.0
"""How long anything may take before a test fails instead of hanging; a slow machine stays far below."""


class ServerProcess:
    """``async with ServerProcess(directory) as server``: listening inside the block, killed after it.

    One port for its whole life, restarts included, so that clients find their way back. ``overrides`` are
    policy values by dotted key. ``program`` is run in place of the command line's module.
    """

    def __init__(
        self,
        directory: Path,
        *,
        overrides: Mapping[str, object] | None = None,
        program: tuple[str, ...] = ("-m", "server.cli.main"),
        log_level: str = "info",
    ) -> None:
        self.data_dir = directory / "data"
        self.log = directory / "server.log"
        self._program, self._log_level = program, log_level
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
        for key, value in (overrides or {}).items():
            name = "QUNZU_POLICY__OVERRIDES__" + key.replace(".", "__").upper()
            self._environment[name] = json.dumps(value)
        self._process: asyncio.subprocess.Process | None = None
        # Bound and never listening: keeps the port ours while the server is down between two starts.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port: int = self._held.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self._held.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()
        self._held.close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start, and return when it listens."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment,
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, f"the server did not start:\n{self.log.read_text()[-2000:]}"

    def command(self) -> list[str]:
        where = ["--port", str(self.port), "--data-dir", str(self.data_dir), "--profile", "test"]
        return [sys.executable, *self._program, "serve", *where, "--log-level", self._log_level, "--json"]

    async def kill(self) -> None:
        """``kill -9``: no handler runs, nothing is flushed."""
        self.signal(signal.SIGKILL)
        assert await self.ended() == -signal.SIGKILL

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def ended(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        assert self._process is not None
        async with asyncio.timeout(_PATIENCE_S):
            return await self._process.wait()

    def limit_files(self, most_bytes: int | None) -> None:
        """No file of the server may grow beyond this size, as on a full disk; None lifts the limit."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        soft = hard if most_bytes is None else most_bytes
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def log_lines(self) -> list[dict[str, Any]]:
        """The structured lines of all starts so far; the one line for people is left out."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if not line.startswith("qunzu: listening on ")]


class PreloadedServer(ServerProcess):
    """The same, for tests that start dozens of times: each start is a fork of `tests.faults.stable`."""

    _pid = 0
    _code: int | None = None

    @property
    def pid(self) -> int:
        return self._pid

    async def start(self) -> None:
        if self._process is None:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.faults.stable"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    cwd=REPOSITORY,
                    env=self._environment,
                )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self.command()[3:]).encode() + b"\n")
        self._code, self._pid = None, (await self._told("pid"))
        await self._told("port")

    async def ended(self) -> int:
        if self._code is None:
            self._code = await self._told("ended")
        return self._code

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid and self._code is None:
            await self.kill()
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()
        self._held.close()

    async def _told(self, what: str) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            line = json.loads(await self._process.stdout.readline())
        assert what in line, f"{line} instead of {what}:\n{self.log.read_text()[-2000:]}"
        return int(line[what])
