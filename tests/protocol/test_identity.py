"""Backstage real name: verified, refused, counted, withdrawn; and what of it anybody ever sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from server.main import Server
from tests.fakes import FakeClock
from tests.protocol.conftest import Folk
from tests.protocol.wire import Json, Refusal, Wire, fresh_op

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.mark.clause("CG-06.1")
async def test_what_is_known_of_an_identity_is_that_how_and_when(folk: Folk) -> None:
    """CG-06.1: outside the vault there are a method, a level and a time; the answer holds nothing else."""
    ann = await folk.unverified("ann")
    person = folk.person()
    told = await folk.verifies(ann, legal_name=person.legal_name, number=person.number)
    assert told["verification"].keys() == {"method", "level", "at"}
    event = await ann.event("account.verified")
    assert event["data"] == {"verification": told["verification"]}
    assert (await ann.call("account.get"))["account"]["verification"] == told["verification"]
    assert not any(person.number in frame or person.legal_name in frame for frame in ann.frames)


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize(
    ("document", "number"),
    [
        ("hk_macao_permit", "H00000012"),
        ("taiwan_permit", "00000012"),
        ("foreign_pr_card", "ABC000000123456"),
        ("passport", "E00000012"),
    ],
)
async def test_other_documents_give_the_same_rights(folk: Folk, document: str, number: str) -> None:
    """CG-06.1: whichever document somebody has, they may do what everybody may."""
    ann = await folk.unverified("ann")
    told = await folk.verifies(ann, method="other_document", document=document, number=number)
    assert told["verification"]["method"] == "other_document"
    await ann.says(await ann.founds(), "here I am")


@pytest.mark.clause("CG-06.1", "INV-08")
async def test_a_number_that_could_be_somebodys_is_refused_and_kept_nowhere(
    folk: Folk, tmp_path: Path
) -> None:
    """CG-06.1: only numbers that can belong to nobody; no answer repeats one, and no file has it."""
    ann, name = await folk.unverified("ann"), "测试拒"
    synthetic = folk.person().number
    # Another region, and every check character there is: one of the eleven fits.
    others = ["9" * 6 + synthetic[6:17] + last for last in "0123456789X"]
    for number in others:
        refusal = await _refused(folk, ann, legal_name=name, number=number)
        assert (refusal.code, refusal.type, refusal.clause) == (1422, "real_id_refused", "CG-06.1")
    _assert_nowhere([*others, name], ann, tmp_path)


@pytest.mark.clause("CG-06.1", "INV-08")
@pytest.mark.parametrize("fault", ["check", "short", "month", "future", "letters"])
async def test_a_number_that_does_not_check_out_is_refused_and_kept_nowhere(
    folk: Folk, tmp_path: Path, fault: str
) -> None:
    """CG-06.1: malformed, mistyped, or of a day that never was: refused with a reason, and forgotten."""
    ann, name, good = await folk.unverified("ann"), "测试错", folk.person().number
    number = {
        "check": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "short": good[:-1],
        "month": good[:10] + "13" + good[12:],
        "future": "000000209912310018",
        "letters": "000000ABCDEFGHIJKL",
    }[fault]
    refusal = await _refused(folk, ann, legal_name=name, number=number)
    assert (refusal.code, refusal.type, refusal.clause) == (1422, "id_invalid", "CG-06.1")
    assert refusal.data["reason"]
    _assert_nowhere([number, name], ann, tmp_path)


@pytest.mark.clause("CG-06.1")
async def test_three_failures_bring_a_pause_and_time_ends_it(folk: Folk, clock: FakeClock) -> None:
    """CG-06.1: a pause of thirty minutes, never a ban; everything else goes on meanwhile."""
    ann = await folk.unverified("ann")
    mismatch = {"legal_name": "测试不符"}
    for _ in range(3):
        assert (await _refused(folk, ann, **mismatch)).data["type"] == "id_invalid"
    refusal = await _refused(folk, ann)
    assert (refusal.type, refusal.clause) == ("identity_cooldown", "CG-06.1")
    assert refusal.data["until"] == "2026-03-02T08:30:00.000Z"
    assert (await ann.call("account.get"))["account"]["verification"] is None
    clock.advance(minutes=29, seconds=59)
    assert (await _refused(folk, ann)).type == "identity_cooldown"
    clock.advance(seconds=1)
    await folk.verifies(ann)


@pytest.mark.clause("CG-06.1")
async def test_failures_count_even_when_two_devices_try_at_once(folk: Folk) -> None:
    """CG-06.1: ten tries in parallel are ten tries, not one."""
    ann = await folk.unverified("ann")
    devices = [ann, *[await folk.device("ann") for _ in range(9)]]
    refusals = await asyncio.gather(*(_refused(folk, one, legal_name="测试不符") for one in devices))
    assert sorted(refusal.type for refusal in refusals) == ["id_invalid"] * 3 + ["identity_cooldown"] * 7


@pytest.mark.clause("CG-06.1")
async def test_one_identity_backs_two_accounts_and_no_third(folk: Folk) -> None:
    """CG-06.1: room for a second pseudonym; the third is refused until one of the two lets go."""
    person = folk.person()
    same = {"legal_name": person.legal_name, "number": person.number}
    ann, bob, cyn = [await folk.unverified(handle) for handle in ("ann", "bob", "cyn")]
    await folk.verifies(ann, **same)
    await folk.verifies(bob, **same)
    refusal = await _refused(folk, cyn, **same)
    assert (refusal.code, refusal.type, refusal.clause) == (1422, "identity_cap", "CG-06.1")
    assert refusal.data["limit"] == 2
    assert "ann" not in str(refusal.data)
    await ann.call("identity.withdraw")
    await folk.verifies(cyn, **same)


@pytest.mark.clause("CG-06.1")
async def test_the_cap_holds_when_three_accounts_try_at_the_same_moment(folk: Folk) -> None:
    """CG-06.1: the count is made where the record is written."""
    person = folk.person()
    same = {"method": "resident_id", "legal_name": person.legal_name, "number": person.number}
    wires = [await folk.unverified(f"p{number}") for number in range(8)]
    ids = [await wire.post("identity.verify", **same) for wire in wires]
    answers = [await wire.answer(id_) for wire, id_ in zip(wires, ids, strict=True)]
    assert sum("result" in answer for answer in answers) == 2


@pytest.mark.clause("CG-06.1")
async def test_a_lost_answer_costs_no_second_identity(folk: Folk) -> None:
    """CG-06.1: the same call again is the same result; a new call says that it is done already."""
    ann = await folk.unverified("ann")
    person, op = folk.person(), fresh_op()
    details = {"legal_name": person.legal_name, "number": person.number}
    first = await folk.verifies(ann, **details, client_op_id=op)
    again = await folk.verifies(ann, **details, client_op_id=op)
    assert again == first | {"replayed": True}
    assert (await _refused(folk, ann, **details)).type == "already_verified"
    assert len(ann.heard("account.verified")) == 1


@pytest.mark.clause("CG-06.3")
async def test_without_an_identity_one_publishes_nothing(folk: Folk) -> None:
    """CG-06.3: founding, joining, posting and naming oneself are refused, with the way to go on."""
    ann = (await folk("ann"))[0]
    group = await ann.founds(discoverable=True)
    bob = await folk.unverified("bob")
    for verb, params in {
        "group.create": {"name": "go"},
        "group.join": {"group": group},
        "message.send": {"group": group, "text": "hello"},
        "group.set_nickname": {"group": group, "nickname": "b"},
        "message.typing": {"group": group},
    }.items():
        refusal = await bob.refused(verb, **params)
        assert (refusal.code, refusal.type, refusal.clause) == (1403, "identity_required", "CG-06.3"), verb
        assert refusal.data["next"] == "identity.verify"


@pytest.mark.clause("CG-06.3")
async def test_withdrawing_on_one_device_stops_the_other_one_within_a_second(folk: Folk) -> None:
    """CG-06.3: the live connection of another device is told and may publish nothing more."""
    (ann,) = await folk("ann")
    phone = await folk.device("ann")
    group = await ann.founds()
    await phone.says(group, "still me")
    began = time.monotonic()
    withdrawn = await ann.call("identity.withdraw")
    refusal = await phone.refused("message.send", group=group, text="and now")
    assert time.monotonic() - began < 1
    assert refusal.type == "identity_required"
    event = await phone.event("account.verification_withdrawn")
    assert (event["seq"], event["cause"]) == (withdrawn["event_seq"], "CG-06.3")
    await folk.verifies(phone)
    await ann.says(group, "back again")


@pytest.mark.clause("INV-10", "CG-06.3")
async def test_without_an_identity_rules_own_data_and_the_way_out_stay_open(folk: Folk) -> None:
    """INV-10: closed is publishing; open are one's own data, one's devices, leaving, and coming back."""
    ann, bob = await folk("ann", "bob")
    group = await ann.founds()
    await bob.joins(group)
    await bob.call("identity.withdraw")
    await bob.call("rules.show")
    own = await bob.call("account.get")
    assert [place["group"] for place in own["memberships"]] == [group]
    assert [place["group"]["group"] for place in (await bob.call("group.list"))["groups"]] == [group]
    await bob.call("account.agreement")
    await bob.call("session.list")
    await bob.call("account.set_handle", handle="rob")
    await bob.call("group.leave", group=group)
    await folk.verifies(bob)


@pytest.mark.clause("CG-06.4")
async def test_withdrawing_destroys_the_record_and_a_late_repeat_destroys_no_later_one(
    folk: Folk, server: Server
) -> None:
    """CG-06.4: what one took back is gone. The repeat of an old call does not touch what was given since."""
    ann = await folk.unverified("ann")
    person, op = folk.person(), fresh_op()
    same = {"legal_name": person.legal_name, "number": person.number}
    await folk.verifies(ann, **same)
    await ann.call("identity.withdraw", client_op_id=op)
    await folk.verifies(ann, **same)
    assert (await ann.call("identity.withdraw", client_op_id=op))["replayed"] is True
    # The record is there: it still counts against the cap, and the handle is still compared with it.
    refusal = await ann.refused("account.set_handle", handle=person.legal_name)
    assert refusal.type == "name_confirm"


async def _refused(folk: Folk, wire: Wire, **params: str) -> Refusal:
    person = folk.person()
    wanted: Json = {"method": "resident_id", "legal_name": person.legal_name, "number": person.number}
    return await wire.refused("identity.verify", **(wanted | params))


def _assert_nowhere(words: list[str], wire: Wire, directory: Path) -> None:
    """Neither in a frame nor in a file: databases, their logs, keys."""
    kept = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    for word in words:
        assert not any(word in frame for frame in wire.frames)
        assert word.encode() not in kept
