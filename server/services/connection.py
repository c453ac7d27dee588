"""One client's connection as the use cases see it: who it is, and where frames for it go. Knows no socket.

``Outlet`` is what the transport provides. Frames are WebSocket frames, ready to be written: an event is
framed once for all its receivers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from server.storage.log_rows import Origin
from server.wire.errors import Close, NotAuthenticated
from server.wire.session_states import Input, State, after
from server.wire.vocabulary import AccountId, SessionId

_PIECE = 65_536  # bytes: what a replay writes before it waits for the peer


class Outlet(Protocol):
    def write(self, frames: bytes) -> None:
        """Hand whole frames to the socket at once; never waits. Nothing happens on a closed connection."""
        ...

    def waiting_bytes(self) -> int:
        """Bytes that the peer has not taken yet."""
        ...

    async def drained(self) -> None:
        """Return when the peer has taken nearly everything, or is gone."""
        ...

    def close(self, code: Close, reason: str = "") -> None:
        """Begin to close; what was written before still goes first."""
        ...


class Connection:
    """State of one connection. Its calls run in order; answers leave in that order.

    Frames collect in ``pending`` while the hub works through a batch and leave as one write.
    """

    __slots__ = (
        "_outlet",
        "account",
        "held",
        "held_bytes",
        "in_flight",
        "most_waiting",
        "origin",
        "pending",
        "session",
        "settled",
        "state",
    )

    def __init__(self, outlet: Outlet, origin: Origin, most_waiting: int) -> None:
        self._outlet = outlet
        self.origin = origin
        self.most_waiting = most_waiting
        self.state = State.ANONYMOUS
        self.account: AccountId | None = None
        self.session: SessionId | None = None
        self.pending: list[bytes] = []
        self.held: list[bytes] | None = None
        """While missed events are replayed, live ones wait here; None otherwise."""
        self.held_bytes = 0
        self.in_flight = 0
        """Writes of this connection whose outcome is not known yet."""
        self.settled: asyncio.Event | None = None

    def push(self, frames: bytes) -> None:
        """Queue frames of events; they leave with the next ``flush``."""
        if self.held is None:
            self.pending.append(frames)
        elif self.held_bytes + len(frames) <= self.most_waiting:
            self.held.append(frames)
            self.held_bytes += len(frames)
        else:
            self.close(Close.SLOW_CONSUMER, "too much happened while catching up")

    def reply(self, frame: bytes) -> None:
        """Queue an answer. Answers are never held: they belong to calls made before or during a replay."""
        self.pending.append(frame)

    def flush(self) -> None:
        """One write for everything queued. Cuts a client that does not keep up, and waits for nobody."""
        if self._write() and self._outlet.waiting_bytes() > self.most_waiting:
            self.close(Close.SLOW_CONSUMER, "too slow")

    async def replay(self, frames: Iterable[bytes]) -> None:
        """Write a part of what was missed as fast as the peer takes it: only this connection waits. Stops
        early when the connection is nobody's any more."""
        size = 0
        for frame in frames:
            if self.state is not State.RESUMING:
                return
            self.pending.append(frame)
            size += len(frame)
            if size >= _PIECE:
                size = 0
                self._write()
                await self._outlet.drained()

    async def replay_held(self) -> None:
        """Write what came in while the missed events went out, and what comes in while that goes out."""
        while self.held and self.state is State.RESUMING:
            waiting, self.held, self.held_bytes = self.held, [], 0
            await self.replay(waiting)

    def _write(self) -> bool:
        pending = self.pending
        if not pending:
            return False
        frames = pending[0] if len(pending) == 1 else b"".join(pending)
        pending.clear()
        if self.state is State.CLOSED:
            return False
        self._outlet.write(frames)
        return True

    def close(self, code: Close, reason: str = "") -> None:
        if self.state is not State.CLOSED:
            self._outlet.close(code, reason)

    def step(self, event: Input) -> None:
        """Move on in the table of session states."""
        self.state = after(self.state, event)

    def forget_session(self) -> None:
        """Back to being nobody: whatever the peer still sends is answered like a stranger's call."""
        self.account = self.session = None
        self.held, self.held_bytes = None, 0
        if self.state in (State.OPEN, State.RESUMING):
            self.step(Input.LOGGED_OUT)

    def lost(self) -> None:
        self.state = State.CLOSED
        self.pending.clear()
        self.held = None

    def declare_client(self, client: str) -> None:
        """Note the self-declared class of the client (SA-05.3g) for the log rows that follow."""
        self.origin = replace(self.origin, client=client)

    def caller(self) -> tuple[AccountId, SessionId]:
        """Who is calling. Raises NotAuthenticated: a session can end between two steps of one call."""
        if self.account is None or self.session is None:
            raise NotAuthenticated("login_required")
        return self.account, self.session

    # --- order of calls -------------------------------------------------------------------------------

    def began(self) -> None:
        self.in_flight += 1

    def ended(self) -> None:
        self.in_flight -= 1
        if self.settled is not None:
            self.settled.set()

    async def below(self, most: int) -> None:
        """Wait until fewer than ``most`` writes are under way; 1 waits for all of them."""
        while self.in_flight >= most:
            if self.settled is None:
                self.settled = asyncio.Event()
            self.settled.clear()
            await self.settled.wait()
