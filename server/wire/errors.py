"""Everything that can be answered instead of a result, and every way a connection ends.

    WireError
    ├── MalformedRequest      -32700 -32600 -32601 -32602   it is a bug in the client
    ├── NotAuthenticated      1401   log in, then again
    ├── Refused               1403   permission, role, identity required
    ├── NotFound              1404   the same answer for absent and for hidden (INV-13)
    ├── Conflict              1409   read again, then decide
    ├── TooMuch               1413   a size or a cap
    ├── PolicyRefused         1422   a rule said no: agreement, identity document
    ├── RateLimited           1429   wait `retry_after_ms`
    └── Unavailable           1503   overloaded, shutting down, read-only, internal

Programs read ``data.type``; ``message`` is for people and may change or be translated. An error answers a
request; a close code ends a connection. The two are never mixed.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar

from policies.model import ClauseId

type_names: dict[str, type[WireError]] = {}
"""Every error type and its family: the source of docs, OpenRPC and the client's exceptions."""


class WireError(Exception):
    """An answer that is not a result. ``type`` is the contract; the rest explains it.

    ``clause``, ``reason`` and ``policy`` are set where a rule decided (design promise 3).
    ``details`` may hold only JSON values that the caller may see.
    """

    code: ClassVar[int]
    retryable: ClassVar[bool] = False
    types: ClassVar[dict[str, str]]

    def __init_subclass__(cls) -> None:
        for name in cls.types:
            if name in type_names:
                raise TypeError(f"error type {name} declared twice")
            type_names[name] = cls

    def __init__(
        self,
        type: str,
        message: str | None = None,
        *,
        clause: ClauseId | None = None,
        reason: str | None = None,
        policy: dict[str, Any] | None = None,
        **details: Any,
    ) -> None:
        if type not in self.types:
            raise ValueError(f"{type} is not a type of {self.__class__.__name__}")
        self.type = type
        self.message = message or self.types[type]
        self.clause, self.reason, self.policy, self.details = clause, reason, policy, details
        super().__init__(f"{type}: {self.message}")

    def body(self) -> dict[str, Any]:
        """The ``error`` member of a JSON-RPC reply."""
        data: dict[str, Any] = {"type": self.type, "retryable": self.retryable}
        for key in ("clause", "reason", "policy"):
            if (value := getattr(self, key)) is not None:
                data[key] = value
        return {"code": self.code, "message": self.message, "data": data | self.details}


class MalformedRequest(WireError):
    code = -32600
    types: ClassVar[dict[str, str]] = {
        "parse_error": "The frame is not JSON in UTF-8.",
        "invalid_request": "The frame is not a JSON-RPC 2.0 request.",
        "unknown_verb": "No such method.",
        "invalid_params": "The parameters do not fit the method.",
        "group_id_mistyped": "The group id is mistyped: its check character does not fit.",
        "batch_too_large": "Too many calls in one batch.",
        "wrong_state": "This call does not fit the state of the session.",
    }
    _codes: ClassVar[dict[str, int]] = {
        "parse_error": -32700,
        "unknown_verb": -32601,
        "invalid_params": -32602,
        "group_id_mistyped": -32602,
    }

    def body(self) -> dict[str, Any]:
        return super().body() | {"code": self._codes.get(self.type, self.code)}


class NotAuthenticated(WireError):
    code = 1401
    types: ClassVar[dict[str, str]] = {
        "login_required": "Log in first.",
        "bad_credentials": "Handle and password do not fit.",
        "session_expired": "This session is over. Log in again.",
    }


class Refused(WireError):
    code = 1403
    types: ClassVar[dict[str, str]] = {
        "permission_denied": "You may not do this.",
        "identity_required": "Verify an identity first: nobody else ever sees it.",
        "role": "Your role in this group does not allow this.",
        "owner_cannot_leave": "An owner cannot leave members behind without an owner.",
        "recall_window_closed": "The time in which you may recall this message is over.",
    }


class NotFound(WireError):
    code = 1404
    types: ClassVar[dict[str, str]] = {
        "group_not_found": "No such group, or not one you can see.",
        "message_not_found": "No such message, or not one you can see.",
        "member_not_found": "No such member in this group.",
        "session_not_found": "No such session.",
        "text_not_found": "No such document or version.",
    }


class Conflict(WireError):
    code = 1409
    types: ClassVar[dict[str, str]] = {
        "idempotency_mismatch": "This client_op_id was used for a different call.",
        "handle_taken": "Someone already goes by that handle.",
        "already_member": "You are already in this group.",
        "already_verified": "Your identity is already verified.",
        "group_closed": "This group is closed.",
    }


class TooMuch(WireError):
    code = 1413
    types: ClassVar[dict[str, str]] = {
        "too_large": "Larger than the limit.",
        "cap_members": "This group is full.",
        "cap_created": "You own as many groups as you may.",
        "cap_joined": "You are in as many groups as you may.",
        "cap_sessions": "Too many open sessions. Revoke one first.",
    }


class PolicyRefused(WireError):
    code = 1422
    types: ClassVar[dict[str, str]] = {
        "agreement_required": "Read and accept the current agreement first.",
        "real_id_refused": "This teaching server accepts synthetic identities only. Nothing was kept.",
        "id_invalid": "The identity details do not check out. Nothing was kept.",
        "identity_cap": "This identity already backs as many accounts as it may.",
        "identity_cooldown": "Too many failed tries. Wait before the next one.",
        "name_confirm": "That name is close to your verified name. Send it again with confirm_real_name.",
        "category": "This server does not offer that category.",
        "handle_changes": "You changed your handle as often as the period allows.",
    }


class RateLimited(WireError):
    code = 1429
    retryable = True
    types: ClassVar[dict[str, str]] = {"rate_limited": "Too fast. Wait a moment."}


class Unavailable(WireError):
    code = 1503
    retryable = True
    types: ClassVar[dict[str, str]] = {
        "overloaded": "The server is busy. Try again shortly.",
        "shutting_down": "The server is stopping. Reconnect shortly.",
        "read_only": "The server cannot write at the moment.",
        "internal": "Something went wrong here. It was logged under this incident number.",
    }


class Close(IntEnum):
    """Why a connection ends. 4000-4499: reconnect and resume. 4500-4999: do not."""

    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    TOO_BIG = 1009
    INTERNAL = 1011
    SLOW_CONSUMER = 4008
    """The outbox was full: this connection was too slow, and nobody else waits for it."""
    IDLE = 4009
    RESTARTING = 4012
    BANNED = 4501
    SESSION_REVOKED = 4502
    UNSUPPORTED_VERSION = 4503
    TOO_MANY_FAULTS = 4504
    """So many malformed frames that this is no client of ours."""

    @property
    def may_reconnect(self) -> bool:
        return self not in {Close.UNSUPPORTED_DATA, Close.TOO_BIG} and self < 4500
