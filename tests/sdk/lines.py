"""What can happen to a line, done to the real server from its side of the socket. Knows no call, no event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from client_tui.sdk import Client, RetryPolicy
from server.main import Server
from server.transport.outlet import SocketOutlet


async def at_once(seconds: float) -> None:
    """Waiting as tests do it: the others have a turn, no time passes."""
    await asyncio.sleep(0)


IMPATIENT = RetryPolicy(sleep=at_once)


def outlets(server: Server, client: Client | None = None) -> list[SocketOutlet]:
    """The server's ends of the connections, of everybody or of one client's session (None: the anonymous)."""
    live = server._listener._live
    if client is None:
        return list(live.values())
    session = client.session.session.session if client.session else None
    return [outlet for connection, outlet in live.items() if connection.session == session]


def cut(server: Server, client: Client | None = None) -> int:
    """Kill TCP connections without a word: no close frame, what was not sent is gone. Returns how many."""
    ends = outlets(server, client)
    for end in ends:
        end._socket.transport.abort()
    return len(ends)


@contextmanager
def on_next_write(
    server: Server, client: Client, instead: Callable[[SocketOutlet, bytes], object]
) -> Iterator[None]:
    """Have something else happen, once, in place of the next bytes that the client would get."""
    (end,) = outlets(server, client)
    write = end.write

    def once(frames: bytes) -> None:
        end.write = write  # type: ignore[method-assign]
        instead(end, frames)

    end.write = once  # type: ignore[method-assign]
    try:
        yield
    finally:
        end.write = write  # type: ignore[method-assign]


async def settle(holds: Callable[[], Awaitable[bool]], turns: int = 10_000) -> None:
    """Turn the loop until it holds: for what no client can wait for."""
    for _ in range(turns):
        if await holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
