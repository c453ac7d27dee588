"""Attacks on an account from outside and from a stolen device: what must not be learned, and not be done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from server.main import Server
from tests.conftest import PASSWORD, config_for
from tests.fakes import FakeClock, PlainHasher
from tests.protocol.conftest import Folk, Gather
from tests.protocol.wire import CLIENT, Refusal

Serve = Callable[..., AbstractAsyncContextManager[Server]]


class SlowHasher(PlainHasher):
    """Holds the next hash or check until it is let go: the moment in which another device can act."""

    def __init__(self) -> None:
        self._held: str | None = None
        self._holds = asyncio.Event()
        self._go = asyncio.Event()

    def hold(self, what: str) -> None:
        self._held = what

    async def holds_one(self) -> None:
        await asyncio.wait_for(self._holds.wait(), 10)

    def let_go(self) -> None:
        self._go.set()

    async def hash(self, password: str) -> str:
        digest = await super().hash(password)
        await self._wait("hash")
        return digest

    async def verify(self, digest: str | None, password: str) -> bool:
        fits = await super().verify(digest, password)
        await self._wait("verify")
        return fits

    async def _wait(self, what: str) -> None:
        if what == self._held:
            self._held = None
            self._holds.set()
            await self._go.wait()


@pytest.mark.clause("CG-06.4")
async def test_a_device_revoked_in_the_middle_of_a_call_changes_nothing(
    tmp_path: Path, clock: FakeClock, gather: Gather
) -> None:
    """CG-06.4: logged out is logged out, also for a call that was waiting for its hash at that moment."""
    hasher = SlowHasher()
    async with Server(config_for(tmp_path), clock=clock, hasher=hasher) as server:
        folk = await gather(server)
        ann = await folk.unverified("ann")
        stolen = await folk.device("ann")
        hasher.hold("hash")
        await stolen.post("account.change_password", old_password=PASSWORD, new_password="taken over")
        await hasher.holds_one()
        await ann.call("session.revoke", session=stolen.session)
        hasher.let_go()
        assert await stolen.ended() == 4502
        await ann.settled()
        again = await folk.device("ann")
        assert again.opened["account"]["handle"] == "ann"
        assert not ann.heard("account.password_changed")


@pytest.mark.clause("CG-06.4")
async def test_an_old_password_opens_nothing_once_it_was_changed(
    tmp_path: Path, clock: FakeClock, gather: Gather
) -> None:
    """CG-06.4: a log-in that was being checked while the password changed does not outlive the change."""
    hasher = SlowHasher()
    async with Server(config_for(tmp_path), clock=clock, hasher=hasher) as server:
        folk = await gather(server)
        ann, eve = await folk.unverified("ann"), await folk.stranger()
        hasher.hold("verify")
        id_ = await eve.post("session.open", handle="ann", password=PASSWORD, client=CLIENT)
        await hasher.holds_one()
        await ann.call("account.change_password", old_password=PASSWORD, new_password="a new password")
        hasher.let_go()
        answer = await eve.answer(id_)
        assert answer.get("error", {}).get("data", {}).get("type") == "bad_credentials"
        assert len((await ann.call("session.list"))["sessions"]) == 1


@pytest.mark.clause("INV-01", "INV-13")
async def test_a_registration_is_not_repeated_to_somebody_else(folk: Folk) -> None:
    """INV-01: who guesses the op id of a registration is told what everybody is told, and no account id."""
    ann = await folk.unverified("ann", client_op_id="op-guessed")
    eve = await folk.stranger()
    with pytest.raises(Refusal) as guessed:
        await folk.registers(eve, "ann", client_op_id="op-guessed", password="not the password")
    with pytest.raises(Refusal) as plain:
        await folk.registers(eve, "ann", client_op_id="op-of-eve", password="not the password")
    assert guessed.value.data == plain.value.data
    assert guessed.value.type == "handle_taken"
    assert not any(ann.account in frame for frame in eve.frames)


async def test_a_registration_is_repeated_to_whoever_knows_its_password(folk: Folk) -> None:
    wire = await folk.stranger()
    first = await folk.registers(wire, "ann", client_op_id="op-retried")
    again = await folk.registers(await folk.stranger(), "ann", client_op_id="op-retried")
    assert again == first | {"replayed": True}


@pytest.mark.clause("CG-06.2", "INV-01")
async def test_a_stolen_device_cannot_ask_the_vault_for_the_legal_name(folk: Folk) -> None:
    """INV-01: every handle that is not close to the legal name costs one of the few changes; when they are
    spent there are no answers, so the name cannot be spelt out guess by guess."""
    ann = await folk.unverified("ann")
    await folk.verifies(ann, legal_name="Synthetic Person Zhao")
    await ann.call("account.set_handle", handle="kite")
    await ann.call("account.set_handle", handle="kite two")
    hit = await ann.refused("account.set_handle", handle="Person Zhao")
    miss = await ann.refused("account.set_handle", handle="Person Wang")
    assert hit.data == miss.data
    assert hit.type == "handle_changes"


@pytest.mark.clause("CG-06.2", "INV-01")
async def test_guesses_at_a_legal_name_in_parallel_are_guesses_one_by_one(folk: Folk) -> None:
    """INV-01: the count is made where the vault is asked."""
    ann = await folk.unverified("ann")
    await folk.verifies(ann, legal_name="Synthetic Person Zhao")
    devices = [ann, *[await folk.device("ann") for _ in range(5)]]
    ids = [
        await device.post("account.set_handle", handle=f"nobody {number}")
        for number, device in enumerate(devices)
    ]
    answers = [await device.answer(id_) for device, id_ in zip(devices, ids, strict=True)]
    assert sum("result" in answer for answer in answers) == 2
    assert (await ann.refused("account.set_handle", handle="Person Zhao")).type == "handle_changes"


async def test_a_handle_change_sent_again_gets_its_first_answer(folk: Folk) -> None:
    ann = await folk.unverified("ann")
    first = [
        await ann.call("account.set_handle", handle=f"kite {n}", client_op_id=f"op-kite-{n}") for n in (1, 2)
    ]
    again = await ann.call("account.set_handle", handle="kite 2", client_op_id="op-kite-2")
    assert again == first[1] | {"replayed": True}


@pytest.mark.clause("CG-06.1")
async def test_withdrawing_nothing_does_not_end_the_pause(folk: Folk) -> None:
    """CG-06.1: three failures bring a pause; taking back an identity one has not is no way round it."""
    ann = await folk.unverified("ann")
    for _ in range(3):
        with pytest.raises(Refusal):
            await folk.verifies(ann, legal_name="测试不符")
    await ann.call("identity.withdraw")
    with pytest.raises(Refusal) as refused:
        await folk.verifies(ann)
    assert refused.value.type == "identity_cooldown"


@pytest.mark.clause("CG-06.1", "CG-06.4")
async def test_an_identity_that_was_refused_at_the_last_step_is_not_kept(folk: Folk) -> None:
    """CG-06.4: told no means nothing was kept: it backs no account and takes nobody's place."""
    person = folk.person()
    same = {"legal_name": person.legal_name, "number": person.number}
    for handle in ("ann", "bob"):
        wire = await folk.unverified(handle)
        shown = await wire.call("rules.show", document="agreement", locale="zh")
        accepted = {"version": shown["version"], "locale": "zh", "sha256": shown["sha256"]}
        await wire.call("account.accept_agreement", agreement=accepted, client_op_id="op-used-before")
        with pytest.raises(Refusal) as refused:
            await folk.verifies(wire, client_op_id="op-used-before", **same)
        assert refused.value.type == "idempotency_mismatch"
    cyn = await folk.unverified("cyn")
    assert (await folk.verifies(cyn, **same))["verification"]["level"] == "strong"


@pytest.mark.clause("CG-06.2")
@pytest.mark.parametrize("unseen", ["\u2065", "\ufff0", "\U000e0002", "\U000e0fff"])
async def test_a_handle_cannot_be_doubled_by_a_character_that_shows_nothing(folk: Folk, unseen: str) -> None:
    """CG-06.2: code points that are drawn as nothing do not make another name of a name."""
    await folk.unverified("ann")
    eve = await folk.stranger()
    with pytest.raises(Refusal) as refused:
        await folk.registers(eve, f"an{unseen}n")
    assert refused.value.type in ("handle_taken", "invalid_params")
