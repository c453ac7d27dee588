"""Events between the socket and whoever reads them: bounded, and loud about losses. Knows no socket.

Two things may not happen: memory that grows with the silence of a reader, and a call that never gets its
answer because the answer stands behind events that nobody reads. So:

- until somebody asks for events, and while a call waits for its answer, the connection is read on; beyond the
  hard limit the oldest events are given up, and the next read says so with EventsLost;
- otherwise a full queue stops the reading. The network then fills up, and the server may cut the connection
  as too slow (4008): the cursors say where to go on, so that costs a reconnect and no event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from client_tui.sdk.codec import EventMessage
from client_tui.sdk.errors import EventsLost

_HARD = 8  # times the limit: judgement; room for what arrives in front of one slow answer


class EventQueue(AsyncIterator[EventMessage]):
    """``limit``: how many unread events stop the reading.

    An iterator rather than a generator: leaving a loop by ``break`` must not close anything.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[EventMessage] = deque()
        self._given_up = 0
        self._read = False
        self._urgent = False
        self._end: Exception | None = None
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._events)

    def reading_begins(self) -> None:
        self._read = True
        self._look()

    def hurry(self, urgent: bool) -> None:
        """Say whether a call waits for an answer that may stand behind events."""
        self._urgent = urgent
        self._look()

    def put(self, event: EventMessage) -> None:
        self._events.append(event)
        if len(self._events) > self._limit * _HARD:
            self._events.popleft()
            self._given_up += 1
        self._some.set()
        self._look()

    async def room(self) -> None:
        """Wait until it makes sense to read on."""
        await self._room.wait()

    async def __anext__(self) -> EventMessage:
        """The next event. Raises EventsLost once for a run of events that were given up; after the last one,
        the error given to ``end``, or StopAsyncIteration."""
        while not self._events and not self._given_up:
            if self._end is not None:
                raise self._end
            self._some.clear()
            await self._some.wait()
        if self._given_up:
            count, self._given_up = self._given_up, 0
            raise EventsLost(count)
        event = self._events.popleft()
        self._look()
        return event

    def end(self, error: Exception | None) -> None:
        """No more will come; what is here can still be read."""
        self._end = error or StopAsyncIteration()
        self._some.set()
        self._room.set()

    def _look(self) -> None:
        full = len(self._events) >= self._limit
        if full and self._read and not self._urgent and self._end is None:
            self._room.clear()
        else:
            self._room.set()
