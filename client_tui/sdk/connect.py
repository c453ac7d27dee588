"""The door to the SDK: ``async with connect(url) as client``."""

from __future__ import annotations

import platform
import random
import re
import sys
from collections.abc import Generator
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType

from client_tui.sdk.client import Client
from client_tui.sdk.conversation import Conversation, Credentials
from client_tui.sdk.retry import RetryPolicy
from server.wire.vocabulary import ClientClass

_EVENT_LIMIT = 1024  # judgement: half a minute of a busy group


class Connecting:
    """A client on its way: ``async with`` it, or ``await`` it and ``aclose`` the client oneself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __await__(self) -> Generator[object, None, Client]:
        return self._started().__await__()

    async def __aenter__(self) -> Client:
        return await self._started()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def _started(self) -> Client:
        await self._client.start()
        return self._client


def connect(
    url: str,
    *,
    token: str | None = None,
    handle: str | None = None,
    password: str | None = None,
    client: ClientClass | None = None,
    snapshots: bool = True,
    retry: RetryPolicy | None = None,
    event_limit: int = _EVENT_LIMIT,
    op_prefix: str | None = None,
) -> Connecting:
    """Connect to a server, such as ``ws://127.0.0.1:8765/ws``.

    With a token, or handle and password, the client is logged in and up to date when it is there; without, it
    is anonymous: it may read rules, register, and log in by ``client.open``. ``snapshots=False`` keeps no
    replica and asks for none: events begin now. ``event_limit``: unread events that stop the reading.
    ``op_prefix`` makes ``op_id`` predictable, for transcripts that are compared.

    Raises ConnectionLost when nobody answers and CallError when the log-in is refused. Once connected, the
    client comes back by itself, as ``retry`` says.
    """
    credentials = None if token is None and handle is None else Credentials(token, handle, password)
    conversation = Conversation(client or this_program(), credentials, snapshots, event_limit)
    # 80 random bits: two runs of a program never choose the same ids.
    prefix = op_prefix or f"{random.SystemRandom().getrandbits(80):020x}"
    return Connecting(Client(url, conversation, retry or RetryPolicy(), prefix))


def this_program(name: str = "qunzu-sdk") -> ClientClass:
    """What a client built on this package says of itself: name, version, kind of machine; nothing that would
    tell one machine from another (SA-05.3g)."""
    try:
        release = version("qunzu")
    except PackageNotFoundError:  # run from a checkout
        release = "0"
    return ClientClass(
        name=_plain(name),
        version=_plain(release),
        platform=_plain(sys.platform),
        architecture=_plain(platform.machine()),
    )


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ._+-]", "-", word)[:32] or "unknown"
