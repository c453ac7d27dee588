"""Shared fixtures: a real server on a real socket with a real database file, and people who talk to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from client_tui.sdk import Client, connect
from client_tui.sdk.newcomer import join_in
from client_tui.sdk.synthetic import synthetic_person
from server.config import Config
from server.main import Server
from tests.fakes import FakeClock, PlainHasher

PASSWORD = "correct horse"


def config_for(directory: Path, **sections: Any) -> Config:
    """A configuration for tests: any free port, profile ``test``, everything below ``directory``."""
    values: dict[str, Any] = {
        "data_dir": directory / "data",
        "listen": {"port": 0},
        "policy": {"profile": "test"},
        "log": {"level": "error"},
    }
    return Config(**(values | sections))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def serve(tmp_path: Path, clock: FakeClock) -> Callable[..., contextlib.AbstractAsyncContextManager[Server]]:
    """``async with serve() as server``; called again it is the same data directory, as after a restart."""

    def start(**sections: Any) -> contextlib.AbstractAsyncContextManager[Server]:
        return Server(config_for(tmp_path, **sections), clock=clock, hasher=PlainHasher())

    return start


@pytest.fixture
async def server(
    serve: Callable[..., contextlib.AbstractAsyncContextManager[Server]],
) -> AsyncIterator[Server]:
    async with serve() as running:
        yield running


class People:
    """Makes people: ``ann, bob = await people("ann", "bob")`` are verified, logged in and listening."""

    def __init__(self, server: Server, closing: contextlib.AsyncExitStack) -> None:
        self._server, self._closing = server, closing
        self._numbers = count()

    async def __call__(self, *handles: str) -> list[Client]:
        return [await self.verified(handle) for handle in handles]

    async def verified(self, handle: str) -> Client:
        client = await self.anonymous()
        await join_in(client, handle, PASSWORD, synthetic_person(next(self._numbers)))
        return client

    async def anonymous(self) -> Client:
        return await self._closing.enter_async_context(connect(self._server.url))

    async def device(self, handle: str, **options: Any) -> Client:
        """One more device of somebody who has an account."""
        opened = connect(self._server.url, handle=handle, password=PASSWORD, **options)
        return await self._closing.enter_async_context(opened)


@pytest.fixture
async def people(server: Server) -> AsyncIterator[People]:
    async with contextlib.AsyncExitStack() as closing:
        yield People(server, closing)


def services_required() -> bool:
    """Whether a missing PostgreSQL or NATS is a failure instead of a skip (CI says so)."""
    return os.environ.get("QUNZU_REQUIRE_SERVICES") == "1"
