"""A client that sees every frame as it is: JSON out, JSON in. Knows no model and repairs nothing.

The SDK would hide what these tests are about: it drops what comes twice, fetches what is missing, reconnects.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any, Self

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed

from server.wire.verbs import VERBS

Json = dict[str, Any]
CLIENT: Json = {"name": "wire", "version": "1", "platform": "test", "architecture": "none"}
_PATIENCE_S = 20.0  # only a failing test waits this long

_ops = count(1)


def fresh_op() -> str:
    """A client_op_id that no other call of this run has."""
    return f"op-{next(_ops):08d}"


class Refusal(Exception):
    """An error in answer to a call, field by field."""

    def __init__(self, error: Json) -> None:
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Json = error["data"]
        self.type: str = self.data["type"]
        self.clause: str | None = self.data.get("clause")
        super().__init__(f"{self.code} {self.type}: {self.message}")


class Wire:
    """One connection. ``frames`` is everything that came, ``events`` and ``replies`` the same, sorted."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []
        self.events: list[Json] = []
        self.replies: list[Any] = []
        self.opened: Json = {}
        """The result of the last session.open."""
        self._ids = count(1)
        self._by_id: dict[Any, Json] = {}
        self._turn = asyncio.Event()
        self._over = False
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def to(cls, url: str, headers: dict[str, str] | None = None) -> Self:
        return cls(await dial(url, compression=None, proxy=None, max_size=None, additional_headers=headers))

    # --- calling ---------------------------------------------------------------------------------------

    async def call(self, method: str, /, **params: Any) -> Json:
        """The result. Raises Refusal. A call that writes gets an op id of its own unless one is given."""
        answer = await self.answer(await self.post(method, **params))
        if "error" in answer:
            raise Refusal(answer["error"])
        result: Json = answer["result"]
        return result

    async def post(self, method: str, /, **params: Any) -> int:
        """Send a call and do not wait; ``answer`` of the id returned does."""
        id_ = next(self._ids)
        if "client_op_id" in VERBS[method].params.model_fields:
            params.setdefault("client_op_id", fresh_op())
        await self.send({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
        return id_

    async def answer(self, id_: Any) -> Json:
        await self.until(lambda: id_ in self._by_id)
        return self._by_id.pop(id_)

    async def refused(self, method: str, /, **params: Any) -> Refusal:
        """The refusal of a call that must not succeed."""
        try:
            result = await self.call(method, **params)
        except Refusal as refusal:
            return refusal
        pytest.fail(f"{method} was not refused: {result}")

    async def send(self, value: Any) -> None:
        await self.socket.send(value if isinstance(value, str | bytes) else json.dumps(value))

    async def exchange(self, value: Any) -> Any:
        """Send a frame as it is (text, or anything JSON can say); the next reply, whatever its id."""
        before = len(self.replies)
        await self.send(value)
        await self.until(lambda: len(self.replies) > before)
        return self.replies[before]

    # --- listening ---------------------------------------------------------------------------------------

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until ``holds()`` is true; it is asked after every frame."""
        async with asyncio.timeout(_PATIENCE_S):
            while not (value := holds()):
                if self._over:
                    pytest.fail(f"closed with {self.socket.close_code} while waiting")
                self._turn.clear()
                await self._turn.wait()
        return value

    async def event(self, type: str, **data: Any) -> Json:
        """The first event of this type whose data has these values; waits for it."""
        found: Json = await self.until(lambda: next(iter(self.heard(type, **data)), None))
        return found

    def heard(self, type: str | None = None, stream: str | None = None, **data: Any) -> list[Json]:
        """The events so far, of a type, of a stream, with these values in their data."""
        return [
            event
            for event in self.events
            if (type is None or event["type"] == type)
            and (stream is None or event["stream"] == stream)
            and data.items() <= event["data"].items()
        ]

    def seqs(self, stream: str) -> list[int]:
        """The places of what was heard of a stream, in the order of arrival; ephemeral events have none."""
        return [event["seq"] for event in self.heard(stream=stream) if "seq" in event]

    async def settled(self) -> None:
        """Return when everything that was committed before this call has arrived here.

        A refused write takes its place in the writer's queue like any other. Its answer may stand in front of
        the events of its own batch; that of a second one cannot.
        """
        for _ in range(2):
            await self.refused("session.revoke", session="S-NOBODY")

    async def ended(self) -> int | None:
        """The close code, once the connection is over."""
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.shield(self._reader)
        return self.socket.close_code

    async def aclose(self) -> None:
        await self.socket.close()
        await self._reader

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.socket.recv()
                assert isinstance(frame, str), "a binary frame"
                self.frames.append(frame)
                self._sort(json.loads(frame))
                self._turn.set()
        except ConnectionClosed:
            pass
        finally:
            self._over = True
            self._turn.set()

    def _sort(self, value: Any) -> None:
        if isinstance(value, dict) and value.get("method") == "event":
            assert value.keys() == {"jsonrpc", "method", "params"}
            self.events.append(value["params"])
            return
        self.replies.append(value)
        if isinstance(value, dict) and isinstance(value["id"], int | str | float):
            self._by_id[value["id"]] = value

    # --- a person's everyday calls -------------------------------------------------------------------------

    @property
    def account(self) -> str:
        return str(self.opened["account"]["account"])

    @property
    def stream(self) -> str:
        return f"account:{self.account}"

    @property
    def session(self) -> str:
        return str(self.opened["session"]["session"])

    async def open(self, **params: Any) -> Json:
        """Log in and wait until the replay is through."""
        before = len(self.heard("session.caught_up"))
        self.opened = await self.call("session.open", **({"client": CLIENT} | params))
        await self.until(lambda: len(self.heard("session.caught_up")) > before)
        return self.opened

    async def founds(self, name: str = "tea", **params: Any) -> str:
        made = await self.call("group.create", name=name, **params)
        return str(made["group"]["group"])

    async def joins(self, group: str, **params: Any) -> str:
        """The reference under which the group knows this person."""
        joined = await self.call("group.join", group=group, **params)
        return str(joined["me"]["ref"])

    async def says(self, group: str, text: str, **params: Any) -> int:
        sent = await self.call("message.send", group=group, text=text, **params)
        return int(sent["event_seq"])

    async def history(self, group: str, **params: Any) -> list[Json]:
        page = await self.call("message.history", group=group, **params)
        messages: list[Json] = page["messages"]
        return messages
