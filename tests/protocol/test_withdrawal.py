"""CG-06.3 on live connections: what a withdrawn identity stops at once, and what it never stops."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from client_tui.sdk import CallError, Client, EventMessage
from client_tui.sdk.synthetic import synthetic_person
from server.wire.verbs.group import (
    CREATE_GROUP,
    JOIN_GROUP,
    LEAVE_GROUP,
    SNAPSHOT,
    CreateGroupParams,
    JoinGroupParams,
    LeaveGroupParams,
    SnapshotParams,
)
from server.wire.verbs.identity import VERIFY, WITHDRAW, VerifyParams, WithdrawParams
from server.wire.verbs.message import SEND, SendParams
from server.wire.vocabulary import Seq
from tests.conftest import People


@pytest.mark.clause("CG-06.3")
async def test_a_withdrawn_identity_stops_publishing_and_hearing_groups_at_once(people: People) -> None:
    """CG-06.3: the server checks every call, and live connections feel a withdrawal with its commit."""
    ann, bob = await people("ann", "bob")
    tablet = await people.device("bob")
    made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
    group = made.group.group
    await bob.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=bob.op_id()))

    await bob.call(WITHDRAW, WithdrawParams(client_op_id=bob.op_id()))
    for device in (bob, tablet):
        with pytest.raises(CallError) as refused:
            await device.call(SEND, SendParams(group=group, text="hi", client_op_id=device.op_id()))
        assert (refused.value.type, refused.value.clause) == ("identity_required", "CG-06.3")
        with pytest.raises(CallError) as unread:
            await device.call(SNAPSHOT, SnapshotParams(group=group))
        assert unread.value.type == "identity_required"

    secret = await ann.call(SEND, SendParams(group=group, text="behind the door", client_op_id=ann.op_id()))
    person = synthetic_person(77)
    await tablet.call(
        VERIFY,
        VerifyParams(
            method="resident_id",
            legal_name=person.legal_name,
            number=person.number,
            client_op_id=tablet.op_id(),
        ),
    )
    shown = await ann.call(SEND, SendParams(group=group, text="welcome back", client_op_id=ann.op_id()))
    heard = [event.seq async for event in _until(tablet, shown.event_seq)]
    assert secret.event_seq not in heard
    assert shown.event_seq in heard


@pytest.mark.clause("INV-10")
async def test_leaving_a_group_needs_no_identity(people: People) -> None:
    """INV-10: what protects a person stays open to the unverified; walking out is such a thing."""
    ann, bob = await people("ann", "bob")
    made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
    group = made.group.group
    await bob.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=bob.op_id()))
    await bob.call(WITHDRAW, WithdrawParams(client_op_id=bob.op_id()))
    left = await bob.call(LEAVE_GROUP, LeaveGroupParams(group=group, client_op_id=bob.op_id()))
    assert not left.closed


async def _until(client: Client, seq: Seq) -> AsyncIterator[EventMessage]:
    async for event in client.events():
        if event.stream.startswith("group:"):
            yield event
            if event.seq == seq:
                return
