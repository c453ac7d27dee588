"""The machine behind the ports: real time, chance and hashing, and the sandbox that checks identities."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Literal, TypeVar

import argon2

from server.wire.errors import Unavailable
from server.wire.group_id import ALPHABET, GroupId, group_id_from
from server.wire.verbs.identity import OtherDocument
from server.wire.vocabulary import AccountId, MemberRef, Method, SessionId

T = TypeVar("T")


class SystemClock:
    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class RandomIds:
    """Ids of Crockford characters: 80 random bits, groups 45 as CG-08.4 wants them.

    A seed gives the same ids again, for demonstrations; without one the operating system's source is used.
    """

    def __init__(self, random_chars: int, seed: int | None = None) -> None:
        self._group_chars = random_chars
        self._random = random.SystemRandom() if seed is None else random.Random(seed)

    def account(self) -> AccountId:
        return AccountId(f"A-{self._chars(16)}")

    def session(self) -> SessionId:
        return SessionId(f"S-{self._chars(16)}")

    def member(self) -> MemberRef:
        return MemberRef(f"M-{self._chars(16)}")

    def group(self) -> GroupId:
        return group_id_from(self._chars(self._group_chars))

    def incident(self) -> str:
        return self._chars(10)

    def _chars(self, count: int) -> str:
        return "".join(self._random.choices(ALPHABET, k=count))


class SystemSecrets:
    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def bytes(self, length: int) -> bytes:
        return secrets.token_bytes(length)


class Argon2Hasher:
    """argon2id with the library's parameters, in a pool of its own: a storm of log-ins cannot stop the loop.

    ``parallel`` hashes run at once and ``queue`` may wait; beyond that callers are told ``overloaded``.
    """

    def __init__(self, parallel: int, queue: int) -> None:
        self._hasher = argon2.PasswordHasher()
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="argon2")
        self._most = parallel + queue
        self._under_way = 0
        self._closed = False
        self._decoy = self._hasher.hash(secrets.token_hex(8))

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, digest: str | None, password: str) -> bool:
        return await self._run(lambda: self._fits(digest or self._decoy, password)) and digest is not None

    def close(self) -> None:
        """Begin no more hashes; those who wait for one are told ``shutting_down``."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fits(self, digest: str, password: str) -> bool:
        try:
            return self._hasher.verify(digest, password)
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("shutting_down")
        if self._under_way >= self._most:
            raise Unavailable("overloaded", retry_after_ms=1000)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                raise Unavailable("shutting_down") from None  # `close` cancelled the hash; nobody its caller
            raise
        finally:
            self._under_way -= 1


class SandboxVerifier:
    """Stands where a real service would answer. Everything matches, except names that ask not to.

    A legal name with ``不符`` or ``no match`` in it gets "no match": so that refusals can be shown.
    """

    async def matches(
        self, method: Method, document: OtherDocument | None, legal_name: str, number: str
    ) -> Literal["match", "no_match"]:
        wants_refusal = "不符" in legal_name or "no match" in legal_name.lower()
        return "no_match" if wants_refusal else "match"
