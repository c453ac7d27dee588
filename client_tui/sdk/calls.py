"""Calls that wait for their answer, and what becomes of them when the line goes dead. Knows no socket.

A call is *unsent* until its frame is handed to a connection. When the connection is lost,

- what was unsent stays unsent: nobody has seen it, so it goes out on the next connection;
- a call with a ``client_op_id`` goes out again, byte for byte: the server answers a repeat with the first
  result, so it happens once however often it is sent;
- anything else that was sent fails with ConnectionLost: nobody here can know whether it happened.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic

from client_tui.sdk.codec import Failure, Reply, encode_call, typed
from client_tui.sdk.errors import ConnectionLost, ProtocolFault, SdkError
from server.wire.verb import P, R, Verb
from server.wire.vocabulary import Params


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """A result, and whether it is that of an earlier sending of the same call."""

    result: R
    replayed: bool


@dataclass(eq=False, slots=True)
class PendingCall(Generic[R]):
    """One call on its way. Whoever made it waits for ``answer``."""

    id: int
    verb: Verb[Any, R]
    params: Params
    frame: str
    answer: asyncio.Future[Answer[R]]
    repeatable: bool
    sent: bool = False


@dataclass(slots=True)
class Calls:
    """Every call without an answer yet, by id, and those among them that are still to be sent, in order."""

    _next_id: int = 1
    _pending: dict[int, PendingCall[Any]] = field(default_factory=dict)
    _unsent: deque[PendingCall[Any]] = field(default_factory=deque)
    _some_unsent: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, verb: Verb[P, R], params: P) -> PendingCall[R]:
        call = self._new(verb, params)
        self._unsent.append(call)
        self._some_unsent.set()
        return call

    def draft(self, verb: Verb[P, R], params: P) -> PendingCall[R]:
        """A call that the caller sends at once, past the queue: how a connection resumes its session."""
        call = self._new(verb, params)
        call.sent = True
        return call

    def _new(self, verb: Verb[P, R], params: P) -> PendingCall[R]:
        id_, self._next_id = self._next_id, self._next_id + 1
        future: asyncio.Future[Answer[R]] = asyncio.get_running_loop().create_future()
        repeatable = "client_op_id" in verb.params.model_fields
        call = PendingCall(id_, verb, params, encode_call(id_, verb, params), future, repeatable)
        self._pending[id_] = call
        return call

    @property
    def anybody_waits(self) -> bool:
        return any(not call.answer.done() for call in self._pending.values())

    async def next_unsent(self) -> PendingCall[Any]:
        """The next call to send, in the order of the calls; waits until there is one.

        Marks it sent: once bytes may have left, a loss is no longer harmless.
        """
        while not self._unsent:
            self._some_unsent.clear()
            await self._some_unsent.wait()
        call = self._unsent.popleft()
        call.sent = True
        return call

    def abandon(self, call: PendingCall[Any]) -> None:
        """Nobody waits for the answer any more. A call that was not sent never will be."""
        if not call.sent and self._pending.pop(call.id, None) is not None:
            self._unsent.remove(call)

    def replied(self, reply: Reply) -> tuple[PendingCall[Any], Any]:
        """Hand the result to whoever waits. Returns the call and its typed result.

        Raises ProtocolFault for an answer to no call, and for a result that is not what the verb declares.
        """
        call = self._take(reply.id)
        try:
            result = typed(call.verb, reply.result)
        except ProtocolFault as fault:
            _fail(call, fault)
            raise
        if not call.answer.done():
            call.answer.set_result(Answer(result, reply.replayed))
        return call, result

    def failed(self, failure: Failure) -> PendingCall[Any]:
        call = self._take(failure.id)
        _fail(call, failure.error)
        return call

    def connection_lost(self, error: ConnectionLost) -> None:
        """Sort what was sent: again, or never answered."""
        for call in list(self._pending.values()):
            if call.answer.done() or (call.sent and not call.repeatable):
                del self._pending[call.id]
                _fail(call, error)
            else:
                call.sent = False
        self._unsent = deque(self._pending.values())  # a dict keeps its order, and ids only grow
        if self._unsent:
            self._some_unsent.set()

    def end(self, error: SdkError) -> None:
        """No connection will ever follow."""
        for call in self._pending.values():
            _fail(call, error)
        self._pending.clear()
        self._unsent.clear()

    def _take(self, id_: int) -> PendingCall[Any]:
        try:
            return self._pending.pop(id_)
        except KeyError:
            raise ProtocolFault(f"an answer to call {id_}, which nobody made") from None


def _fail(call: PendingCall[Any], error: SdkError) -> None:
    if not call.answer.done():
        call.answer.set_exception(error)
        call.answer.exception()  # seen: a call that nobody awaits any more is no news for the log
