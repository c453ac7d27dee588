"""What every client_op_id was used for, and what was answered: retries stay harmless across restarts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from server.storage import tables
from server.wire.vocabulary import Params


@dataclass(frozen=True, slots=True)
class OperationKey:
    """``caller`` is an account id, or the handle that somebody is registering."""

    caller: str
    client_op_id: str


@dataclass(frozen=True, slots=True)
class KeptResult:
    verb: str
    fingerprint: bytes
    result: str
    """The JSON that was answered."""


def fingerprint(verb: str, params: Params) -> bytes:
    """SHA-256 over the call without its secret fields (those declared ``repr=False``).

    Secrets stay out because a digest of an identity number is as good as the number (INV-01); a retry is
    told from a different call by everything else.
    """
    secret = {name for name, field in type(params).model_fields.items() if not field.repr}
    body = params.model_dump_json(exclude=secret | {"client_op_id"})
    return hashlib.sha256(f"{verb}\n{body}".encode()).digest()


def find(connection: Connection, keys: Iterable[OperationKey]) -> dict[OperationKey, KeptResult]:
    """The operations among ``keys`` that were done already: one statement for a whole batch."""
    table = tables.operation
    wanted = [(key.caller, key.client_op_id) for key in keys]
    if not wanted:
        return {}
    query = select(
        table.c.caller, table.c.client_op_id, table.c.verb, table.c.fingerprint, table.c.result
    ).where(tuple_(table.c.caller, table.c.client_op_id).in_(wanted))
    return {
        OperationKey(row.caller, row.client_op_id): KeptResult(row.verb, row.fingerprint, row.result)
        for row in connection.execute(query)
    }


def row(key: OperationKey, kept: KeptResult, at: datetime) -> dict[str, Any]:
    return {
        "caller": key.caller,
        "client_op_id": key.client_op_id,
        "verb": kept.verb,
        "fingerprint": kept.fingerprint,
        "result": kept.result,
        "at": at,
    }
