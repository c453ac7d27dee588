"""Registering, logging in, changing the password: what a stranger may learn, and what a guesser may not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from server.main import Server
from tests.conftest import PASSWORD, config_for
from tests.fakes import FakeClock, PlainHasher
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import CLIENT, fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]


class WatchedHasher(PlainHasher):
    """Notes how often it was asked to compare."""

    def __init__(self) -> None:
        self.verified = 0

    async def verify(self, digest: str | None, password: str) -> bool:
        self.verified += 1
        return await super().verify(digest, password)


@pytest.mark.clause("CG-06.2")
async def test_a_handle_belongs_to_one_account_however_it_is_written(folk: Folk) -> None:
    """CG-06.2: the handle is free choice, but two people cannot wear the same one in different letters."""
    stranger = await folk.stranger()
    await folk.registers(stranger, "Ann")
    for taken in ("Ann", "ann", "ＡＮＮ"):
        refusal = await stranger.refused(
            "account.register",
            handle=taken,
            password=PASSWORD,
            client=CLIENT,
            agreement=await _agreement(folk),
        )
        assert (refusal.code, refusal.type) == (1409, "handle_taken")


async def test_registering_again_with_the_same_op_id_is_the_same_account(folk: Folk) -> None:
    """A lost answer costs nothing: the repeat returns the first result; other content is a mismatch."""
    stranger, op = await folk.stranger(), fresh_op()
    first = await folk.registers(stranger, "ann", client_op_id=op)
    again = await folk.registers(stranger, "ann", client_op_id=op)
    assert again.pop("replayed") is True
    assert again == first
    other = await stranger.refused(
        "account.register",
        handle="ann",
        password=PASSWORD,
        client=CLIENT,
        agreement=await _agreement(folk),
        consents=["phone"],
        client_op_id=op,
    )
    assert other.type == "idempotency_mismatch"


@pytest.mark.clause("INV-13")
async def test_an_unknown_handle_and_a_wrong_password_cannot_be_told_apart(
    tmp_path: Path, clock: FakeClock, gather: Gather
) -> None:
    """INV-13: same answer, and the same work: a password is compared in either case, exactly once."""
    hasher = WatchedHasher()
    async with Server(config_for(tmp_path), clock=clock, hasher=hasher) as server:
        folk = await gather(server)
        stranger = await folk.stranger()
        await folk.registers(stranger, "ann")
        answers, work = [], []
        for handle in ("ann", "nobody"):
            before = hasher.verified
            refusal = await stranger.refused(
                "session.open", handle=handle, password="wrong horse", client=CLIENT
            )
            answers.append((refusal.code, refusal.message, refusal.data))
            work.append(hasher.verified - before)
    assert answers[0] == answers[1]
    assert answers[0][2] == {"type": "bad_credentials", "retryable": False}
    assert work == [1, 1]


async def test_guessing_a_password_becomes_slow_whatever_the_address(
    serve: Serve, gather: Gather, clock: FakeClock
) -> None:
    """The bucket belongs to the handle: another connection does not help, waiting does."""
    slow = {"login": {"attempts_burst": 3, "attempts_per_minute": 6}}
    proxied = {"logs": {"trusted_proxies": ["127.0.0.0/8"]}}
    async with serve(policy={"profile": "test", "overrides": slow | proxied}) as server:
        folk = await gather(server)
        await folk.registers(await folk.stranger(), "ann")
        types = []
        for place in range(5):
            guesser = await folk.stranger({"X-Forwarded-For": f"203.0.113.{place}"})
            refusal = await guesser.refused(
                "session.open", handle="ann", password="wrong horse", client=CLIENT
            )
            types.append(refusal.type)
        assert types == ["bad_credentials"] * 3 + ["rate_limited"] * 2
        assert (refusal.code, refusal.data["retryable"]) == (1429, True)
        assert 0 < refusal.data["retry_after_ms"] <= 10_000
        clock.advance(milliseconds=refusal.data["retry_after_ms"])
        await guesser.open(handle="ann", password=PASSWORD)


async def test_the_new_password_counts_and_the_old_one_does_not(folk: Folk) -> None:
    """Changing the password logs other devices out at once, this one stays."""
    ann = await folk.unverified("ann")
    phone = await folk.device("ann")
    wrong = await ann.refused(
        "account.change_password", old_password="wrong horse", new_password="battery staple"
    )
    assert wrong.type == "bad_credentials"
    changed = await ann.call("account.change_password", old_password=PASSWORD, new_password="battery staple")
    assert changed["sessions_closed"] == 1
    assert await phone.ended() == 4502
    closed = await ann.event("session.closed")
    assert closed["data"] == {"session": phone.session, "reason": "password_changed"}
    old = await (await folk.stranger()).refused(
        "session.open", handle="ann", password=PASSWORD, client=CLIENT
    )
    assert old.type == "bad_credentials"
    await (await folk.stranger()).open(handle="ann", password="battery staple")


async def test_other_devices_may_stay_when_the_password_changes(folk: Folk) -> None:
    """It is the person's choice; the default is the safe one."""
    ann = await folk.unverified("ann")
    phone = await folk.device("ann")
    changed = await ann.call(
        "account.change_password",
        old_password=PASSWORD,
        new_password="battery staple",
        close_other_sessions=False,
    )
    assert changed["sessions_closed"] == 0
    await phone.event("account.password_changed")
    assert (await phone.call("session.list"))["current"] == phone.session


async def test_changing_the_password_twice_by_the_same_call_changes_it_once(folk: Folk) -> None:
    """The answer got lost, the call is repeated: the first result, not a complaint about the old password."""
    ann = await folk.unverified("ann")
    change = {"old_password": PASSWORD, "new_password": "battery staple", "client_op_id": fresh_op()}
    first = await ann.call("account.change_password", **change)
    again = await ann.call("account.change_password", **change)
    assert again == first | {"replayed": True}


async def test_a_password_and_a_token_appear_in_no_frame_but_the_one_that_hands_the_token_over(
    folk: Folk,
) -> None:
    """The token comes once, with the log-in; a list of sessions does not have it."""
    ann = await folk.unverified("ann")
    token = ann.opened["token"]
    await ann.call("session.list")
    await ann.call("account.get")
    back = await folk.again(ann, cursors={})
    told = [frame for frame in [*ann.frames, *back.frames] if token in frame]
    assert len(told) == 1
    assert not any(PASSWORD in frame for frame in [*ann.frames, *back.frames])


async def _agreement(folk: Folk) -> dict[str, str]:
    shown = await (await folk.stranger()).call("rules.show", document="agreement", locale="zh")
    return {"version": shown["version"], "locale": "zh", "sha256": shown["sha256"]}
