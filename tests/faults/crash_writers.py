"""Those who write while the server is being killed, and what they remember of it. Judges nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from client_tui.sdk import Client
from server.wire.group_id import GroupId
from server.wire.verb import Verb
from server.wire.verbs.group import (
    JOIN_GROUP,
    LEAVE_GROUP,
    SET_NICKNAME,
    JoinGroupParams,
    LeaveGroupParams,
    SetNicknameParams,
)
from server.wire.verbs.message import MARK_READ, RECALL, SEND, MarkReadParams, RecallParams, SendParams, Sent
from server.wire.vocabulary import Params, Seq


@dataclass(eq=False)
class Told:
    """One write: what was asked, and what was answered, if it was."""

    verb: Verb[Any, Any]
    params: Any
    result: Any = None
    replayed: bool = False
    waited_through_a_crash: bool = False


@dataclass
class Author:
    """Sends, recalls, marks, comes and goes, all without waiting for answers. ``told`` keeps every write."""

    name: str
    client: Client
    home: GroupId
    elsewhere: GroupId
    draws: random.Random
    acknowledged: Callable[[], None]
    told: list[Told] = field(default_factory=list)
    recalled: set[Seq] = field(default_factory=set)
    is_elsewhere: bool = False

    def write(self, how_many: int) -> list[asyncio.Task[None]]:
        """Begin this many writes; they leave in this order, whatever becomes of the connection."""
        return [asyncio.create_task(self._tell(self._next())) for _ in range(how_many)]

    def unanswered(self) -> list[Told]:
        return [it for it in self.told if it.result is None]

    def sends(self) -> list[Told]:
        return [it for it in self.told if it.verb is SEND]

    async def _tell(self, told: Told) -> None:
        answer = await self.client.call_detailed(told.verb, told.params)
        told.result, told.replayed = answer.result, answer.replayed
        self.acknowledged()

    def _next(self) -> Told:
        told = Told(*self._drawn())
        self.told.append(told)
        return told

    def _drawn(self) -> tuple[Verb[Any, Any], Params]:
        op, chance = self.client.op_id(), self.draws.random()
        mine = [it.result.event_seq for it in self.sends() if isinstance(it.result, Sent)]
        if chance < 0.06 and mine and mine[-1] not in self.recalled:
            self.recalled.add(mine[-1])
            return RECALL, RecallParams(group=self.home, message=mine[-1], client_op_id=op)
        if chance < 0.14:
            return MARK_READ, MarkReadParams(group=self.home, seq=Seq(len(self.told)), client_op_id=op)
        if chance < 0.20:
            self.is_elsewhere = not self.is_elsewhere
            if self.is_elsewhere:
                return JOIN_GROUP, JoinGroupParams(group=self.elsewhere, client_op_id=op)
            return LEAVE_GROUP, LeaveGroupParams(group=self.elsewhere, client_op_id=op)
        if chance < 0.23:
            nickname = f"{self.name} {len(self.told)}"
            return SET_NICKNAME, SetNicknameParams(group=self.home, nickname=nickname, client_op_id=op)
        return SEND, SendParams(group=self.home, text=f"{self.name}-{len(self.told)}", client_op_id=op)


@dataclass
class Deserter:
    """Sends over a bare socket, and never comes back to ask what became of it."""

    url: str
    token: str
    home: GroupId
    acknowledged: Callable[[], None]
    sent: list[str] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)
    """What was acknowledged: text to seq."""

    async def write(self, how_many: int) -> None:
        try:
            async with dial(self.url, compression=None) as socket:
                client = {"name": "bare", "version": "1"}
                await socket.send(_call("open", "session.open", {"token": self.token, "client": client}))
                for _ in range(how_many):
                    text = f"deserter-{len(self.sent)}"
                    self.sent.append(text)
                    params = {"group": self.home, "text": text, "client_op_id": f"op-{text}"}
                    await socket.send(_call(text, "message.send", params))
                while True:
                    reply = json.loads(await socket.recv())
                    if reply.get("id") in self.sent:
                        self.seqs[reply["id"]] = reply["result"]["event_seq"]
                        self.acknowledged()
        except (ConnectionClosed, InvalidHandshake, OSError):
            pass  # the crash


@dataclass
class Mute:
    """Sends over a bare socket and reads no answer; after the crash it asks again, with the same op ids. To
    it every answer was lost, so whatever was committed before the kill has to come back as a replay."""

    url: str
    token: str
    home: GroupId
    sent: list[str] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    asked: int = 0
    """How many of ``sent`` were answered in the end."""
    closing: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def write(self, how_many: int) -> None:
        socket = await self._dial()
        for _ in range(how_many):
            self.sent.append(f"mute-{len(self.sent)}")
            await socket.send(self._send(self.sent[-1]))

    async def ask_again(self) -> int:
        """Repeat what is unanswered; returns how many of the answers were replays."""
        await self.closing.aclose()
        socket, replays = await self._dial(), 0
        for text in self.sent[self.asked :]:
            await socket.send(self._send(text))
            while (reply := json.loads(await socket.recv())).get("id") != text:
                pass
            self.seqs.append(reply["result"]["event_seq"])
            replays += reply["result"].get("replayed", False)
        self.asked = len(self.sent)
        return replays

    async def _dial(self) -> ClientConnection:
        # No bound on what waits unread: a full queue would stop the reading, and closing would wait for it.
        opened = dial(self.url, compression=None, max_queue=None, close_timeout=1)
        socket = await self.closing.enter_async_context(opened)
        client = {"name": "bare", "version": "1"}
        await socket.send(_call("open", "session.open", {"token": self.token, "client": client}))
        return socket

    def _send(self, text: str) -> str:
        return _call(text, "message.send", {"group": self.home, "text": text, "client_op_id": f"op-{text}"})


def _call(id_: str, method: str, params: dict[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
