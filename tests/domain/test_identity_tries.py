"""Failed identity checks: a few tries, a pause, a fresh start. Never a ban."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from policies.model import Policy
from server.domain.identity_tries import Tries, after_failure, check_may_try
from server.wire.errors import PolicyRefused


def failed(times: int, now: datetime, policy: Policy) -> Tries:
    tries = Tries()
    for _ in range(times):
        tries = after_failure(tries, now, policy)
    return tries


@pytest.mark.clause("CG-06.1")
def test_a_slip_costs_nothing(policy: Policy, now: datetime) -> None:
    """CG-06.1: a check can fail by mistake, so a person may try again."""
    tries = failed(policy.identity.retry_limit - 1, now, policy)
    assert tries == Tries(policy.identity.retry_limit - 1, None)
    check_may_try(tries, now, policy)


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize(("early_ms", "allowed"), [(1, False), (0, True), (-1, True)])
def test_after_the_last_try_there_is_a_pause_and_then_all_tries_again(
    policy: Policy, now: datetime, early_ms: int, allowed: bool
) -> None:
    """CG-06.1: failing often leads to a wait that ends by itself, never to a ban."""
    pause = timedelta(minutes=policy.identity.retry_cooldown_minutes)
    tries = failed(policy.identity.retry_limit, now, policy)
    assert tries == Tries(0, now + pause)
    later = now + pause - timedelta(milliseconds=early_ms)
    if allowed:
        check_may_try(tries, later, policy)
        assert after_failure(tries, later, policy).failed == 1
        return
    with pytest.raises(PolicyRefused) as refused:
        check_may_try(tries, later, policy)
    assert refused.value.type == "identity_cooldown"
    assert refused.value.clause == "CG-06.1"
    assert refused.value.body()["data"]["until"] == "2026-03-02T15:30:00.000Z"


def test_who_never_tried_may_try(policy: Policy, now: datetime) -> None:
    check_may_try(Tries(), now, policy)
