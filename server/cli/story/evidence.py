"""What the story looks at to see whether it is true: events that come, bytes that must not be there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

from client_tui.sdk import Client, EventMessage
from server.cli.story.transcript import StoryBroken
from server.wire.events import CAUGHT_UP, MESSAGE_POSTED, CaughtUp
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.vocabulary import Seq, group_stream

_PATIENCE_S = 15.0  # for an event that must come; nothing here takes a second


async def next_event(client: Client, group: GroupId, type_: str, seq: Seq | None = None) -> EventMessage:
    """The next event of a type in a group, or the one numbered ``seq``. Raises StoryBroken if none comes."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for event in client.events():
                if event.stream == group_stream(group) and event.type == type_ and seq in (None, event.seq):
                    return event
    except TimeoutError:
        pass
    raise StoryBroken(f"no {type_} came within {_PATIENCE_S:.0f} s")


async def posted(client: Client, group: GroupId, seq: Seq) -> Message:
    event = await next_event(client, group, MESSAGE_POSTED.name, seq)
    if not isinstance(event.data, Message):
        raise StoryBroken("a posted message is not a message")
    return event.data


async def until_caught_up(client: Client, group: GroupId) -> tuple[list[Message], int]:
    """The messages of the group that a resume brings, and how many events it brought in all."""
    messages: list[Message] = []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for event in client.events():
                if isinstance(event.data, CaughtUp):
                    return messages, event.data.replayed
                if event.stream == group_stream(group) and isinstance(event.data, Message):
                    messages.append(event.data)
    except TimeoutError:
        pass
    raise StoryBroken(f"no {CAUGHT_UP.name} came within {_PATIENCE_S:.0f} s")


def occurrences(folder: Path, *values: str) -> int:
    """How often the values occur in the files under ``folder``, in clear or hashed without a key."""
    needles = [needle for value in values for needle in _traces(value)]
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(content.count(needle) for content in contents for needle in needles)


def _traces(value: str) -> Iterator[bytes]:
    raw = value.encode()
    yield raw
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, raw, usedforsecurity=False)
        yield digest.digest()
        yield digest.hexdigest().encode()
