"""CG-05.4 when the agreement changes: time to read it, then posting pauses, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime

import pytest

import server.main
from client_tui.sdk import CallError
from server.domain.agreement import CurrentAgreement
from server.main import Server
from server.wire.verbs.account import (
    ACCEPT_AGREEMENT,
    GET_AGREEMENT,
    AcceptAgreementParams,
    AgreementAcceptance,
    AgreementParams,
)
from server.wire.verbs.group import CREATE_GROUP, LIST_GROUPS, CreateGroupParams, ListGroupsParams
from server.wire.verbs.message import SEND, SendParams
from tests.conftest import People
from tests.fakes import FakeClock

CHANGED = CurrentAgreement(
    "2026-12", datetime(2026, 12, 1, tzinfo=UTC).date(), {"en": "e" * 64, "zh": "z" * 64}
)


@pytest.mark.clause("CG-05.4")
async def test_posting_pauses_when_a_changed_agreement_is_not_accepted_in_time(
    serve: Callable[..., AbstractAsyncContextManager[Server]],
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CG-05.4: the policy's days to accept run from the day the text takes effect; reading goes on."""
    async with serve() as before, AsyncExitStack() as closing:
        people = People(before, closing)
        (ann,) = await people("ann")
        made = await ann.call(CREATE_GROUP, CreateGroupParams(name="tea", client_op_id=ann.op_id()))
    group = made.group.group

    # A later release ships a newer agreement; here only its identity matters, not its words.
    monkeypatch.setattr(server.main, "_current_agreement", lambda policy: CHANGED)
    days = before.policy.agreement.reaccept_days
    last_moment = datetime(2026, 12, 1, tzinfo=UTC).timestamp() + days * 86400 - 1
    async with serve() as after, AsyncExitStack() as closing:
        clock.advance(seconds=last_moment - clock.now().timestamp())
        ann = await People(after, closing).device("ann")
        await ann.call(SEND, SendParams(group=group, text="still in time", client_op_id=ann.op_id()))
        clock.advance(seconds=1)
        with pytest.raises(CallError) as paused:
            await ann.call(SEND, SendParams(group=group, text="too late", client_op_id=ann.op_id()))
        assert (paused.value.type, paused.value.clause) == ("agreement_required", "CG-05.4")
        assert (await ann.call(LIST_GROUPS, ListGroupsParams())).groups
        accepted = AgreementAcceptance(version="2026-12", locale="zh", sha256="z" * 64)
        await ann.call(
            ACCEPT_AGREEMENT,
            AcceptAgreementParams(agreement=accepted, consents=["phone"], client_op_id=ann.op_id()),
        )
        await ann.call(SEND, SendParams(group=group, text="and on", client_op_id=ann.op_id()))
        mine = await ann.call(GET_AGREEMENT, AgreementParams())
        assert (mine.version, mine.consents) == ("2026-12", ["phone"])
