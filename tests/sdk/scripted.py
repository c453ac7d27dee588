"""A server that does what the real one never does. Only for that: the rest is tested against the real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from server.wire.codec import encode_error, encode_event, encode_result
from server.wire.errors import WireError
from server.wire.events import CAUGHT_UP, CaughtUp, Event
from server.wire.models import AccountSnapshot, AccountView, Limits, SessionView
from server.wire.verbs.session import SessionOpenedResult
from server.wire.vocabulary import Seq, SessionId, WireModel, account_stream
from tests.sdk.logs import ACCOUNT, START, TYPE_OF, account

TOKEN = "t" * 43


class Scene:
    """One connection of the scripted server."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def call(self) -> dict[str, Any]:
        """The next call of the client."""
        heard: dict[str, Any] = json.loads(await self.socket.recv())
        return heard

    async def answer(self, call: dict[str, Any], result: WireModel | WireError) -> None:
        encoded = (
            encode_error(call["id"], result)
            if isinstance(result, WireError)
            else encode_result(call["id"], result)
        )
        await self.socket.send(encoded)

    async def tell(self, data: WireModel, seq: int | None = None, stream: str | None = None) -> None:
        where = account_stream(ACCOUNT) if stream is None else stream
        event = Event(where, None if seq is None else Seq(seq), TYPE_OF[type(data)], START, data)  # type: ignore[arg-type]
        await self.socket.send(encode_event(event))

    async def let_in(self, *snapshots: WireModel) -> None:
        """Answer a log-in, tell of the snapshots, and say that this is all."""
        await self.answer(await self.call(), opened())
        for snapshot in snapshots:
            await self.tell(snapshot)
        await self.tell(CaughtUp(replayed=0))
        assert TYPE_OF[CaughtUp] == CAUGHT_UP.name


@asynccontextmanager
async def scripted(*scenes: Callable[[Scene], Awaitable[object]]) -> AsyncIterator[str]:
    """A server whose first connection plays the first scene, and so on; the last one is played again."""
    played = 0

    async def play(socket: ServerConnection) -> None:
        nonlocal played
        scene = scenes[min(played, len(scenes) - 1)]
        played += 1
        await scene(Scene(socket))

    async with serve(play, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ws"


def opened(**changes: Any) -> SessionOpenedResult:
    me: AccountView = account()
    values: dict[str, Any] = {
        "session": session(),
        "token": TOKEN,
        "account": me,
        "protocol": 1,
        "limits": Limits(
            max_frame_bytes=65_536,
            max_batch=50,
            max_depth=16,
            max_in_flight=16,
            text_max_chars=4000,
            history_page_max=100,
            recent_in_snapshot=50,
            replay_limit_events=1000,
            recall_seconds=120,
            idle_seconds=120,
        ),
        "streams": [],
        "server_time": START,
        "policy": "0" * 64,
        "simulation": True,
    }
    return SessionOpenedResult(**(values | changes))


def session() -> SessionView:
    return SessionView(session=SessionId("S-1"), client="test", opened_at=START)


def account_snapshot(as_of: int = 1, **changes: Any) -> AccountSnapshot:
    values: dict[str, Any] = {
        "as_of": as_of,
        "account": account(),
        "memberships": [],
        "sessions": [session()],
    }
    return AccountSnapshot(**(values | changes))
