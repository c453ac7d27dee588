"""Sessions: one row per log-in. The token itself is never stored, only its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from server.storage import tables
from server.storage.transaction import Transaction
from server.wire.models import SessionView
from server.wire.vocabulary import AccountId, SessionId

_session = tables.session


@dataclass(frozen=True, slots=True)
class OpenSession:
    view: SessionView
    account: AccountId
    used_at: datetime


def token_digest(token: str) -> bytes:
    """SHA-256 suffices: a token has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()


def add_session(tx: Transaction, session: SessionView, account: AccountId, token: str) -> None:
    tx.execute(
        insert(_session).values(
            session=session.session,
            account=account,
            token_digest=token_digest(token),
            client=session.client,
            opened_at=session.opened_at,
            used_at=session.opened_at,
        )
    )


def by_token(connection: Connection, token: str) -> OpenSession | None:
    """The open session of a token. Whether it has expired is for the caller to say."""
    row = connection.execute(
        select(_session).where(_session.c.token_digest == token_digest(token), _session.c.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return OpenSession(_view(row), AccountId(row.account), row.used_at)


def open_sessions(connection: Connection, account: AccountId) -> list[SessionView]:
    return [_view(row) for row in connection.execute(_open_of(account))]


def open_sessions_in(tx: Transaction, account: AccountId) -> list[SessionView]:
    return [_view(row) for row in tx.rows(_open_of(account))]


def is_open(tx: Transaction, session: SessionId) -> bool:
    query = select(_session.c.session).where(_session.c.session == session, _session.c.closed_at.is_(None))
    return bool(tx.rows(query))


def touch(tx: Transaction, session: SessionId) -> None:
    tx.execute(update(_session).where(_session.c.session == session).values(used_at=tx.now))


def close_sessions(tx: Transaction, sessions: Sequence[SessionId]) -> None:
    """From here on the tokens of these sessions open nothing; their digests are overwritten."""
    for session in sessions:
        tx.execute(
            update(_session)
            .where(_session.c.session == session)
            .values(closed_at=tx.now, token_digest=f"closed:{session}".encode())
        )
        tx.remember(tx.memory.ended, session, None)
        tx.memory.ending.append(session)


def _open_of(account: AccountId) -> Select[Any]:
    return (
        select(_session)
        .where(_session.c.account == account, _session.c.closed_at.is_(None))
        .order_by(_session.c.opened_at, _session.c.session)
    )


def _view(row: Row[Any]) -> SessionView:
    return SessionView(session=SessionId(row.session), client=row.client, opened_at=row.opened_at)
