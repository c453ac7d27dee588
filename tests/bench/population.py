"""Who talks in the bench: verified members with open sessions, one hall for 200 of them, groups of five.

Made once per run by the real server in this process, over real sockets; only password hashing is left out,
because hashing is not what is measured. The server under test gets a copy of the data directory, and members
come in with their tokens.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client_tui.sdk import Client, connect
from client_tui.sdk.newcomer import join_in
from client_tui.sdk.synthetic import synthetic_person
from server.config import Config, Listen, Log, PolicyChoice
from server.main import Server
from server.wire.group_id import GroupId
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from tests.fakes import PlainHasher

PROFILE = "test"
CIRCLE = 5
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Population:
    directory: Path
    """The data directory to copy."""
    tokens: list[str]
    hall: GroupId
    """The first ``hall_size`` members are in it."""
    hall_size: int
    circles: list[GroupId]
    """Group ``i`` has the members ``5 i`` to ``5 i + 4``."""

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.directory, to))


async def populate(directory: Path, people: int, hall: int, progress: Callable[[int], None]) -> Population:
    """Register, verify and seat ``people``, a multiple of five."""
    config = Config(
        data_dir=directory,
        listen=Listen(port=0),
        policy=PolicyChoice(profile=PROFILE),
        log=Log(level="error"),
    )
    tokens: list[str] = []
    circles: list[GroupId] = []
    async with Server(config, hasher=PlainHasher()) as server, connect(server.url) as founder:
        await join_in(founder, "founder", "not a secret", synthetic_person(people))
        made = await founder.call(CREATE_GROUP, CreateGroupParams(name="hall", client_op_id="bench-hall"))
        seats = asyncio.Semaphore(_AT_ONCE // CIRCLE)

        async def seat(number: int) -> tuple[list[str], GroupId]:
            async with seats:
                found = await _circle(server.url, number, made.group.group, hall)
                progress(CIRCLE)
                return found

        for found, circle in await asyncio.gather(*(seat(number) for number in range(people // CIRCLE))):
            tokens += found
            circles.append(circle)
    return Population(directory, tokens, made.group.group, hall, circles)


async def _circle(url: str, number: int, hall: GroupId, hall_size: int) -> tuple[list[str], GroupId]:
    """Five people, the first of whom founds a group that the others join."""
    tokens, circle = [], None
    for who in range(number * CIRCLE, (number + 1) * CIRCLE):
        async with connect(url) as client:
            await join_in(client, f"member {who}", "not a secret", synthetic_person(who))
            assert client.token is not None
            tokens.append(client.token)
            if circle is None:
                founded = await client.call(
                    CREATE_GROUP, CreateGroupParams(name=f"circle {number}", client_op_id="bench-circle")
                )
                circle = founded.group.group
            else:
                await _join(client, circle, "bench-circle")
            if who < hall_size:
                await _join(client, hall, "bench-hall")
    assert circle is not None
    return tokens, circle


async def _join(client: Client, group: GroupId, op_id: str) -> None:
    await client.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=op_id))
