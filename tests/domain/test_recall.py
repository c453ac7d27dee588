"""Taking a message back: by its sender, within the window, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from policies.model import Policy
from server.domain.recall import check_may_recall, time_left
from server.wire.errors import NotFound, Refused
from server.wire.vocabulary import AccountId

ANN, BOB = AccountId("A-ANN"), AccountId("A-BOB")
MOMENT = timedelta(milliseconds=1)


def test_up_to_the_last_millisecond_of_the_window_a_message_can_be_recalled(
    policy: Policy, now: datetime
) -> None:
    window = timedelta(seconds=policy.messages.recall_seconds)
    check_may_recall(ANN, now - window + MOMENT, False, ANN, now, policy)
    assert time_left(now - window + MOMENT, now, policy) == MOMENT


@pytest.mark.parametrize("late", [timedelta(0), MOMENT, timedelta(days=300)])
def test_when_the_window_has_closed_it_has_closed(policy: Policy, now: datetime, late: timedelta) -> None:
    sent_at = now - timedelta(seconds=policy.messages.recall_seconds) - late
    with pytest.raises(Refused) as refused:
        check_may_recall(ANN, sent_at, False, ANN, now, policy)
    assert refused.value.type == "recall_window_closed"
    assert refused.value.policy == {"messages.recall_seconds": policy.messages.recall_seconds}
    assert time_left(sent_at, now, policy) == timedelta(0)


def test_a_message_just_sent_has_the_whole_window_before_it(policy: Policy, now: datetime) -> None:
    assert time_left(now, now, policy) == timedelta(seconds=policy.messages.recall_seconds)


def test_nobody_recalls_what_somebody_else_wrote(policy: Policy, now: datetime) -> None:
    with pytest.raises(Refused) as refused:
        check_may_recall(ANN, now, False, BOB, now, policy)
    assert refused.value.type == "role"


@pytest.mark.parametrize("by", [ANN, BOB])
def test_what_was_recalled_is_simply_gone_for_everybody(policy: Policy, now: datetime, by: AccountId) -> None:
    with pytest.raises(NotFound) as refused:
        check_may_recall(ANN, now, True, by, now, policy)
    assert refused.value.type == "message_not_found"
