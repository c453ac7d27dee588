"""INV-01: who somebody is appears in no frame, no file, no log, no page; and the search for it can find."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.protocol.canary import Find, Trace, search, traces
from tests.protocol.story import person, phone, whole_story
from tests.protocol.subject import Subject, subject
from tests.protocol.tellers import WireTeller

MEMBERS = 5
# Offered and refused in the story: nothing of a refused identity may stay either.
STRANGER_NAME = "测试金丝雀"


@pytest.mark.slow
@pytest.mark.clause("INV-01", "INV-08", "CG-06.1")
async def test_nobodys_identity_occurs_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """INV-01: names, numbers, phones, and their plain hashes: in no frame, not on disk (running or stopped,
    the vault included), not in its log, its metrics, its pages, its errors."""
    wanted, places = _canaries(), {}
    tellers: list[WireTeller] = []
    async with subject(tmp_path) as running, contextlib.AsyncExitStack() as closing:

        async def meet() -> WireTeller:
            teller = await WireTeller.to(running.url)
            closing.push_async_callback(teller.aclose)
            tellers.append(teller)
            return teller

        ending = await whole_story(meet, MEMBERS)
        await _offer_refused_identities(await meet())
        for path in ("/", "/healthz", "/readyz", "/metrics", "/openrpc.json"):
            places[f"page {path}"] = await running.page(path)
        places |= {f"running: {name}": body for name, body in _files(running)}
        frames = [frame for teller in tellers for frame in teller.wire.frames]
        places |= {f"client {n}": "\n".join(one.wire.frames).encode() for n, one in enumerate(tellers)}
    places |= {f"stopped: {name}": body for name, body in _files(running)}
    places["log"] = running.log.read_bytes()

    assert any(name.endswith("vault.db") for name in places)
    assert any(name.endswith("front.db-wal") for name in places), "the write-ahead log was not looked at"
    assert _records_in_vault(running) == MEMBERS - 1, "somebody withdrew, everybody else is sealed in there"
    found = [find for name, body in places.items() for find in search(name, body, wanted)]
    assert found == []
    _assert_no_foreign_account(tellers)
    with capsys.disabled():
        size = sum(map(len, places.values()))
        print(
            f"\n  canary: {len(wanted)} traces of {3 * MEMBERS + 2} values in none of {len(places)} places "
            f"({size / 1e6:.1f} MB, {len(frames)} frames); the story had {ending}"
        )


@pytest.mark.parametrize("number", [0, 3])
def test_the_search_finds_what_is_planted(tmp_path: Path, number: int) -> None:
    """One that finds nothing is worth nothing: each shape is planted, in a database file too, and found."""
    wanted = _canaries()
    for trace in wanted[:: max(1, len(wanted) // 200)]:
        assert search("here", b"\x00before" + trace.needle + b"after", [trace]) == [Find("here", trace.what)]
    somebody = person(number)
    database = sqlite3.connect(tmp_path / "front.db")
    database.execute("create table slip (note text)")
    database.execute("insert into slip values (?)", (f"checked {somebody.number} today",))
    database.commit()
    database.close()
    assert search("file", (tmp_path / "front.db").read_bytes(), wanted) == [Find("file", "number (UTF-8)")]
    frame = json.dumps({"result": {"who": somebody.legal_name}}).encode()
    assert {find.what for find in search("frame", frame, wanted)} == {"name (JSON escapes)"}


def _canaries() -> list[Trace]:
    wanted = traces("name", STRANGER_NAME) + traces("number", _foreign(0))
    for number in range(MEMBERS):
        somebody = person(number)
        wanted += traces("name", somebody.legal_name)
        wanted += traces("number", somebody.number)
        wanted += traces("phone", phone(number))
    return wanted


def _foreign(number: int) -> str:
    """A number of another region: could be somebody's, and is refused for that."""
    return "9" * 6 + person(number).number[6:]


async def _offer_refused_identities(teller: WireTeller) -> None:
    """Wrong numbers, wrong shapes, and faults around them: an error must not say what it was about."""
    await teller.wire.open(handle="鸟1", password="correct horse")
    await teller.wire.call("identity.withdraw")
    good = person(1).number
    details = {"method": "resident_id", "legal_name": STRANGER_NAME}
    for number, extra in [
        (_foreign(0), {}),
        (good[:-1], {}),
        (good, {"phone": "13" + "0" * 9}),
        (good, {"document": "passport"}),
        (good, {"document": "no such thing"}),
        (good, {STRANGER_NAME: good}),
        (good * 3, {}),
    ]:
        refusal = await teller.wire.refused("identity.verify", **details, number=number, **extra)
        assert refusal.code in (1422, -32602)
    somebody = person(1)
    await teller.wire.call(
        "identity.verify", method="resident_id", legal_name=somebody.legal_name, number=somebody.number
    )


def _files(running: Subject) -> Iterator[tuple[str, bytes]]:
    for path in sorted(running.data.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(running.data)), path.read_bytes()


def _records_in_vault(running: Subject) -> int:
    with contextlib.closing(sqlite3.connect(running.data / "vault.db")) as vault:
        count: int = vault.execute("select count(*) from vault_record").fetchone()[0]
        return count


def _assert_no_foreign_account(tellers: list[WireTeller]) -> None:
    """INV-01: an account id is its owner's business: nobody else is ever sent it."""
    for teller in tellers:
        told = set(re.findall(r"A-[0-9A-Z]{16}", "\n".join(teller.wire.frames)))
        assert len(told) == 1, "a client was told of an account that is not its own"
