"""Frames to a socket, below the public calls of `websockets`: all that goes around its `send()`.

What `websockets` does for one `send()` (a frame object, a state check, a lock, a drain) it would do once per
event and receiver. A frame to a client is the same bytes for every client, so it is built once, and what a
batch has for one client is written at once.

Contract, kept here and tested in tests/protocol:
- only whole, unmasked, final text frames are written, and only while the connection is open; nothing else
  writes text frames, so frames never interleave with a fragmented message;
- control frames (ping, pong, close) stay with `websockets`, which writes each of them whole;
- no compression is negotiated, so a payload means the same on every connection;
- nothing here waits unless it is asked to (``drained``). What a peer does not take piles up in the transport,
  and ``waiting_bytes`` tells.
"""

from __future__ import annotations

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from server.wire.errors import Close

_MOST_CLOSING_S = 3.0  # a second beyond the `close_timeout` of the listener, which comes first where it can


def text_frame(text: str) -> bytes:
    """One text frame as a server sends it."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class SocketOutlet:
    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._protocol, self._transport = socket.protocol, socket.transport
        self._closing: asyncio.Task[None] | None = None

    def write(self, frames: bytes) -> None:
        if self._protocol.state is State.OPEN:
            self._transport.write(frames)

    def waiting_bytes(self) -> int:
        return self._transport.get_write_buffer_size()

    async def drained(self) -> None:
        with contextlib.suppress(OSError):  # the peer is gone: whoever reads from it hears so
            await self._socket.drain()

    def close(self, code: Close, reason: str = "") -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))

    async def closed(self) -> None:
        if self._closing is not None:
            await self._closing

    async def _close(self, code: Close, reason: str) -> None:
        # `websockets` bounds the wait for the peer's answer, but not the wait for the peer to take our frame.
        try:
            async with asyncio.timeout(_MOST_CLOSING_S):
                await self._socket.close(code, reason)
        except TimeoutError:
            self._socket.transport.abort()
