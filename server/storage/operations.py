"""What every client_op_id was used for, and what was answered: retries stay harmless across restarts."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from server.storage.prepared import fetch, pairs
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


def fingerprint(key: bytes, verb: str, params: Params) -> bytes:
    """HMAC-SHA-256 over the call without its secret fields (those declared ``repr=False``).

    Keyed, because it outlives a recalled message: without the key nobody can try which short text it was.
    Secrets stay out all the same, not even a keyed digest of an identity leaves the vault (INV-01); a retry
    is told from a different call by everything else.
    """
    body = params.model_dump_json(exclude=_left_out(type(params)))
    return hmac.digest(key, f"{verb}\n{body}".encode(), "sha256")


@cache
def _left_out(params: type[Params]) -> set[str]:
    secret = {name for name, field in params.model_fields.items() if not field.repr}
    return secret | {"client_op_id"}


def find(connection: Connection, keys: Iterable[OperationKey]) -> dict[OperationKey, KeptResult]:
    """The operations among ``keys`` that were done already: one statement for a whole batch."""
    wanted = [value for key in keys for value in (key.caller, key.client_op_id)]
    if not wanted:
        return {}
    # CROSS JOIN has SQLite look each pair up by the primary key; given a list of pairs and no statistics it
    # reads the whole table instead, which grows with history.
    query = (
        f"with wanted (a, b) as (values {pairs(connection.dialect, len(wanted) // 2)}) "
        "select caller, client_op_id, verb, fingerprint, result from wanted cross join operation "
        "where caller = a and client_op_id = b"
    )
    return {
        OperationKey(caller, op_id): KeptResult(verb, fingerprint, result)
        for caller, op_id, verb, fingerprint, result in fetch(connection, query, wanted)
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
