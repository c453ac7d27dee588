"""The vault: an identity goes in, yes or no comes out, and destroying it destroys it."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, RowMapping, select, text, update

from server.storage.database import Database, SqliteDatabase, open_database
from server.storage.schema import migrate
from server.storage.vault.keys import MasterKeys, create_keys
from server.storage.vault.sealing import SealBroken
from server.storage.vault.tables import key_check, vault_record
from server.storage.vault.vault import Identity, IdentityCap, Vault, WrongKey
from server.wire.vocabulary import AccountId
from tests.fakes import FakeClock
from tests.storage.chance import CountingSecrets

ANN, BOB, EVE = AccountId("A-ANN"), AccountId("A-BOB"), AccountId("A-EVE")
JIA = Identity("resident_id", "测试甲", "000000199001010018", "10000001234", "adult")
YI = Identity("resident_id", "测试乙", "000000200002290010", None, "adult")

Safe = tuple[Vault, Database, Path]
"""A vault, its database, and the directory in which the file lies."""


@pytest.fixture
def keys(tmp_path: Path) -> MasterKeys:
    return create_keys(tmp_path / "keys" / "vault.key", CountingSecrets("keys"))


@pytest.fixture
async def vault(backstage: Database, keys: MasterKeys, clock: FakeClock) -> Vault:
    made = Vault(backstage, keys, CountingSecrets("data"), clock)
    await made.check_key()
    return made


@pytest.fixture
async def safe(tmp_path: Path, keys: MasterKeys, clock: FakeClock) -> AsyncIterator[Safe]:
    """A vault on SQLite, whose file can be looked into."""
    (tmp_path / "safe").mkdir()
    path = tmp_path / "safe" / "vault.db"
    database = open_database(f"sqlite:///{path}")
    await migrate(database, "vault")
    made = Vault(database, keys, CountingSecrets("data"), clock)
    await made.check_key()
    yield made, database, path.parent
    await database.close()


async def record(database: Database, account: AccountId) -> RowMapping | None:
    query = select(vault_record).where(vault_record.c.account == account)
    return await database.read(lambda sql: sql.execute(query).mappings().one_or_none())


async def overwrite(database: Database, account: AccountId, **values: Any) -> None:
    await database.transact(
        lambda sql: sql.execute(update(vault_record).where(vault_record.c.account == account).values(values))
    )


def bytes_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.iterdir()))


def checkpoint(database: Database) -> None:
    assert isinstance(database, SqliteDatabase)
    connection: Connection = database._connection
    connection.connection.cursor().execute("pragma wal_checkpoint(truncate)")


# --- in, and yes or no ---------------------------------------------------------------------------------


@pytest.mark.clause("CG-06.2")
async def test_the_vault_says_whether_a_handle_gives_the_name_away(vault: Vault) -> None:
    """CG-06.2: the person is warned; the name itself does not come out."""
    await vault.enrol(ANN, JIA, "sandbox", 2)
    assert await vault.name_resembles(ANN, "测试甲") is True
    assert await vault.name_resembles(ANN, "nightowl") is False


async def test_of_somebody_it_does_not_know_it_says_no(vault: Vault) -> None:
    assert await vault.name_resembles(EVE, "测试甲") is False


@pytest.mark.clause("CG-06.1")
async def test_what_lies_in_the_file_is_ciphertext(safe: Safe) -> None:
    """CG-06.1: whoever has the vault's file without the key has nothing."""
    vault, database, directory = safe
    await vault.enrol(ANN, JIA, "sandbox", 2)
    for moment in ("in the log", "in the file"):
        lying = bytes_below(directory)
        for plain in (JIA.legal_name, JIA.number, JIA.phone or "", "adult"):
            assert plain.encode() not in lying, moment
        checkpoint(database)
    assert ANN.encode() in bytes_below(directory)  # the account is there, so this looked at the right file


@pytest.mark.clause("CG-06.1")
async def test_an_identity_backs_as_many_accounts_as_it_may(vault: Vault) -> None:
    """CG-06.1: a second pseudonym is allowed, a hundredth is not."""
    await vault.enrol(ANN, JIA, "sandbox", 2)
    await vault.enrol(BOB, JIA, "sandbox", 2)
    with pytest.raises(IdentityCap):
        await vault.enrol(EVE, JIA, "sandbox", 2)
    assert await vault.name_resembles(EVE, "测试甲") is False
    await vault.enrol(EVE, YI, "sandbox", 2)


async def test_a_race_for_the_last_account_has_one_winner(vault: Vault) -> None:
    rivals = [AccountId(f"A-{number}") for number in range(8)]
    tries = (vault.enrol(rival, JIA, "sandbox", 1) for rival in rivals)
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [IdentityCap] * 7


async def test_to_enrol_again_is_harmless_and_replaces(vault: Vault) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 1)
    await vault.enrol(ANN, JIA, "sandbox", 1)
    await vault.enrol(ANN, YI, "sandbox", 1)
    assert await vault.name_resembles(ANN, "测试乙甲") is True
    await vault.enrol(BOB, JIA, "sandbox", 1)  # free again, now that nobody stands on it


async def test_the_same_number_on_another_document_is_another_identity(vault: Vault) -> None:
    passport = Identity("other_document", "测试甲", JIA.number, None, None)
    await vault.enrol(ANN, JIA, "sandbox", 1)
    await vault.enrol(BOB, passport, "sandbox", 1)


# --- tampering -------------------------------------------------------------------------------------------


SEALED = ["wrapped_key", "legal_name"]


@pytest.mark.parametrize("columns", [["legal_name"], ["wrapped_key"], ["wrapped_key", "legal_name"]])
async def test_another_person_s_row_does_not_open(
    vault: Vault, backstage: Database, columns: list[str]
) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 2)
    await vault.enrol(BOB, YI, "sandbox", 2)
    ann = await record(backstage, ANN)
    assert ann is not None
    await overwrite(backstage, BOB, **{column: ann[column] for column in columns})
    with pytest.raises(SealBroken):
        await vault.name_resembles(BOB, "测试甲")
    assert await vault.name_resembles(ANN, "测试甲") is True


async def test_a_field_moved_within_its_row_does_not_open(vault: Vault, backstage: Database) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 2)
    ann = await record(backstage, ANN)
    assert ann is not None
    await overwrite(backstage, ANN, legal_name=ann["number"])
    with pytest.raises(SealBroken):
        await vault.name_resembles(ANN, "测试甲")


@pytest.mark.parametrize("column", SEALED)
async def test_a_changed_bit_is_noticed(vault: Vault, backstage: Database, column: str) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 2)
    ann = await record(backstage, ANN)
    assert ann is not None
    await overwrite(backstage, ANN, **{column: bytes([ann[column][0] ^ 1]) + ann[column][1:]})
    with pytest.raises(SealBroken):
        await vault.name_resembles(ANN, "测试甲")


# --- the key ---------------------------------------------------------------------------------------------


async def test_an_unused_vault_takes_the_key_it_is_given(
    backstage: Database, keys: MasterKeys, clock: FakeClock
) -> None:
    assert await Vault.is_unused(backstage)
    vault = Vault(backstage, keys, CountingSecrets("data"), clock)
    await vault.check_key()
    assert not await Vault.is_unused(backstage)
    await vault.check_key()
    assert len(await backstage.read(lambda sql: list(sql.execute(select(key_check))))) == 1


@pytest.mark.parametrize("current", ["k1", "k2"])
async def test_a_used_vault_takes_no_other(
    vault: Vault, backstage: Database, tmp_path: Path, clock: FakeClock, current: str
) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 2)
    stranger = create_keys(tmp_path / "stranger.key", CountingSecrets("stranger"))
    renamed = MasterKeys(current, {current: stranger.wrapping["k1"]}, stranger.digest)
    with pytest.raises(WrongKey):
        await Vault(backstage, renamed, CountingSecrets(), clock).check_key()
    await vault.check_key()


# --- out -------------------------------------------------------------------------------------------------


@pytest.mark.clause("CG-06.4")
async def test_who_withdraws_is_forgotten_to_the_last_byte(safe: Safe) -> None:
    """CG-06.4: taking an identity back destroys its key, and with it everything sealed under it."""
    vault, database, directory = safe
    await vault.enrol(ANN, JIA, "sandbox", 2)
    await vault.enrol(BOB, YI, "sandbox", 2)
    ann = await record(database, ANN)
    assert ann is not None
    traces = [ann[name] for name in ("wrapped_key", "legal_name", "number", "phone", "duplicate_digest")]
    checkpoint(database)
    assert all(trace in bytes_below(directory) for trace in traces)
    await vault.destroy(ANN)
    checkpoint(database)
    lying = bytes_below(directory)
    assert [trace in lying for trace in traces] == [False] * 5
    assert await vault.name_resembles(ANN, "测试甲") is False
    assert await vault.name_resembles(BOB, "测试乙") is True
    await vault.close()
    assert os.listdir(directory) == ["vault.db"]
    assert not any(trace in bytes_below(directory) for trace in traces)


async def test_to_destroy_what_is_not_there_is_no_fault(vault: Vault) -> None:
    await vault.destroy(EVE)


async def test_a_destroyed_identity_can_back_another_account(vault: Vault) -> None:
    await vault.enrol(ANN, JIA, "sandbox", 1)
    await vault.destroy(ANN)
    await vault.enrol(BOB, JIA, "sandbox", 1)


# --- what can be asked -----------------------------------------------------------------------------------


@pytest.mark.clause("INV-08")
def test_an_identity_in_a_log_line_is_three_dots() -> None:
    """INV-08: a name or a number is never printed, not even by a debugger's habit."""
    assert {repr(JIA), str(JIA), f"{JIA}"} == {"Identity(…)"}
    assert str({"who": [JIA]}) == "{'who': [Identity(…)]}"


@pytest.mark.clause("INV-07", "CG-06.1")
def test_there_is_no_way_to_read_an_identity_out() -> None:
    """INV-07, CG-06.1: the vault has these doors; none lists, searches or returns a person."""
    doors = {name for name in vars(Vault) if not name.startswith("_")}
    assert doors == {"check_key", "is_unused", "turn", "enrol", "destroy", "name_resembles", "close"}
    answers = {inspect.signature(getattr(Vault, door)).return_annotation for door in doors}
    assert answers == {"None", "bool", "asyncio.Lock"}


async def test_an_account_has_one_turn_at_a_time(vault: Vault) -> None:
    ann, bob = vault.turn(ANN), vault.turn(BOB)
    assert vault.turn(ANN) is ann
    async with ann, bob:
        assert vault.turn(ANN).locked()


async def test_the_vault_has_its_own_tables_and_nothing_else(safe: Safe) -> None:
    _, database, _ = safe
    names = await database.read(
        lambda sql: sql.execute(text("select name from sqlite_master where type = 'table'")).scalars().all()
    )
    assert sorted(names) == ["alembic_version", "key_check", "vault_record"]
