"""What this client needs of an SDK: the methods it uses, and no more. A fake for tests has only these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from client_tui.sdk import ClientState, EventMessage, Replica
from server.wire.verb import P, R, Verb
from server.wire.verbs.session import SessionOpenedResult
from server.wire.vocabulary import ClientClass


class Sdk(Protocol):
    """See ``client_tui.sdk.Client``, which is one."""

    client_class: ClientClass

    @property
    def state(self) -> ClientState: ...

    @property
    def session(self) -> SessionOpenedResult | None: ...

    @property
    def replica(self) -> Replica: ...

    @property
    def retry_in_s(self) -> float | None: ...

    @property
    def ended(self) -> Exception | None: ...

    def op_id(self) -> str: ...

    async def call(self, verb: Verb[P, R], params: P) -> R: ...

    async def open(
        self, *, token: str | None = None, handle: str | None = None, password: str | None = None
    ) -> SessionOpenedResult: ...

    def events(self) -> AsyncIterator[EventMessage]: ...

    def on_state(self, callback: Callable[[ClientState], object]) -> Callable[[], None]: ...


Dial = Callable[[str | None], AbstractAsyncContextManager[Sdk]]
"""Connects, with this token where there is one. Raises ConnectionLost or CallError."""
