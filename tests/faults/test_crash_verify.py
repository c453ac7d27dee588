"""A crash around the vault: an identity is either verified and sealed, or trying again makes it so."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sqlite3
from pathlib import Path

import pytest

from client_tui.sdk import Client, ConnectionLost, RetryPolicy, connect, synthetic_person
from server.wire.verbs.account import REGISTER, AgreementAcceptance, RegisterParams
from server.wire.verbs.group import CREATE_GROUP, CreateGroupParams
from server.wire.verbs.identity import VERIFY, VerifyParams
from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams
from tests.conftest import PASSWORD
from tests.faults.process import PreloadedServer, ServerProcess

pytestmark = [pytest.mark.crash, pytest.mark.slow]


@pytest.mark.clause("CG-06.1")
async def test_a_crash_between_vault_and_front_stage_is_completed_by_trying_again(tmp_path: Path) -> None:
    """The server dies at the worst instant: the vault has the record, the account knows nothing of it."""
    ann = await _registered(tmp_path, "ann")
    async with ServerProcess(tmp_path, program=("-m", "tests.faults.dies_while_verifying")) as dying:
        with pytest.raises(ConnectionLost):
            async with connect(
                dying.url, handle="ann", password=PASSWORD, retry=RetryPolicy(attempts=0)
            ) as client:
                await client.call(VERIFY, ann)
        assert await dying.ended() == -signal.SIGKILL
    assert _verified_and_sealed(dying.data_dir) == (0, 1)
    async with (
        ServerProcess(tmp_path) as server,
        connect(server.url, handle="ann", password=PASSWORD) as client,
    ):
        answer = await client.call_detailed(VERIFY, ann)
        assert not answer.replayed
        again = await client.call_detailed(VERIFY, ann)
        assert (again.result, again.replayed) == (answer.result, True)
        await client.call(CREATE_GROUP, CreateGroupParams(name="now allowed", client_op_id=client.op_id()))
    assert _verified_and_sealed(server.data_dir) == (1, 1)


@pytest.mark.clause("CG-06.1")
async def test_killed_while_people_verify_nobody_is_verified_without_a_sealed_identity(
    tmp_path: Path,
) -> None:
    draws, people, finished = random.Random(7), 12, 0
    async with PreloadedServer(tmp_path) as server:
        waiting: dict[str, VerifyParams] = {}
        tokens: dict[str, str | None] = {}
        for number in range(people):
            async with connect(server.url) as client:
                handle = f"p{number}"
                waiting[handle] = await _register(client, handle, number)
                await client.open(handle=handle, password=PASSWORD)
                tokens[handle] = client.token
        rounds = 0
        while waiting:
            rounds += 1
            async with contextlib.AsyncExitStack() as closing:
                clients = {
                    handle: await closing.enter_async_context(
                        connect(server.url, token=tokens[handle], retry=RetryPolicy(attempts=0))
                    )
                    for handle in waiting
                }
                calls = {
                    handle: asyncio.create_task(client.call_detailed(VERIFY, waiting[handle]))
                    for handle, client in clients.items()
                }
                enough = draws.randint(1, max(1, len(calls) // 2))
                for _, call in zip(range(enough), asyncio.as_completed(calls.values()), strict=False):
                    await call
                for _ in range(draws.randint(0, 10)):
                    await asyncio.sleep(0)
                await server.kill()
                ends = await asyncio.gather(*calls.values(), return_exceptions=True)
            for handle, end in zip(calls, ends, strict=True):
                if not isinstance(end, BaseException):
                    finished += 1
                    del waiting[handle]
            verified, sealed = _verified_and_sealed(server.data_dir)
            assert finished <= verified <= sealed <= people
            await server.start()
    assert _verified_and_sealed(server.data_dir) == (people, people)
    print(f"\nverify: {people} people, {rounds} kills, every one of them verified once and sealed once")


def _verified_and_sealed(data_dir: Path) -> tuple[int, int]:
    """How many accounts know of an identity, and how many identities the vault has."""
    counts = []
    for name, query in (
        ("front.db", "select count(*) from account where verified_at is not null"),
        ("vault.db", "select count(*) from vault_record"),
    ):
        with contextlib.closing(sqlite3.connect(data_dir / name)) as sql:
            counts.append(sql.execute(query).fetchone()[0])
    return counts[0], counts[1]


async def _registered(directory: Path, handle: str) -> VerifyParams:
    async with ServerProcess(directory) as server, connect(server.url) as client:
        return await _register(client, handle, 1)


async def _register(client: Client, handle: str, number: int) -> VerifyParams:
    """An account without an identity; returns how it will verify one."""
    shown = await client.call(SHOW_RULES, ShowRulesParams(document="agreement", locale="en"))
    agreement = AgreementAcceptance(version=shown.version, locale="en", sha256=shown.sha256)
    await client.call(
        REGISTER,
        RegisterParams(
            handle=handle,
            password=PASSWORD,
            agreement=agreement,
            client=client.client_class,
            client_op_id=client.op_id(),
        ),
    )
    person = synthetic_person(number)
    return VerifyParams(
        method="resident_id",
        legal_name=person.legal_name,
        number=person.number,
        client_op_id=f"verify-{handle}",
    )
