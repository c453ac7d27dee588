"""The yardstick: the least a `websockets` server can do for a group. It checks, keeps and knows nothing.

``python -m tests.bench.bare`` prints its port and hands every message to everybody in the group that the
path names (``/7``) by the library's own ``broadcast()``, until it is told to stop.
"""

from __future__ import annotations

import asyncio
import signal

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

_PING_S = 60  # as the server under test: it never comes due while a scenario runs


async def main() -> None:
    groups: dict[str, set[ServerConnection]] = {}

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        members = groups.setdefault(connection.request.path, set())
        members.add(connection)
        try:
            async for message in connection:
                broadcast(members, message)
        except ConnectionClosed:
            pass
        finally:
            members.discard(connection)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(
        talk, "127.0.0.1", 0, compression=None, ping_interval=_PING_S, ping_timeout=_PING_S, close_timeout=2
    ) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
