"""Migrations build exactly the tables that the code speaks of, on both engines, once."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text

from server.storage import tables
from server.storage.database import Database, SqlConnection
from server.storage.schema import SchemaTooNew, migrate
from server.storage.vault import tables as vault_tables

PARTS: list[tuple[Literal["front", "vault"], MetaData]] = [
    ("front", tables.metadata),
    ("vault", vault_tables.metadata),
]


@pytest.mark.parametrize(("part", "metadata"), PARTS, ids=["front", "vault"])
async def test_migrations_build_what_the_code_expects(
    empty: Database, part: Literal["front", "vault"], metadata: MetaData
) -> None:
    def differences(sql: SqlConnection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(sql, opts={"compare_type": True}), metadata))

    await migrate(empty, part)
    assert await empty.read(differences) == []


async def test_tables_that_grow_keep_neighbours_together(sqlite: Database) -> None:
    def clustered(sql: SqlConnection) -> set[str]:
        rows = sql.execute(text("select name, sql from sqlite_master where type = 'table'"))
        return {row.name for row in rows if "WITHOUT ROWID" in (row.sql or "").upper()}

    expected = {
        name
        for name, table in tables.metadata.tables.items()
        if not table.dialect_options["sqlite"]["with_rowid"]
    }
    assert await sqlite.read(clustered) == expected >= {"message", "event"}


async def test_a_second_start_changes_nothing(front: Database) -> None:
    def names(sql: SqlConnection) -> list[str]:
        return sorted(inspect(sql).get_table_names())

    before = await front.read(names)
    await migrate(front, "front")
    assert await front.read(names) == before
    assert set(before) == {*tables.metadata.tables, "alembic_version"}


async def test_a_database_of_a_later_release_is_left_alone(empty: Database) -> None:
    await migrate(empty, "front")
    await empty.transact(
        lambda sql: sql.execute(text("update alembic_version set version_num = 'front_9999'"))
    )
    with pytest.raises(SchemaTooNew, match="front_9999"):
        await migrate(empty, "front")


async def test_the_vault_s_schema_is_not_the_front_stage_s(front: Database) -> None:
    with pytest.raises(SchemaTooNew):
        await migrate(front, "vault")
