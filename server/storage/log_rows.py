"""Network log rows: exactly the fields of SA-05.3, written in the same commit as what they record.

The row holds no text, no handle, no recipient. Who may read rows, and how addresses are cut before anybody
sees them, is not this file's business: it only writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Literal

from server.wire.verb import Operation
from server.wire.vocabulary import AccountId

LogOutcome = Literal["ok", "refused"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came from, as far as SA-05.3 d to g asks; fixed for the life of a connection."""

    source_address: str
    source_port: int | None
    destination: str
    client: str = "unknown"
    """Self-declared platform family, architecture, client version."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What the caller contributes to a row; time, order and outcome are the writer's."""

    operation: Operation
    account: AccountId | None
    origin: Origin


class LogSequence:
    """SA-05.3b: order of rows within a millisecond, per process. ``process`` tells processes apart."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._count = count(1)

    def row(
        self, entry: LogEntry, account: AccountId | None, outcome: LogOutcome, at: datetime
    ) -> dict[str, Any]:
        origin = entry.origin
        return {
            "at": at,
            "process_seq": next(self._count),
            "process": self._process,
            "account": account,
            "operation": entry.operation,
            "outcome": outcome,
            "source_address": origin.source_address,
            "source_port": origin.source_port,
            "destination": origin.destination,
            "client": origin.client,
        }
