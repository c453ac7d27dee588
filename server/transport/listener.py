"""The listening socket: WebSocket connections on ``/ws``, pages on every other path."""

from __future__ import annotations

import asyncio
import http
from typing import Any, cast
from weakref import WeakSet

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from server.services.connection import Connection
from server.services.dispatcher import Dispatcher
from server.services.hub import Hub
from server.services.world import World
from server.transport.origins import origin_of
from server.transport.outlet import SocketOutlet
from server.transport.pages import Page, Pages
from server.transport.peer import Peer
from server.wire.errors import Close

WS_PATH = "/ws"
_FULL = Page(503, "text/plain; charset=utf-8", b"Too many connections. Try again shortly.\n")


class Listener:
    def __init__(self, world: World, dispatcher: Dispatcher, hub: Hub, pages: Pages) -> None:
        self._world, self._dispatcher, self._hub, self._pages = world, dispatcher, hub, pages
        self._bounds = world.policy.connection
        self._live: dict[Connection, SocketOutlet] = {}
        self._sockets: WeakSet[ServerConnection] = WeakSet()
        self._server: Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address really taken (port 0 asks for any). Raises OSError."""
        idle = self._bounds.idle_seconds
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=self._page,
            compression=None,
            max_size=self._bounds.max_frame_bytes,
            max_queue=8,
            ping_interval=idle / 2,
            ping_timeout=idle / 2,
            close_timeout=2,
            server_header="qunzu",
            create_connection=cast(type[ServerConnection], self._remember),  # called, never subclassed
        )
        name = next(iter(self._server.sockets)).getsockname()
        return name[0], name[1]

    @property
    def connections(self) -> int:
        return len(self._live)

    async def stop(self, grace_s: float) -> None:
        """Take no new connection, tell the others to come back later (4012), wait at most ``grace_s``.

        Whoever is there afterwards is cut: a peer that does not answer, or one that never said what it wants.
        """
        if self._server is None:
            return
        self._server.close(close_connections=False)
        outlets = list(self._live.values())
        for connection in list(self._live):
            connection.flush()
            connection.close(Close.RESTARTING, "restarting")
        if outlets:
            await asyncio.wait([asyncio.create_task(outlet.closed()) for outlet in outlets], timeout=grace_s)
        for socket in list(self._sockets):
            socket.transport.abort()
        await self._server.wait_closed()

    def _remember(self, *arguments: Any, **options: Any) -> ServerConnection:
        # `websockets` itself only knows connections past their handshake, and waits for the others.
        socket = Peer(*arguments, most_waiting=self._bounds.outbox_max_bytes, **options)
        self._sockets.add(socket)
        return socket

    async def _serve(self, socket: ServerConnection) -> None:
        outlet = SocketOutlet(socket)
        origin = origin_of(socket, self._world.policy.logs.trusted_proxies)
        connection = Connection(outlet, origin, self._bounds.outbox_max_bytes)
        self._live[connection] = outlet
        try:
            async for frame in socket:
                if isinstance(frame, bytes):
                    connection.close(Close.UNSUPPORTED_DATA, "text frames only")
                    break
                await self._dispatcher.receive(connection, frame)
        except ConnectionClosed:
            pass  # a peer that goes away without closing is everyday life
        finally:
            self._hub.detach(connection)
            connection.lost()
            del self._live[connection]
            await outlet.closed()

    async def _page(self, socket: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == WS_PATH:
            return None if len(self._live) < self._bounds.max_total else _response(_FULL)
        if request.method not in ("GET", "HEAD"):
            response = _response(Page(405, "text/plain; charset=utf-8", b"Pages can only be read.\n"))
            response.headers["Allow"] = "GET, HEAD"
            return response
        response = _response(await self._pages.page(path))
        if request.method == "HEAD":
            response.body = b""
        return response


def _response(page: Page) -> Response:
    headers = Headers(
        {
            "Content-Type": page.content_type,
            "Content-Length": str(len(page.body)),
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(page.status, http.HTTPStatus(page.status).phrase, headers, page.body)
