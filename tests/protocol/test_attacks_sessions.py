"""Attacks on logging in and coming back: many addresses at once, and a server that cannot read just then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from server.main import Server
from server.services import sessions
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import CLIENT

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.mark.parametrize(
    ("addresses", "refused"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3"], True),
        (["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"], False),
        (["203.0.113.1", "203.0.113.2", "203.0.113.3"], False),
        (["203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1"], True),
    ],
)
async def test_many_addresses_of_one_network_are_one_caller(
    serve: Serve, gather: Gather, addresses: list[str], refused: bool
) -> None:
    """Anybody with IPv6 has more addresses than there are buckets: the network counts, not the address."""
    overrides = {
        "rates": {"anonymous": {"burst": 2, "per_minute": 1}},
        "logs": {"trusted_proxies": ["127.0.0.0/8"]},
    }
    async with serve(policy={"profile": "test", "overrides": overrides}) as server:
        folk = await gather(server)
        answers = []
        for address in addresses:
            wire = await folk.stranger({"X-Forwarded-For": address})
            answers.append(await wire.exchange({"jsonrpc": "2.0", "id": 1, "method": "server.about"}))
        assert [("error" in answer) for answer in answers] == [False, False, refused]


async def test_who_cannot_be_told_what_they_missed_is_sent_back_to_try_again(
    folk: Folk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a log-in, hearing nothing and refused everything for ever, is no state to leave anybody in."""
    ann = await folk.unverified("ann")

    async def fails(*_: Any) -> AsyncIterator[Any]:
        nothing: tuple[Any, ...] = ()  # a generator, as `missed` is, without anything to give
        for part in nothing:
            yield part
        raise TimeoutError("no reader was free")

    back = await folk.stranger()
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "missed", fails)
        await back.post("session.open", token=ann.opened["token"], client=CLIENT, cursors={})
        assert await back.ended() == 1011
    again = await folk.again(ann, cursors={})
    assert (await again.call("account.get"))["account"]["handle"] == "ann"
