"""Bringing a database to the schema of this release, and refusing one that is newer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.storage.database import Database

Part = Literal["front", "vault"]
_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNew(Exception):
    """The database was written by a later release; an older one would misread it."""


async def migrate(database: Database, part: Part) -> None:
    """Run the migrations that are missing, in one transaction. Raises SchemaTooNew."""
    await database.transact(lambda connection: _upgrade(connection, part))


def _upgrade(connection: Connection, part: Part) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("version_locations", str(_MIGRATIONS / part))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNew(f"the {part} database has schema {revision}, which this release does not know")
    command.upgrade(config, "head")
