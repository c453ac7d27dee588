"""When to come back after a connection is lost: how long to wait, whether to try at all. Knows no socket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.wire.errors import Close

# RFC 6455, 7.4.1: protocol error, unusable type, inconsistent data, too big, missing extension.
# Whoever hears one of these would only hear it again.
_FAULTS_OF_OURS = frozenset({1002, 1003, 1007, 1009, 1010})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: a restarted server is not met by everybody in the same instant.

    Full jitter draws from the whole interval, zero included; of the usual ways to spread clients it costs the
    server least (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    first_s: float = 0.25
    factor: float = 2.0
    most_s: float = 30.0
    attempts: int | None = None
    """Tries in a row before the client gives up; None never does."""
    random: Callable[[], float] = random.random
    """A number in [0, 1)."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def ceiling_s(self, attempt: int) -> float:
        """The longest wait before try ``attempt``, counted from 0."""
        return min(self.most_s, self.first_s * self.factor ** min(attempt, 64))

    def gives_up(self, attempt: int) -> bool:
        return self.attempts is not None and attempt >= self.attempts

    def delay_s(self, attempt: int, asked_s: float = 0.0) -> float:
        """How long to wait before try ``attempt``: the policy's share on top of what the server asked for."""
        return asked_s + self.random() * self.ceiling_s(attempt)


def may_reconnect(code: int | None) -> bool:
    """Whether a connection that ended with this close code may be made again. None: the line went dead."""
    if code is None:
        return True
    try:
        return Close(code).may_reconnect
    except ValueError:
        # A code of a newer server: the ranges keep their meaning.
        return code not in _FAULTS_OF_OURS and not 4500 <= code <= 4999
