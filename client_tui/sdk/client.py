"""The client: one conversation with a server that outlives its connections. Knows no screen and no rule.

One task keeps the client connected. Per connection it reads, and a second task writes, so calls leave in the
order in which they were made. What the frames mean is decided in `conversation`; this file only moves them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from client_tui.sdk.calls import Answer
from client_tui.sdk.codec import EventMessage
from client_tui.sdk.conversation import Conversation, Credentials, ResumeRefused
from client_tui.sdk.errors import ConnectionLost, ProtocolFault, SdkError
from client_tui.sdk.fetching import Fetching
from client_tui.sdk.replica import Replica
from client_tui.sdk.retry import RetryPolicy, may_reconnect
from server.wire.session_states import State
from server.wire.verb import P, R, Verb
from server.wire.verbs.session import OPEN, SessionOpenedResult
from server.wire.vocabulary import ClientClass

T = TypeVar("T")
ClientState = Literal["connecting", "anonymous", "resuming", "online", "offline"]

# A snapshot of 500 members and 50 messages of 4000 characters fits several times.
_MAX_FRAME_BYTES = 16 * 1024 * 1024
_CLOSE_TIMEOUT_S = 5.0
# At level DEBUG the library logs every frame, and some carry a password or an identity.
_quiet = logging.getLogger("client_tui.sdk.websockets")
_quiet.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class _Lost:
    """How a connection ended."""

    error: SdkError
    final: bool
    asked_s: float = 0.0


class Client:
    """Made by ``connect``; see there for the arguments.

    Use it from one event loop. Calls may be made from any task and overlap freely.
    """

    def __init__(self, url: str, conversation: Conversation, retry: RetryPolicy, op_prefix: str) -> None:
        self.client_class: ClientClass = conversation.client_class
        """What this client calls itself when it logs in or registers."""
        self._url, self._talk, self._retry, self._op_prefix = url, conversation, retry, op_prefix
        self._ops = 0
        self._dialling = True
        self._state: ClientState = "connecting"
        self._was_ready = self._heard = False
        self._retry_in_s: float | None = None
        self._ended: Exception | None = None
        self._opened = asyncio.Event()
        self._listeners: list[Callable[[ClientState], object]] = []
        self._watchers: list[asyncio.Future[None]] = []
        self._fetching = Fetching(conversation, self, retry, self._look_around)
        self._task: asyncio.Task[None] | None = None

    # --- what is known ---------------------------------------------------------------------------------

    @property
    def state(self) -> ClientState:
        return self._state

    @property
    def session(self) -> SessionOpenedResult | None:
        """The answer to the last log-in or resume; None when nobody is logged in."""
        return self._talk.session

    @property
    def replica(self) -> Replica:
        """The state behind the events. Empty when connected with ``snapshots=False``."""
        return self._talk.replica

    @property
    def token(self) -> str | None:
        """What to log in with next time. Worth as much as the password: keep it as carefully."""
        return self._talk.credentials.token if self._talk.credentials else None

    @property
    def retry_in_s(self) -> float | None:
        """While offline: how long the wait for the next try is. None when none will follow."""
        return self._retry_in_s

    @property
    def ended(self) -> Exception | None:
        """Why there will be no further connection; None as long as there may be one."""
        return self._ended

    def op_id(self) -> str:
        """A fresh ``client_op_id``: unique to this client, and to this run of it."""
        self._ops += 1
        return f"{self._op_prefix}-{self._ops}"

    # --- calling -----------------------------------------------------------------------------------------

    async def call(self, verb: Verb[P, R], params: P) -> R:
        """The result of one call.

        Without a connection the call waits for the next one: bound it with ``asyncio.timeout``. A call with
        a ``client_op_id`` that was on its way when the connection was lost is sent again and happens once.

        Raises CallError when the server refuses, ConnectionLost when nobody can know the answer.
        """
        return (await self.call_detailed(verb, params)).result

    async def call_detailed(self, verb: Verb[P, R], params: P) -> Answer[R]:
        """As ``call``, and says whether the server had done this very call before (``replayed``)."""
        if self._ended is not None:
            raise self._no_answer()
        call = self._talk.calls.add(verb, params)
        self._talk.events.hurry(True)
        try:
            return await call.answer
        finally:
            self._talk.calls.abandon(call)
            self._talk.events.hurry(self._talk.calls.anybody_waits)

    async def open(
        self, *, token: str | None = None, handle: str | None = None, password: str | None = None
    ) -> SessionOpenedResult:
        """Log in on an anonymous connection; returns when everything missed has come in.

        Raises CallError, such as ``bad_credentials``; the connection stays anonymous then.
        """
        opened = await self.call(OPEN, self._talk.opening(Credentials(token, handle, password)))
        await self.reached("online")
        return opened

    # --- listening ---------------------------------------------------------------------------------------

    def events(self) -> AsyncIterator[EventMessage]:
        """Every event since the client connected, once each, as far as nobody has read it yet.

        Two loops over it share the events between them. Ends when the client is closed. Raises the reason
        when the client ended for good, and EventsLost when events were given up: one may read on after that.
        """
        self._talk.events.reading_begins()
        return self._talk.events

    def on_state(self, callback: Callable[[ClientState], object]) -> Callable[[], None]:
        """Have ``callback`` called on the loop after each change of state. Returns how to stop that."""
        self._listeners.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)

        return unsubscribe

    async def until(self, holds: Callable[[], T]) -> T:
        """Wait until ``holds()`` is true, and return what it gave.

        It is asked after each event and each change of state: how a script waits for an effect without
        sleeping. Raises the reason when the client ends first.
        """
        while not (value := holds()):
            if self._ended is not None:
                raise self._ended
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.append(turn)
            await turn
        return value

    async def reached(self, *states: ClientState) -> ClientState:
        """Wait until the state is one of these."""
        await self.until(lambda: self._state in states)
        return self._state

    # --- living and ending -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect, and log in where there are credentials. Raises what the first try raises; the client has
        ended then."""
        self._task = asyncio.create_task(self._live(), name="qunzu client")
        try:
            await self.until(lambda: self._was_ready)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Leave. Calls without an answer fail with ConnectionLost; events that came can still be read."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            try:
                await asyncio.wait({task, *self._fetching.stop()})
            finally:
                self._end(None)

    async def _live(self) -> None:
        try:
            self._end(await self._stay_connected())
        except Exception as bug:
            self._end(bug)  # whoever calls or listens is told; it cannot be hidden by a retry

    async def _stay_connected(self) -> SdkError:
        """Connect again and again; returns the reason why not any more."""
        attempt = 0
        while True:
            self._heard = False
            lost = await self._connect_once()
            # A server that takes the connection and drops it unheard is no better than one that is not there.
            if self._heard and self._state in ("online", "anonymous"):
                attempt = 0
            self._talk.breaks_off(ConnectionLost(f"on the way: {lost.error}"))
            # A first try that fails is an answer to whoever asked; what worked once is worth coming back to.
            if lost.final or not self._was_ready or self._retry.gives_up(attempt):
                return lost.error
            self._retry_in_s = self._retry.delay_s(attempt, lost.asked_s)
            self._dialling = False
            self._look_around()
            await self._retry.sleep(self._retry_in_s)
            self._retry_in_s = None
            self._dialling = True
            self._look_around()
            attempt += 1

    async def _connect_once(self) -> _Lost:
        try:
            websocket = await dial(
                self._url,
                compression=None,
                proxy=None,
                max_size=_MAX_FRAME_BYTES,
                close_timeout=_CLOSE_TIMEOUT_S,
                logger=_quiet,
            )
        except InvalidStatus as refused:
            status = refused.response.status_code
            return _Lost(ConnectionLost(f"HTTP status {status}"), final=400 <= status < 500 and status != 429)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            return _Lost(ConnectionLost(f"cannot connect: {error}"), final=False)
        try:
            return await self._converse(websocket)
        finally:
            await _hang_up(websocket)

    async def _converse(self, websocket: ClientConnection) -> _Lost:
        self._opened.clear()
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(websocket))
            lost = await self._read(websocket)
            writer.cancel()
        return lost

    async def _write(self, websocket: ClientConnection) -> None:
        with suppress(ConnectionClosed):  # the reader hears of it too, and says so
            log_in = self._talk.begins()
            self._look_around()
            if log_in is not None:
                await websocket.send(log_in.frame)
                # Calls that wait would be refused if the session turned out to be over: it goes first.
                await self._opened.wait()
            while True:
                call = await self._talk.calls.next_unsent()
                await websocket.send(call.frame)

    async def _read(self, websocket: ClientConnection) -> _Lost:
        try:
            while True:
                await self._talk.events.room()
                frame = await websocket.recv()
                self._heard = True
                event = self._talk.take(frame)
                self._look_around()
                if event is not None:
                    self._fetching.look(event.at)
        except ConnectionClosed as closed:
            return _lost(closed)
        except ResumeRefused as refused:
            return _Lost(refused.error, not refused.error.retryable, refused.error.retry_after_s)
        except ProtocolFault as fault:
            return _Lost(fault, final=True)

    # --- telling ---------------------------------------------------------------------------------------

    def _look_around(self) -> None:
        """Tell of a new state, and let those who wait for something look again."""
        state = self._state_now()
        if state != self._state:
            self._state = state
            self._was_ready = self._was_ready or state in ("online", "anonymous")
            loop = asyncio.get_running_loop()
            for listener in self._listeners:
                loop.call_soon(listener, state)  # a listener that fails is the loop's to report, not our end
            if state == "resuming":
                self._opened.set()
        watchers, self._watchers = self._watchers, []
        for turn in watchers:
            if not turn.done():
                turn.set_result(None)

    def _state_now(self) -> ClientState:
        match self._talk.state:
            case State.OPEN:
                return "online"
            case State.RESUMING:
                return "resuming"
            case State.ANONYMOUS:
                return "anonymous" if self._talk.credentials is None else "connecting"
            case State.CLOSED:
                return "connecting" if self._dialling and self._ended is None else "offline"

    def _end(self, error: Exception | None) -> None:
        """Nothing follows. ``error`` None: we chose to leave."""
        if self._ended is not None:
            return
        self._ended = error or ConnectionLost("closed by this side", final=True)
        self._talk.state = State.CLOSED
        self._talk.calls.end(self._no_answer())
        self._talk.events.end(error)
        self._look_around()

    def _no_answer(self) -> ConnectionLost:
        code = self._ended.code if isinstance(self._ended, ConnectionLost) else None
        lost = ConnectionLost(f"no connection any more: {self._ended}", code=code, final=True)
        lost.__cause__ = self._ended
        return lost


async def _hang_up(websocket: ClientConnection) -> None:
    """Close. The answer to that stands behind whatever nobody has read: take it out of the way."""
    closing = asyncio.create_task(websocket.close())
    with suppress(ConnectionClosed):
        while True:
            await websocket.recv()
    await closing


def _lost(closed: ConnectionClosed) -> _Lost:
    """What a closed connection means. Our own close code counts where the other side sent none: a frame too
    big for us would be too big again."""
    heard = closed.rcvd or closed.sent
    if heard is None:
        return _Lost(ConnectionLost("the line went dead"), final=False)
    final = not may_reconnect(heard.code)
    said = heard.reason or "no reason given"
    return _Lost(ConnectionLost(f"closed with {heard.code}: {said}", code=heard.code, final=final), final)
