"""What each frame means: who is logged in, what was answered, what happened. Decides in memory, never waits.

The client moves the frames; here they become a session, answers, events and the replica. A conversation is
longer than a connection: what it knows is what the next connection resumes from.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from client_tui.sdk.calls import Calls, PendingCall
from client_tui.sdk.codec import EventMessage, Failure, Reply, decode
from client_tui.sdk.cursors import Cursors
from client_tui.sdk.errors import CallError, ConnectionLost, GapInStream, ProtocolFault
from client_tui.sdk.event_queue import EventQueue
from client_tui.sdk.replica import Replica
from server.wire.events import CAUGHT_UP
from server.wire.session_states import IllegalTransition, Input, State, after
from server.wire.verbs.session import CLOSE_SESSION, OPEN, OpenParams, SessionOpenedResult
from server.wire.vocabulary import ClientClass


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to log in: a token, or handle and password. The password is forgotten once there is a token."""

    token: str | None = field(default=None, repr=False)
    handle: str | None = None
    password: str | None = field(default=None, repr=False)


class ResumeRefused(Exception):
    """The server does not take the session up again, for the reason given."""

    def __init__(self, error: CallError) -> None:
        self.error = error


class Conversation:
    """Everything between the frames and the user of the client."""

    def __init__(
        self, client_class: ClientClass, credentials: Credentials | None, snapshots: bool, event_limit: int
    ) -> None:
        self.client_class = client_class
        self.credentials = credentials
        self.snapshots = snapshots
        self.state = State.CLOSED
        self.session: SessionOpenedResult | None = None
        self.replica = Replica()
        self.calls = Calls()
        self.events = EventQueue(event_limit)
        self._cursors = Cursors()
        self._resume: PendingCall[SessionOpenedResult] | None = None

    def begins(self) -> PendingCall[SessionOpenedResult] | None:
        """A connection stands. Returns the call that must go first: the log-in, if there are credentials."""
        self.state = State.ANONYMOUS
        if self.credentials is None:
            return None
        self._resume = self.calls.draft(OPEN, self.opening(self.credentials))
        return self._resume

    def breaks_off(self, why: ConnectionLost) -> None:
        """The connection is gone: every call is either kept for the next one or fails."""
        self.state = State.CLOSED
        self.calls.connection_lost(why)

    def opening(self, credentials: Credentials) -> OpenParams:
        """How to log in, with the cursors that say what was seen already."""
        cursors = None
        if self.session is not None:
            cursors = self._cursors.to_resume()
        elif self.snapshots:
            cursors = {}
        return OpenParams(
            token=credentials.token,
            handle=credentials.handle,
            password=credentials.password,
            client=self.client_class,
            cursors=cursors,
        )

    def take(self, frame: str | bytes) -> EventMessage | None:
        """Understand one frame. Returns the event if it brought one that is news.

        Raises ResumeRefused, and ProtocolFault for what makes no sense now.
        """
        try:
            match decode(frame):
                case Reply() as reply:
                    self._replied(reply)
                case Failure() as failure:
                    if self.calls.failed(failure) is self._resume:
                        raise ResumeRefused(failure.error)
                case EventMessage() as event:
                    return self._happened(event)
        except IllegalTransition as fault:
            raise ProtocolFault(str(fault)) from None
        return None

    def _replied(self, reply: Reply) -> None:
        call, result = self.calls.replied(reply)
        # These two change what the frames behind them mean, so they cannot wait for the caller's turn.
        if isinstance(result, SessionOpenedResult) and isinstance(call.params, OpenParams):
            self.state = after(self.state, Input.SESSION_OPENED)
            self.credentials = Credentials(token=result.token or call.params.token)
            self.session = result
            self.replica.recent_limit = result.limits.recent_in_snapshot
            self._cursors.opened(result.streams, from_now=call.params.cursors is None)
        elif call.verb is CLOSE_SESSION:
            self.state = after(self.state, Input.LOGGED_OUT)
            self.credentials = self.session = None
            self.replica = Replica()
            self._cursors.forget()

    def _happened(self, event: EventMessage) -> EventMessage | None:
        if self.state is State.ANONYMOUS:
            # It was on its way when we logged out: worth telling, but nobody's state any more.
            self.events.put(event)
            return event
        if not self._cursors.admit(event):
            return None
        if self.snapshots:
            with suppress(GapInStream):  # the replica wants the stream then, and the client fetches it
                self.replica.apply(event)
        if event.type == CAUGHT_UP.name:
            self.state = after(self.state, Input.CAUGHT_UP)
        self.events.put(event)
        return event
