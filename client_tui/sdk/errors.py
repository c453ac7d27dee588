"""Everything that can go wrong for somebody who uses the SDK. Knows no socket.

SdkError
├── CallError        the server answered a call, and the answer is not a result
├── ConnectionLost   no answer came, and none will; `final` when there is no way back
├── ProtocolFault    what came is not this protocol: one of the two sides has a bug
├── GapInStream      an event is missing before this one: take a snapshot instead
└── EventsLost       nobody read the events for so long that the oldest were given up
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.wire.errors import Close, WireError, type_names

_NAMED = frozenset({"type", "retryable", "clause", "reason", "policy"})


class SdkError(Exception):
    """Whatever the SDK raises of its own."""


class CallError(SdkError):
    """The server's refusal of one call. ``type`` is what programs read; ``message`` is for people.

    ``clause``, ``reason``, ``policy`` are set where a rule decided; ``details`` holds the rest of ``data``.
    """

    def __init__(self, code: int, message: str, data: Mapping[str, Any]) -> None:
        self.code = code
        self.message = message
        self.type = str(data.get("type", "unknown"))
        self.retryable = data.get("retryable") is True
        self.clause: str | None = data.get("clause")
        self.reason: str | None = data.get("reason")
        self.policy: dict[str, Any] | None = data.get("policy")
        self.details = {key: value for key, value in data.items() if key not in _NAMED}
        super().__init__(f"{self.type}: {message}")

    @property
    def family(self) -> type[WireError] | None:
        """The family of ``server.wire.errors`` that the type belongs to; None for a newer server's type."""
        return type_names.get(self.type)

    @property
    def retry_after_s(self) -> float:
        """How long the server asks to wait; 0 when it does not say."""
        wait_ms = self.details.get("retry_after_ms")
        return wait_ms / 1000 if isinstance(wait_ms, int | float) else 0.0


class ConnectionLost(SdkError):
    """The connection is gone. For a call that was on its way: it may or may not have happened.

    ``code`` is the close code, None when the line went dead without one. ``final`` says that the client does
    not come back by itself: it was closed, told not to return, or gave up.
    """

    def __init__(self, why: str, *, code: int | None = None, final: bool = False) -> None:
        self.code, self.final = code, final
        super().__init__(why)

    @property
    def close(self) -> Close | None:
        """The reason in the words of the contract; None for a code that it does not name."""
        return next((close for close in Close if close == self.code), None)


class ProtocolFault(SdkError):
    """A frame that makes no sense here. The connection cannot be trusted any further."""


class GapInStream(SdkError):
    """``got`` came where ``expected`` should have: the state cannot be carried forward by events."""

    def __init__(self, stream: str, expected: int, got: int) -> None:
        self.stream, self.expected, self.got = stream, expected, got
        super().__init__(f"{stream}: expected event {expected}, got {got}")


class EventsLost(SdkError):
    """``count`` events were given up unread. The replica has seen them; reading may go on after this."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} events were given up because nobody read them")
