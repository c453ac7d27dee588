"""Proof that nothing was switched off for a figure: the policy, the database's settings, the rows kept.

A server without its safeguards is another server. Each function raises BenchFault.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from policies.loader import load_policy
from server.storage.database import open_database
from tests.bench.process import BenchFault

RELEASED = (
    "rates.",
    "login.",
    "group_id.lookup_per_minute",
    "connection.outbox_max_bytes",
    "connection.in_flight_max",
)
"""What the bench's policy may set more loosely than the reference: how fast, and how much at once."""
DURABLE = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
"""Of SQLite: write-ahead log, FULL, overwrite what is deleted, check references."""


def check_policy(profile: str) -> list[str]:
    """The keys in which ``profile`` differs from the reference policy: none but brakes on speed."""
    reference = dict(_leaves(load_policy("reference", {}).model_dump()))
    ours = dict(_leaves(load_policy(profile, {}).model_dump()))
    different = sorted(key for key in reference.keys() | ours.keys() if reference.get(key) != ours.get(key))
    if weakened := [key for key in different if not key.startswith(RELEASED)]:
        raise BenchFault(f"profile {profile} changes more than speed limits: {', '.join(weakened)}")
    return different


async def check_durable(directory: Path) -> dict[str, Any]:
    """What the server's own database code sets on its writing connection."""

    def read(connection: Connection) -> dict[str, Any]:
        return {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in DURABLE}

    database = open_database(f"sqlite+aiosqlite:///{directory / 'durable.db'}")
    try:
        found = await database.transact(read)
    finally:
        await database.close()
    if found != DURABLE:
        raise BenchFault(f"the database is not set to be durable: {found}")
    return found


def check_kept(database: Path, messages: int) -> None:
    """After the server has stopped: every acknowledged message left its message, its event, its log row with
    outcome and origin, and its key against doing it twice."""
    queries = {
        "messages": "select count(*) from message where text is not null",
        "events": "select count(*) from event where type = 'message.posted'",
        "log rows": "select count(*) from log_event where operation = 'publish' and outcome = 'ok'"
        " and account is not null and source_address = '127.0.0.1' and source_port is not null",
        "operations": "select count(*) from operation where verb = 'message.send'",
    }
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        for what, query in queries.items():
            (found,) = connection.execute(query).fetchone()
            if found != messages:
                raise BenchFault(f"{messages} messages were acknowledged, but {found} {what} were kept")
    finally:
        connection.close()


def _leaves(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _leaves(item, f"{before}{key}.")
        else:
            yield f"{before}{key}", item
