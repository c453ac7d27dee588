"""The short way through everything: two people meet in a group and talk."""

from __future__ import annotations

import pytest

from client_tui.sdk import CallError
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from server.wire.verbs.message import HISTORY, SEND, HistoryParams, SendParams
from tests.conftest import People


async def test_two_people_meet_in_a_group_and_talk(people: People) -> None:
    ann, bob = await people("ann", "bob")
    made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
    group = made.group.group
    await bob.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=bob.op_id()))
    sent = await ann.call(SEND, SendParams(group=group, text="好茶", client_op_id=ann.op_id()))
    async for event in bob.events():
        if event.type == "message.posted":
            assert event.seq == sent.event_seq
            break
    page = await bob.call(HISTORY, HistoryParams(group=group))
    assert [message.text for message in page.messages] == ["好茶"]


@pytest.mark.clause("CG-06.3")
async def test_without_an_identity_nobody_publishes(people: People) -> None:
    """CG-06.3: no identity, no publishing; the answer says which clause and where to go."""
    nobody = await people.anonymous()
    with pytest.raises(CallError) as refused:
        await nobody.call(CREATE_GROUP, CreateGroupParams(name="x", client_op_id=nobody.op_id()))
    assert refused.value.type == "login_required"
