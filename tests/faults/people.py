"""People for fault tests: many of them, verified, quickly; and clients that come back as soon as they may."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count

from client_tui.sdk import Client, RetryPolicy, connect, join_in, synthetic_person
from tests.conftest import PASSWORD
from tests.faults.process import ServerProcess

_numbers = count(1000)


class Door:
    """Open while the server is up. Clients wait in front of it instead of for time to pass."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def retry(self) -> RetryPolicy:
        return RetryPolicy(sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        await self._open.wait()


async def newcomer(server: ServerProcess, handle: str) -> Client:
    """A verified member's client; the caller closes it."""
    client = await connect(server.url, retry=Door().retry())
    await join_in(client, handle, PASSWORD, synthetic_person(next(_numbers)))
    return client


async def device(
    server: ServerProcess, handle: str, closing: contextlib.AsyncExitStack, door: Door | None = None
) -> Client:
    """One more device of somebody who has an account, closed with ``closing``."""
    retry = (door or Door()).retry()
    opened = connect(server.url, handle=handle, password=PASSWORD, retry=retry, event_limit=1_000_000)
    return await closing.enter_async_context(opened)
