"""A `websockets` connection that is cut when it does not take what the library answers by itself.

The library answers each ping at once and asks nobody whether the peer reads. Whoever sends pings and reads
nothing would have the pongs pile up here; the outbox of events has a limit, and this is the same one.
"""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection


class Peer(ServerConnection):
    """``most_waiting``: bytes that may wait for the peer when an answer of the library joins them."""

    def __init__(self, *arguments: Any, most_waiting: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._most_waiting = most_waiting

    def data_received(self, data: bytes) -> None:
        before = self.transport.get_write_buffer_size()
        super().data_received(data)
        after = self.transport.get_write_buffer_size()
        if after > max(before, self._most_waiting):
            self.transport.abort()
