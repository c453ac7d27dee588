"""Brings the snapshots that the replica wants: one task a stream, until there is one or none can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from client_tui.sdk.codec import EventMessage
from client_tui.sdk.conversation import Conversation
from client_tui.sdk.errors import CallError, GapInStream, SdkError
from client_tui.sdk.retry import RetryPolicy
from server.wire.events import STREAM_SNAPSHOT, StreamSnapshot
from server.wire.group_id import GroupId
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.session_states import State
from server.wire.verb import P, R, Verb
from server.wire.verbs.account import GET_ACCOUNT, GetAccountParams
from server.wire.verbs.group import SNAPSHOT, SnapshotParams
from server.wire.vocabulary import StreamName


class Caller(Protocol):
    async def call(self, verb: Verb[P, R], params: P) -> R: ...


class Fetching:
    """``arrived`` is called after each snapshot that was taken into the replica."""

    def __init__(
        self, talk: Conversation, caller: Caller, retry: RetryPolicy, arrived: Callable[[], object]
    ) -> None:
        self._talk, self._caller, self._retry, self._arrived = talk, caller, retry, arrived
        self._tasks: dict[StreamName, asyncio.Task[None]] = {}

    def look(self, at: datetime) -> None:
        """Fetch what is wanted and not being fetched; ``at``: when the event came that made it wanted."""
        if self._talk.state is State.OPEN:  # before that, the snapshots may be on their way already
            for stream in self._talk.replica.wanted - self._tasks.keys():
                self._tasks[stream] = asyncio.create_task(self._fetch(stream, at))

    def stop(self) -> set[asyncio.Task[None]]:
        """Give everything up; returns the tasks that are about to end."""
        for task in self._tasks.values():
            task.cancel()
        return set(self._tasks.values())

    async def _fetch(self, stream: StreamName, at: datetime) -> None:
        try:
            while stream in self._talk.replica.wanted:
                snapshot = await self._snapshot(stream)
                if snapshot is None:
                    self._talk.replica.give_up(stream)
                else:
                    with suppress(GapInStream):  # it is wanted again then
                        self._talk.replica.install(snapshot)
                    self._talk.events.put(_news(stream, snapshot, at))
                self._arrived()
        except SdkError:
            pass  # no connection: it is still wanted, and looked for again once the client has caught up
        finally:
            del self._tasks[stream]

    async def _snapshot(self, stream: StreamName) -> GroupSnapshot | AccountSnapshot | None:
        """None when the server says that there is none for us."""
        attempt = 0
        while True:
            try:
                if stream.startswith("group:"):
                    group = GroupId(stream.removeprefix("group:"))
                    return await self._caller.call(SNAPSHOT, SnapshotParams(group=group))
                return await self._caller.call(GET_ACCOUNT, GetAccountParams())
            except CallError as error:
                if not error.retryable:
                    return None
                await self._retry.sleep(self._retry.delay_s(attempt, error.retry_after_s))
                attempt += 1


def _news(stream: StreamName, snapshot: GroupSnapshot | AccountSnapshot, at: datetime) -> EventMessage:
    """The same event as when the server sends a snapshot by itself: a screen need not know the difference."""
    if isinstance(snapshot, GroupSnapshot):
        data = StreamSnapshot(as_of=snapshot.as_of, kind="group", snapshot=snapshot.model_dump())
    else:
        data = StreamSnapshot(as_of=snapshot.as_of, kind="account", snapshot=snapshot.model_dump())
    return EventMessage(stream, None, STREAM_SNAPSHOT.name, at, data)
