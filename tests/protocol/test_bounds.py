"""Bounds that protect everybody: on connections, on what a recall leaves behind, on repeating a seed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.main import Server, StartRefused
from server.wire.verbs.group import CREATE_GROUP, CreateGroupParams
from server.wire.verbs.message import RECALL, SEND, RecallParams, SendParams
from tests.conftest import People


def on_disk(directory: Path, words: str) -> bool:
    return any(words.encode() in path.read_bytes() for path in directory.rglob("front.db*"))


Serve = Callable[..., AbstractAsyncContextManager[Server]]


async def test_one_connection_too_many_is_told_to_come_back(serve: Serve) -> None:
    policy = {"profile": "test", "overrides": {"connection": {"max_total": 2}}}
    async with serve(policy=policy) as server, connect(server.url), connect(server.url):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(server.url):
                pass
        assert refused.value.response.status_code == 503


@pytest.mark.clause("SA-05.3")
async def test_a_recalled_text_is_gone_from_the_log_of_the_running_database(
    people: People, server: Server, tmp_path: Path
) -> None:
    """SA-05.3h: after a recall the fact stays; the words are nowhere on the disk, and no stop is needed."""
    (ann,) = await people("ann")
    made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
    group = made.group.group
    words = "wistaria over the fence"
    sent = await ann.call(SEND, SendParams(group=group, text=words, client_op_id=ann.op_id()))
    assert on_disk(tmp_path, words)
    recall = RecallParams(group=group, message=sent.event_seq, client_op_id=ann.op_id())
    await ann.call(RECALL, recall)
    await ann.call(SEND, SendParams(group=group, text="and on", client_op_id=ann.op_id()))  # after the scrub
    assert not on_disk(tmp_path, words)


async def test_a_seed_never_meets_the_ids_it_made_before(serve: Serve) -> None:
    async with serve(seed=7):
        pass
    with pytest.raises(StartRefused, match="seed"):
        async with serve(seed=7):
            pass
