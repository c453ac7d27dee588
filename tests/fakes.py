"""The ports as tests want them: time that is moved by hand, ids that count, hashing that costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from server.wire.group_id import ALPHABET, RANDOM_CHARS, GroupId, group_id_from
from server.wire.vocabulary import AccountId, MemberRef, SessionId


class FakeClock:
    """Stands still until it is told to move."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) -> None:
        self._start = self._now = start

    def now(self) -> datetime:
        return self._now

    def monotonic_ns(self) -> int:
        return (self._now - self._start) // timedelta(microseconds=1) * 1000

    def advance(self, **span: float) -> None:
        """``clock.advance(seconds=121)``: keywords of timedelta."""
        self._now += timedelta(**span)


class CountingIds:
    """A-1, S-1, M-1 … and group ids that count: the same calls give the same ids."""

    def __init__(self) -> None:
        self._counts = {kind: count(1) for kind in "ASMGI"}

    def account(self) -> AccountId:
        return AccountId(f"A-{next(self._counts['A'])}")

    def session(self) -> SessionId:
        return SessionId(f"S-{next(self._counts['S'])}")

    def member(self) -> MemberRef:
        return MemberRef(f"M-{next(self._counts['M'])}")

    def group(self) -> GroupId:
        number, body = next(self._counts["G"]), ""
        for _ in range(RANDOM_CHARS):
            number, digit = divmod(number, len(ALPHABET))
            body = ALPHABET[digit] + body
        return group_id_from(body)

    def incident(self) -> str:
        return f"I{next(self._counts['I'])}"


class PlainHasher:
    """No hash at all: what tests of everything but hashing need."""

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def verify(self, digest: str | None, password: str) -> bool:
        return digest == f"plain:{password}"
