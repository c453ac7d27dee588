"""Small acts that tests of the client tell their stories with."""

from __future__ import annotations

from collections.abc import Callable

from client_tui.sdk import Client, EventMessage
from server.wire.group_id import GroupId
from server.wire.verbs.account import GET_ACCOUNT, GetAccountParams
from server.wire.verbs.group import (
    CREATE_GROUP,
    JOIN_GROUP,
    SNAPSHOT,
    CreateGroupParams,
    JoinGroupParams,
    SnapshotParams,
)
from server.wire.verbs.message import SEND, SendParams, Sent


async def found(client: Client, name: str = "Night sky") -> GroupId:
    made = await client.call(CREATE_GROUP, CreateGroupParams(name=name, client_op_id=client.op_id()))
    return made.group.group


async def join(client: Client, group: GroupId) -> None:
    await client.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=client.op_id()))
    await client.until(lambda: group in client.replica.groups)


async def say(client: Client, group: GroupId, text: str) -> Sent:
    return await client.call(SEND, SendParams(group=group, text=text, client_op_id=client.op_id()))


async def sees(client: Client, group: GroupId, seq: int) -> None:
    """Wait until the replica is as far as ``seq``."""
    await client.until(lambda: group in client.replica.groups and client.replica.groups[group].as_of >= seq)


async def heard_until(client: Client, last: Callable[[EventMessage], bool]) -> list[EventMessage]:
    """Every event up to the first that is ``last``, which included."""
    heard = []
    async for event in client.events():
        heard.append(event)
        if last(event):
            break
    return heard


async def assert_replica_is_what_the_server_says(client: Client) -> None:
    account = await client.call(GET_ACCOUNT, GetAccountParams())
    await client.until(
        lambda: client.replica.account is not None and client.replica.account.as_of >= account.as_of
    )
    assert client.replica.account == account
    assert set(client.replica.groups) == {mine.group for mine in account.memberships}
    for group in client.replica.groups:
        snapshot = await client.call(SNAPSHOT, SnapshotParams(group=group))
        await sees(client, group, snapshot.as_of)
        assert client.replica.groups[group] == snapshot


def state_of(client: Client) -> str:
    return client.state  # a type checker takes a property for a constant, and we wait in between
