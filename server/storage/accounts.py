"""Accounts as the front stage knows them: handle, password digest, agreement, and that an identity exists."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from server.domain.facts import AccountFacts
from server.domain.identity_tries import Tries
from server.storage import tables
from server.storage.transaction import Transaction
from server.wire.errors import NotFound
from server.wire.models import AccountView, Verification
from server.wire.text import folded
from server.wire.verbs.account import AcceptedAgreement
from server.wire.vocabulary import AccountId, Level, Method, Seq

_account = tables.account


@dataclass(frozen=True, slots=True)
class Credentials:
    account: AccountId
    password: str
    """The argon2id digest."""


def add_account(
    tx: Transaction, account: AccountId, handle: str, password: str, agreement: str
) -> AccountView:
    tx.execute(
        insert(_account).values(
            account=account,
            handle=handle,
            handle_key=folded(handle),
            password=password,
            registered_at=tx.now,
            agreement=agreement,
        )
    )
    return AccountView(account=account, handle=handle, registered_at=tx.now, verification=None)


def add_agreement(tx: Transaction, account: AccountId, agreement: AcceptedAgreement, event_seq: Seq) -> None:
    """Record an acceptance; ``event_seq`` is that of its event in the account's stream."""
    facts = account_facts(tx, account)
    _update(tx, account, agreement=agreement.version)
    tx.remember(tx.memory.accounts, account, replace(facts, agreement=agreement.version))
    tx.execute(
        insert(tables.agreement).values(
            account=account,
            event_seq=event_seq,
            version=agreement.version,
            locale=agreement.locale,
            sha256=agreement.sha256,
            accepted_at=agreement.at,
            consents=json.dumps(agreement.consents),
        )
    )


def latest_agreement(connection: Connection, account: AccountId) -> AcceptedAgreement | None:
    table = tables.agreement
    row = connection.execute(
        select(table).where(table.c.account == account).order_by(table.c.event_seq.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return AcceptedAgreement(
        version=row.version,
        locale=row.locale,
        sha256=row.sha256,
        at=row.accepted_at,
        consents=json.loads(row.consents),
    )


def handle_is_taken(connection: Connection, handle: str, *, by_other_than: AccountId | None = None) -> bool:
    found = connection.execute(select(_account.c.account).where(_account.c.handle_key == folded(handle)))
    return any(row.account != by_other_than for row in found)


def account_facts(tx: Transaction, account: AccountId) -> AccountFacts:
    """The facts that decide, from the writer's memory when they are there."""
    known = tx.memory.accounts.get(account)
    if known is None:
        found = tx.rows(
            select(_account.c.handle, _account.c.verified_at, _account.c.agreement).where(
                _account.c.account == account
            )
        )
        if not found:
            raise NotFound("session_not_found")  # a session of no account cannot be
        row = found[0]
        known = AccountFacts(account, row.handle, row.verified_at is not None, row.agreement)
        tx.memory.accounts[account] = known
    return known


def account_view(connection: Connection, account: AccountId) -> AccountView:
    row = connection.execute(select(_account).where(_account.c.account == account)).mappings().one()
    return AccountView(
        account=account,
        handle=row["handle"],
        registered_at=row["registered_at"],
        verification=_verification(row),
    )


def credentials(connection: Connection, handle: str) -> Credentials | None:
    row = connection.execute(
        select(_account.c.account, _account.c.password).where(_account.c.handle_key == folded(handle))
    ).one_or_none()
    return None if row is None else Credentials(AccountId(row.account), row.password)


def password_of(connection: Connection, account: AccountId) -> str:
    found: str = connection.execute(
        select(_account.c.password).where(_account.c.account == account)
    ).scalar_one()
    return found


def set_password(tx: Transaction, account: AccountId, password: str) -> None:
    _update(tx, account, password=password)


def set_handle(tx: Transaction, account: AccountId, handle: str, seq: Seq) -> None:
    _update(tx, account, handle=handle, handle_key=folded(handle))
    tx.execute(insert(tables.handle_change).values(account=account, event_seq=seq, at=tx.now))
    facts = account_facts(tx, account)
    tx.remember(tx.memory.accounts, account, replace(facts, handle=handle))


def handle_changes_since(connection: Connection, account: AccountId, since: datetime) -> int:
    table = tables.handle_change
    query = select(func.count()).where(table.c.account == account, table.c.at > since)
    return int(connection.execute(query).scalar_one())


def set_verification(tx: Transaction, account: AccountId, verification: Verification | None) -> None:
    """Record that an identity stands behind the account, or no longer does. Never whose it is."""
    facts = account_facts(tx, account)
    _update(
        tx,
        account,
        verified_method=verification and verification.method,
        verified_level=verification and verification.level,
        verified_at=verification and verification.at,
    )
    if verification is not None:  # taking an identity back must not end a pause after failed tries
        set_tries(tx, account, Tries())
    tx.remember(tx.memory.accounts, account, replace(facts, verified=verification is not None))


def tries_of(connection: Connection, account: AccountId) -> Tries:
    row = connection.execute(
        select(_account.c.verify_failed, _account.c.verify_blocked_until).where(_account.c.account == account)
    ).one()
    return Tries(row.verify_failed, row.verify_blocked_until)


def set_tries(tx: Transaction, account: AccountId, tries: Tries) -> None:
    _update(tx, account, verify_failed=tries.failed, verify_blocked_until=tries.blocked_until)


def _update(tx: Transaction, account: AccountId, **values: Any) -> None:
    tx.execute(update(_account).where(_account.c.account == account).values(**values))


def _verification(row: RowMapping) -> Verification | None:
    if row["verified_at"] is None:
        return None
    method: Method = row["verified_method"]
    level: Level = row["verified_level"]
    return Verification(method=method, level=level, at=row["verified_at"])
