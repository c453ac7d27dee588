"""Three clients that can tell the story: our SDK, somebody else's library, a raw socket that keeps frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

from jsonrpc_base import ProtocolError
from jsonrpc_websocket import Server as ThirdParty

from client_tui.sdk import CallError, Client, EventMessage, connect
from server.wire.verbs import VERBS
from server.wire.vocabulary import WireModel
from tests.protocol.story import Told
from tests.protocol.wire import Json, Refusal, Wire

_PATIENCE_S = 60.0


class Heard:
    """Events as they come, for whoever waits for one of them."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Json]] = []
        self._turn = asyncio.Event()

    def put(self, type: str, data: Json) -> None:
        self.events.append((type, data))
        self._turn.set()

    async def first(self, type: str, matches: Callable[[Json], bool]) -> Json:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                for kind, data in self.events:
                    if kind == type and matches(data):
                        return data
                self._turn.clear()
                await self._turn.wait()


class SdkTeller:
    """Our SDK, typed: params are built by the verb's model and results come back as models."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._heard = Heard()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def to(cls, url: str) -> Self:
        return cls(await connect(url))

    async def tell(self, verb: str, /, **params: Any) -> Json:
        declared = VERBS[verb]
        try:
            if verb == "session.open":
                opened = await self.client.open(handle=params["handle"], password=params["password"])
                return opened.model_dump(mode="json")
            result: WireModel = await self.client.call(declared, declared.params.model_validate(params))
        except CallError as error:
            raise Told(error.type) from None
        return result.model_dump(mode="json")

    async def hears(self, type: str, matches: Callable[[Json], bool]) -> Json:
        return await self._heard.first(type, matches)

    async def aclose(self) -> None:
        await self.client.aclose()
        await self._listening

    async def _listen(self) -> None:
        async for event in self.client.events():
            self._heard.put(event.type, _data(event))


class ThirdPartyTeller:
    """`jsonrpc-websocket` from the package index, as it is: knows nothing of us but the URL."""

    def __init__(self, server: ThirdParty, reader: asyncio.Task[None], heard: Heard) -> None:
        self.server = server
        self._reader, self._heard = reader, heard

    @classmethod
    async def to(cls, url: str) -> Self:
        server, heard = ThirdParty(url, timeout=_PATIENCE_S), Heard()
        server.event = lambda **event: heard.put(event["type"], event["data"])
        return cls(server, await server.ws_connect(), heard)

    async def tell(self, verb: str, /, **params: Any) -> Json:
        noun, _, act = verb.partition(".")
        try:
            result: Json = await getattr(getattr(self.server, noun), act)(**params)
        except ProtocolError as error:
            code, message, reply = error.args
            assert (code, message) == (reply["error"]["code"], reply["error"]["message"])
            raise Told(reply["error"]["data"]["type"]) from None
        return result

    async def hears(self, type: str, matches: Callable[[Json], bool]) -> Json:
        return await self._heard.first(type, matches)

    async def aclose(self) -> None:
        await self.server.close()
        await self._reader


class WireTeller:
    """A raw socket: ``wire.frames`` has every frame that this person was ever sent."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @classmethod
    async def to(cls, url: str) -> Self:
        return cls(await Wire.to(url))

    async def tell(self, verb: str, /, **params: Any) -> Json:
        try:
            return await self.wire.call(verb, **params)
        except Refusal as refusal:
            raise Told(refusal.type) from None

    async def hears(self, type: str, matches: Callable[[Json], bool]) -> Json:
        found = await self.wire.until(
            lambda: next((e["data"] for e in self.wire.heard(type) if matches(e["data"])), None)
        )
        data: Json = found
        return data

    async def aclose(self) -> None:
        await self.wire.aclose()


def _data(event: EventMessage) -> Json:
    return event.data if isinstance(event.data, dict) else event.data.model_dump(mode="json")
