"""The far end of a WebSocket as an attacker has it: any bytes, any frame. Judges nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any, Self

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Closed:
    """How the server ended a connection; ``code`` None when it sent no close frame."""

    code: int | None


def frame(
    payload: bytes,
    opcode: int = TEXT,
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    claims: int | None = None,
) -> bytes:
    """One client frame. ``claims`` is the length it says it has, if that is not the truth."""
    length = len(payload) if claims is None else claims
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    flag = 0x80 if masked else 0
    if length < 126:
        head = struct.pack("!BB", first, flag | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, flag | 126, length)
    else:
        head = struct.pack("!BBQ", first, flag | 127, length)
    # A mask of zeroes is a mask: the payload stays as it is.
    return head + (b"\0\0\0\0" if masked else b"") + payload


class RawPeer:
    """``async with RawPeer(port) as peer``: a connection past its handshake."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self._port, self._receive_buffer = port, receive_buffer

    async def __aenter__(self) -> Self:
        line = socket.socket()
        line.setblocking(False)
        if self._receive_buffer is not None:  # before connecting: afterwards it would be too late to shrink
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", self._port))
        self.reader, self.writer = await asyncio.open_connection(sock=line, limit=2**22)
        self.writer.write(_HANDSHAKE.encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def call(self, id_: str, method: str, **params: Any) -> None:
        body = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
        self.send(frame(json.dumps(body).encode()))

    async def next(self) -> str | Closed:
        """The next text frame, or how the connection ended. Pings are answered, pongs passed over."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    opcode, payload = await self._frame()
                except (asyncio.IncompleteReadError, ConnectionError):
                    return Closed(None)
                if opcode == TEXT:
                    return payload.decode()
                if opcode == CLOSE:
                    return Closed(struct.unpack("!H", payload[:2])[0])
                if opcode == PING:
                    self.send(frame(payload, PONG))

    async def answers(self, probe: str) -> list[Any] | Closed:
        """Everything answered before the call with the id ``probe``, events left out."""
        found: list[Any] = []
        while True:
            got = await self.next()
            if isinstance(got, Closed):
                return got
            value = json.loads(got)
            if isinstance(value, dict) and value.get("id") == probe:
                return found
            if not (isinstance(value, dict) and value.get("method") == "event"):
                found.append(value)

    async def ended(self) -> Closed:
        """Read on until the connection ends."""
        while not isinstance(got := await self.next(), Closed):
            pass
        return got

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(length)
