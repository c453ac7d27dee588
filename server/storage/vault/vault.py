"""The vault: takes an identity in, answers yes or no about it, destroys it. It never gives one out.

Every call names its purpose from the closed list of XJ-05.2 (INV-07). There is no search, no listing and no
bulk read, here or anywhere. Other components see only the class below.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal
from weakref import WeakValueDictionary

from sqlalchemy import Connection, delete, func, insert, select

from server.domain.identity_number import AgeBand
from server.domain.resemblance import resembles
from server.ports import Clock, Secrets
from server.storage.database import Database
from server.storage.vault import tables
from server.storage.vault.keys import MasterKeys
from server.storage.vault.sealing import SealBroken, Sealer, WrappedKey
from server.wire.vocabulary import AccountId, Method

Purpose = Literal["verify", "duplicate_check", "subject_access"]
"""Why the vault is opened. The law knows more purposes; a purpose comes with the verb that needs it."""

_record, _check = tables.vault_record, tables.key_check


class WrongKey(Exception):
    """The master key file does not belong to this vault."""


class IdentityCap(Exception):
    """The identity already backs as many accounts as it may."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person hands over, on its way into the vault. Never logged, never in a repr."""

    method: Method
    legal_name: str
    number: str
    phone: str | None
    age_band: AgeBand | None

    def __repr__(self) -> str:
        return "Identity(…)"


class Vault:
    def __init__(self, database: Database, keys: MasterKeys, secrets: Secrets, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._sealer = Sealer(keys, secrets)
        self._lock = asyncio.Lock()  # one writing connection: one write at a time
        self._turns: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()

    def turn(self, account: AccountId) -> asyncio.Lock:
        """Held while vault and front stage change together for an account. Without it, verifying here and
        withdrawing there at once could leave a verified account with no record behind it."""
        return self._turns.setdefault(account, asyncio.Lock())

    async def check_key(self) -> None:
        """Raises WrongKey unless the key file belongs to this vault; an empty vault adopts it."""

        def work(connection: Connection) -> None:
            rows = list(connection.execute(select(_check)))
            for row in rows:
                try:
                    self._sealer.unwrap("key-check", WrappedKey(row.key_id, row.sealed))
                except SealBroken:
                    raise WrongKey("the key file does not belong to this vault") from None
            if not rows:
                _, wrapped = self._sealer.new_key("key-check")
                connection.execute(insert(_check).values(key_id=wrapped.key_id, sealed=wrapped.blob))

        async with self._lock:
            await self._database.transact(work)

    @staticmethod
    async def is_unused(database: Database) -> bool:
        """Whether no key was ever used on this database: only then may a new key file be made for it."""
        return await database.read(
            lambda connection: connection.execute(select(func.count()).select_from(_check)).scalar_one() == 0
        )

    async def enrol(
        self,
        account: AccountId,
        identity: Identity,
        verifier: str,
        most_accounts: int,
        purpose: Purpose = "verify",
    ) -> None:
        """Seal an identity behind ``account``. The same identity again is harmless; another replaces it.

        Raises IdentityCap when ``most_accounts`` other accounts stand on the same identity (CG-06.1).
        """
        digest = self._sealer.digest("duplicate_check", f"{identity.method}|{identity.number}")
        key, wrapped = self._sealer.new_key(account)

        def seal(field: str, value: str) -> bytes:
            return self._sealer.seal(key, account, field, value.encode())

        row = {
            "account": account,
            "method": identity.method,
            "verifier": verifier,
            "key_id": wrapped.key_id,
            "wrapped_key": wrapped.blob,
            "legal_name": seal("legal_name", identity.legal_name),
            "number": seal("number", identity.number),
            "phone": None if identity.phone is None else seal("phone", identity.phone),
            "age_band": seal("age_band", identity.age_band or "unknown"),
            "duplicate_digest": digest,
            "verified_at": self._clock.now(),
        }

        def work(connection: Connection) -> None:
            others = select(func.count()).where(
                _record.c.duplicate_digest == digest, _record.c.account != account
            )
            if connection.execute(others).scalar_one() >= most_accounts:
                raise IdentityCap
            connection.execute(delete(_record).where(_record.c.account == account))
            connection.execute(insert(_record).values(row))

        async with self._lock:
            await self._database.transact(work)

    async def destroy(self, account: AccountId) -> None:
        """Destroy the identity behind an account: the key goes, and with it everything sealed under it."""
        async with self._lock:
            await self._database.transact(
                lambda connection: connection.execute(delete(_record).where(_record.c.account == account))
            )
            await self._database.scrub()  # the log has the wrapped key as well, and would keep it

    async def name_resembles(
        self, account: AccountId, handle: str, purpose: Purpose = "subject_access"
    ) -> bool:
        """Whether ``handle`` gives away the legal name of the person who asks about themselves (CG-06.2)."""

        def work(connection: Connection) -> bool:
            row = connection.execute(
                select(_record.c.key_id, _record.c.wrapped_key, _record.c.legal_name).where(
                    _record.c.account == account
                )
            ).one_or_none()
            if row is None:
                return False
            key = self._sealer.unwrap(account, WrappedKey(row.key_id, row.wrapped_key))
            name = self._sealer.open(key, account, "legal_name", row.legal_name).decode()
            return resembles(handle, name)

        return await self._database.read(work)

    async def close(self) -> None:
        await self._database.close()
