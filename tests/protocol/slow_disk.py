"""A disk that takes its time: brings writes of several people into one commit, in a known order.

Black-box tests cannot choose what shares a commit, and exactly there the races are. Only the moment of the
commit is held; everything else is the server as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from server.main import Server
from server.storage.database import Database

T = TypeVar("T")


class SlowDisk:
    """``async with SlowDisk(server) as disk``: inside, nothing is committed; on leaving, everything is.

    The first write that comes is taken by itself; whatever comes after it shares the next commit.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._gate = asyncio.Event()
        self._held = 0

    async def __aenter__(self) -> SlowDisk:
        inner: Database = self._server.writer._database
        slow = _Gated(inner, self)
        self._server.writer._database = slow
        return self

    async def __aexit__(self, *error: object) -> None:
        self._gate.set()

    async def waits_for(self, writes: int) -> None:
        """Return when this many writes wait for the disk."""
        async with asyncio.timeout(10):
            # The queue has nobody to tell of its length.
            while self._held + self._server.writer.waiting < writes:  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def commit(self, inner: Database, work: Callable[[Connection], T]) -> T:
        self._held += 1
        await self._gate.wait()
        self._held -= 1
        return await inner.transact(work)


class _Gated:
    def __init__(self, inner: Database, disk: SlowDisk) -> None:
        self._inner, self._disk = inner, disk

    async def transact(self, work: Callable[[Connection], T]) -> T:
        return await self._disk.commit(self._inner, work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
