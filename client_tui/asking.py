"""How anything is asked of the server: whatever goes wrong comes out as one exception. Knows no verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from pydantic import ValidationError

from client_tui.port import Sdk
from client_tui.refusals import LOST, OFFLINE, REVOKED, UNSUPPORTED, Refusal
from client_tui.sdk import CallError, ConnectionLost, SdkError
from server.wire.errors import Close
from server.wire.verb import P, R, Verb

T = TypeVar("T")
_PATIENCE_S: Final = 15.0  # longer than an answer takes, shorter than a person looks at an empty page


class Unsuccessful(Exception):
    """What was asked for did not happen; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.type)


async def done(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer. Raises Unsuccessful for a refusal, a lost connection, and parameters that do not fit."""
    try:
        return await ask()
    except (SdkError, ValidationError, TimeoutError) as error:
        raise Unsuccessful(refusal_of(error)) from error


async def read(sdk: Sdk, verb: Verb[P, R], params: P) -> R:
    """A call that changes nothing: it may be given up, so it does not wait for a connection for ever."""

    async def bounded() -> R:
        async with asyncio.timeout(_PATIENCE_S):
            return await sdk.call(verb, params)

    return await done(bounded)


def refusal_of(error: Exception) -> Refusal:
    """The refusal behind what the SDK or the check of one's own parameters raised."""
    match error:
        case CallError():
            return Refusal(error.type, error.message, error.clause, error.details)
        case ConnectionLost(close=Close.SESSION_REVOKED):
            return Refusal(REVOKED)
        case ConnectionLost(close=Close.UNSUPPORTED_VERSION):
            return Refusal(UNSUPPORTED)
        case ConnectionLost():
            return Refusal(OFFLINE if error.final else LOST)
        case TimeoutError():
            return Refusal(OFFLINE)
        case ValidationError():
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            fields = [{"at": ".".join(map(str, fault["loc"])), "why": fault["msg"]} for fault in faults]
            return Refusal("invalid_params", details={"fields": fields})
    return Refusal("internal", str(error))
