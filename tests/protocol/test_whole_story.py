"""The whole story with twenty members, against a server process: by our SDK and by somebody else's."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.protocol.conftest import two_databases
from tests.protocol.story import MEMBERS, Ending, whole_story
from tests.protocol.subject import Subject, subject
from tests.protocol.tellers import SdkTeller, ThirdPartyTeller

AnyTeller: TypeAlias = type[SdkTeller] | type[ThirdPartyTeller]


@pytest.mark.slow
@pytest.mark.parametrize("client", [SdkTeller, ThirdPartyTeller], ids=["sdk", "third-party"])
async def test_twenty_people_go_the_whole_way(
    tmp_path: Path, client: AnyTeller, capsys: pytest.CaptureFixture[str]
) -> None:
    """With real time and real password hashing; the clients know nothing but the protocol."""
    async with subject(tmp_path) as running:
        ending = await _told_by(client, running)
    with capsys.disabled():
        print(f"\n  story on sqlite by {client.__name__}: {ending}")


@pytest.mark.slow
@pytest.mark.postgres
async def test_five_people_go_the_whole_way_on_postgresql(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same with PostgreSQL for the front stage and for the vault: not one database file appears."""
    async with two_databases() as sections:
        urls = {f"QUNZU_{part.upper()}__URL": sections[part]["url"] for part in sections}
        async with subject(tmp_path, **urls) as running:
            ending = await _told_by(SdkTeller, running, members=5)
    assert _database_files(tmp_path) == []
    with capsys.disabled():
        print(f"\n  story on postgresql by {SdkTeller.__name__}: {ending}")


async def _told_by(client: AnyTeller, running: Subject, members: int = MEMBERS) -> Ending:
    async with contextlib.AsyncExitStack() as closing:

        async def meet() -> SdkTeller | ThirdPartyTeller:
            teller = await client.to(running.url)
            closing.push_async_callback(teller.aclose)
            return teller

        ending = await whole_story(meet, members)
        assert json.loads(await running.page("/readyz"))["ready"] is True
        counted = re.search(rb"qunzu_calls_total (\d+)", await running.page("/metrics"))
        # The SDK makes calls of its own: it fetches the state of a group that was joined in mid-life.
        assert counted is not None
        assert int(counted[1]) >= ending.calls
    return ending


def _database_files(directory: Path) -> list[Path]:
    return list(directory.rglob("*.db"))
