"""When a client comes back, and when it does not."""

from __future__ import annotations

import pytest

from client_tui.sdk import RetryPolicy
from client_tui.sdk.retry import may_reconnect
from server.wire.errors import Close


def test_the_longest_wait_doubles_up_to_its_bound() -> None:
    policy = RetryPolicy(first_s=0.5, most_s=10)
    assert [policy.ceiling_s(attempt) for attempt in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    assert policy.ceiling_s(10_000) == 10


def test_the_wait_is_drawn_from_the_whole_interval() -> None:
    """Full jitter: a thousand clients of one restarted server do not come back together."""
    draws = iter([0.0, 0.5, 0.999])
    policy = RetryPolicy(first_s=2, most_s=60, random=lambda: next(draws))
    assert [policy.delay_s(2) for _ in range(3)] == [0, 4, 7.992]


def test_what_the_server_asked_for_comes_on_top() -> None:
    assert RetryPolicy(first_s=1, random=lambda: 0.5).delay_s(0, asked_s=3) == 3.5


def test_a_client_may_give_up() -> None:
    patient, hasty = RetryPolicy(), RetryPolicy(attempts=2)
    assert not patient.gives_up(1_000_000)
    assert [hasty.gives_up(attempt) for attempt in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("close", Close)
def test_close_codes_of_the_contract_decide(close: Close) -> None:
    assert may_reconnect(close) is close.may_reconnect


@pytest.mark.parametrize(
    ("code", "again"),
    [
        (None, True),
        (1000, True),
        (1006, True),
        (1002, False),
        (1007, False),
        (1012, True),
        (4321, True),
        (4777, False),
    ],
)
def test_other_codes_follow_their_range(code: int | None, again: bool) -> None:
    assert may_reconnect(code) is again
