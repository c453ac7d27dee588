"""What black-box tests stand on: people on raw sockets, and a PostgreSQL where one answers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from client_tui.sdk import SyntheticPerson, synthetic_person
from server.main import Server
from tests.conftest import PASSWORD, services_required
from tests.protocol.wire import CLIENT, Json, Wire


class Folk:
    """Makes people: ``ann, bob = await folk("ann", "bob")`` are verified, logged in and listening."""

    def __init__(self, url: str, closing: contextlib.AsyncExitStack) -> None:
        self.url, self._closing = url, closing
        self._numbers = count(1)
        self._persons: dict[str, SyntheticPerson] = {}

    async def __call__(self, *handles: str) -> list[Wire]:
        return [await self.verified(handle) for handle in handles]

    async def stranger(self, headers: dict[str, str] | None = None) -> Wire:
        """Somebody who is connected and no more."""
        wire = await Wire.to(self.url, headers)
        self._closing.push_async_callback(wire.aclose)
        return wire

    async def registers(self, wire: Wire, handle: str, **params: Any) -> Json:
        shown = await wire.call("rules.show", document="agreement", locale="zh")
        accepted = {"version": shown["version"], "locale": "zh", "sha256": shown["sha256"]}
        wanted = {"handle": handle, "password": PASSWORD, "agreement": accepted, "client": CLIENT}
        return await wire.call("account.register", **(wanted | params))

    async def unverified(self, handle: str, **params: Any) -> Wire:
        """Somebody with an account, logged in, without an identity."""
        wire = await self.stranger()
        await self.registers(wire, handle, **params)
        await wire.open(handle=handle, password=PASSWORD)
        return wire

    async def verified(self, handle: str) -> Wire:
        wire = await self.unverified(handle)
        await self.verifies(wire)
        return wire

    async def verifies(self, wire: Wire, **params: Any) -> Json:
        """Verify with an identity that nobody else here has."""
        person = self.person()
        wanted = {"method": "resident_id", "legal_name": person.legal_name, "number": person.number}
        return await wire.call("identity.verify", **(wanted | params))

    def person(self) -> SyntheticPerson:
        return synthetic_person(next(self._numbers), "zh")

    async def device(self, handle: str, **params: Any) -> Wire:
        """One more device of somebody who has an account."""
        wire = await self.stranger()
        await wire.open(handle=handle, password=PASSWORD, **params)
        return wire

    async def again(self, wire: Wire, **params: Any) -> Wire:
        """The same session on another connection; ``cursors`` as given."""
        back = await self.stranger()
        await back.open(token=wire.opened["token"], **params)
        back.opened["token"] = wire.opened["token"]
        return back


Gather = Callable[[Server], Awaitable[Folk]]


@pytest.fixture
async def gather() -> AsyncIterator[Gather]:
    """``folk = await gather(server)``, for tests that start their own server."""
    async with contextlib.AsyncExitStack() as closing:

        async def around(server: Server) -> Folk:
            return Folk(server.url, closing)

        yield around


@pytest.fixture
async def folk(server: Server, gather: Gather) -> Folk:
    return await gather(server)


# --- PostgreSQL ---------------------------------------------------------------------------------------

_databases = count(1)
_POSTGRES = "postgresql+asyncpg://qunzu_ci:qunzu_ci@127.0.0.1:5432/qunzu_ci"


@contextlib.asynccontextmanager
async def two_databases() -> AsyncIterator[dict[str, Any]]:
    """The sections of a configuration on two empty PostgreSQL databases, which are gone afterwards."""
    url = os.environ.get("QUNZU_TEST_POSTGRES", _POSTGRES)
    root = create_async_engine(url, isolation_level="AUTOCOMMIT")
    names = [f"qunzu_protocol_{os.getpid()}_{next(_databases)}" for _ in range(2)]
    try:
        async with root.connect() as connection:
            for name in names:
                await connection.execute(text(f'create database "{name}"'))
    except (OSError, DBAPIError) as error:
        if services_required():
            pytest.fail(f"no PostgreSQL answers, and QUNZU_REQUIRE_SERVICES=1: {error}")
        pytest.skip(f"no PostgreSQL answers: set QUNZU_TEST_POSTGRES ({type(error).__name__})")
    front, vault = (f"{url.rpartition('/')[0]}/{name}" for name in names)
    yield {"database": {"url": front}, "vault": {"url": vault}}
    async with root.connect() as connection:
        for name in names:
            await connection.execute(text(f'drop database if exists "{name}" with (force)'))
    await root.dispose()
