"""What the rules need from outside and tests replace: time, chance, password hashing, identity checks.

Nothing outside ``server/system.py`` asks the machine for the time or for randomness.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from server.wire.group_id import GroupId
from server.wire.verbs.identity import OtherDocument
from server.wire.vocabulary import AccountId, MemberRef, Method, SessionId


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC, whole milliseconds."""
        ...

    def monotonic_ns(self) -> int:
        """Never goes back; for rates and time-outs, not for records."""
        ...


class Ids(Protocol):
    """Every id is random and says nothing: no order, no date, no owner (CG-08.4)."""

    def account(self) -> AccountId: ...

    def session(self) -> SessionId: ...

    def member(self) -> MemberRef: ...

    def group(self) -> GroupId: ...

    def incident(self) -> str:
        """Joins what a caller was told to what the log says."""
        ...


class Secrets(Protocol):
    def token(self) -> str:
        """A session token: 256 bits, URL-safe."""
        ...

    def bytes(self, length: int) -> bytes: ...


class PasswordHasher(Protocol):
    """Raises ``Unavailable(overloaded)`` when too many hashes wait already."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, digest: str | None, password: str) -> bool:
        """Whether the password fits. With ``digest`` None the same time passes and the answer is False:
        how long it takes does not tell whether an account exists (INV-13)."""
        ...


class IdentityVerifier(Protocol):
    """Asks whoever can know whether name and number belong together. Keeps nothing."""

    async def matches(
        self, method: Method, document: OtherDocument | None, legal_name: str, number: str
    ) -> Literal["match", "no_match"]: ...
