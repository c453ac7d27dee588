"""A server of its own for one performance: a process, a data directory, and both gone afterwards.

A process rather than a thread: the terminal client stays quick while the server hashes passwords and waits
for the disk, and what is shown is the server that everybody runs, started by the command that all type.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import Process
from pathlib import Path

_START_LIMIT_S = 30.0  # a cold cache and a slow disk; a server that takes longer will not come
_STOP_LIMIT_S = 10.0
_LOOK_EVERY_S = 0.02


class StageFailed(Exception):
    """The server did not start; the text says what it last said."""


class Stage:
    """``async with Stage() as stage``: inside the block a server listens at ``stage.url``.

    ``keep``: the data directory to use and leave behind. None makes one, and deletes it at the end.
    """

    def __init__(self, *, keep: Path | None = None, seed: int | None = None, profile: str = "demo") -> None:
        self._keep, self._seed, self._profile = keep, seed, profile
        self._process: Process | None = None
        self.data_dir = Path()
        self.url = ""

    async def __aenter__(self) -> Stage:
        if self._keep is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="qunzu-demo-"))
        else:
            self.data_dir = self._keep
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            await self._start()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._leave()

    @property
    def log_file(self) -> Path:
        return self.data_dir / "server.log"

    async def ended(self) -> None:
        """Returns once the server process is no more, which is before its time unless the block is left."""
        if self._process is not None:
            await self._process.wait()

    async def _start(self) -> None:
        ready = self.data_dir / "url"
        command = [sys.executable, "-m", "server.cli.main", "serve", "--host", "127.0.0.1", "--port", "0"]
        command += ["--data-dir", str(self.data_dir), "--profile", self._profile, "--ready-file", str(ready)]
        if self._seed is not None:
            command += ["--seed", str(self._seed)]
        # What the operator set up for a real server is not meant for this one.
        env = {name: value for name, value in os.environ.items() if not name.upper().startswith("QUNZU_")}
        with self.log_file.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                while not ready.exists():
                    if self._process.returncode is not None:
                        raise StageFailed(f"the server did not start: {self._last_words()}")
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            raise StageFailed(f"the server did not start within {_START_LIMIT_S:.0f} s") from None
        self.url = ready.read_text(encoding="utf-8").strip()

    async def _leave(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._keep is None:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def _last_words(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
