"""Token buckets: what a caller gets at once, what over time, and what is remembered of callers who left."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import Rate, RateClass
from server.domain.throttle import Throttle

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def throttle(burst: int, per_minute: int, sweep_at: int = 50_000) -> Throttle:
    rates: dict[RateClass, Rate] = {"post": Rate(burst=burst, per_minute=per_minute)}
    return Throttle(rates, sweep_at=sweep_at)


def test_a_full_bucket_gives_its_burst_and_then_says_how_long_to_wait() -> None:
    bucket = throttle(burst=10, per_minute=60)
    assert [bucket.spend("ann", "post", 0) for _ in range(10)] == [0] * 10
    assert bucket.spend("ann", "post", 0) == SECOND


@pytest.mark.parametrize(("early_ns", "wait"), [(1, 1), (0, 0), (-1, 0)])
def test_who_waits_as_long_as_told_is_let_through(early_ns: int, wait: int) -> None:
    bucket = throttle(burst=1, per_minute=60)
    bucket.spend("ann", "post", 0)
    told = bucket.spend("ann", "post", SECOND // 4)
    assert bucket.spend("ann", "post", SECOND // 4 + told - early_ns) == wait


def test_one_caller_s_haste_is_not_another_s_wait() -> None:
    bucket = throttle(burst=1, per_minute=1)
    assert bucket.spend("ann", "post", 0) == 0
    assert bucket.spend("ann", "post", 0) > 0
    assert bucket.spend("bob", "post", 0) == 0


def test_each_class_has_a_bucket_of_its_own() -> None:
    rates: dict[RateClass, Rate] = {name: Rate(burst=1, per_minute=1) for name in ("post", "read")}
    buckets = Throttle(rates)
    assert buckets.spend("ann", "post", 0) == 0
    assert buckets.spend("ann", "read", 0) == 0


steps = st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=60)


@given(burst=st.integers(1, 20), per_minute=st.integers(1, 600), gaps=steps)
def test_over_any_stretch_nobody_gets_more_than_burst_and_rate_allow(
    burst: int, per_minute: int, gaps: list[int]
) -> None:
    bucket, now, granted = throttle(burst, per_minute), 0, []
    for gap in gaps:
        now += gap
        if bucket.spend("ann", "post", now) == 0:
            granted.append(now)
    interval = MINUTE // per_minute
    for first, start in enumerate(granted):
        for last in range(first, len(granted)):
            assert last - first + 1 <= burst + Fraction(granted[last] - start, interval)


@given(burst=st.integers(1, 20), per_minute=st.integers(1, 600), gaps=steps)
def test_a_refusal_takes_nothing(burst: int, per_minute: int, gaps: list[int]) -> None:
    """Asking a second time at the same moment gets the same answer, and costs nothing later."""
    patient, pushy, now = throttle(burst, per_minute), throttle(burst, per_minute), 0
    for gap in gaps:
        now += gap
        wait = patient.spend("ann", "post", now)
        assert pushy.spend("ann", "post", now) == wait
        if wait:
            assert [pushy.spend("ann", "post", now) for _ in range(3)] == [wait] * 3


@given(st.integers(1, 30), st.integers(1, 600))
def test_a_bucket_fills_up_again_and_no_further(burst: int, per_minute: int) -> None:
    bucket = throttle(burst, per_minute)
    for now in (0, 1000 * MINUTE):
        assert [bucket.spend("ann", "post", now) for _ in range(burst)] == [0] * burst
        assert bucket.spend("ann", "post", now) > 0


def test_full_buckets_are_forgotten_and_the_others_are_not() -> None:
    bucket = throttle(burst=2, per_minute=60, sweep_at=100)
    for caller in range(100):
        bucket.spend(caller, "post", 0)
    bucket.spend("ann", "post", 10 * SECOND)
    bucket.spend("ann", "post", 10 * SECOND)
    for caller in range(3):
        bucket.spend(f"late {caller}", "post", 10 * SECOND)
    assert len(bucket._full_at) == 4
    assert bucket.spend("ann", "post", 10 * SECOND) == SECOND


def test_when_so_many_callers_really_are_active_the_sweep_comes_less_often() -> None:
    bucket = throttle(burst=2, per_minute=60, sweep_at=10)
    for caller in range(1000):
        assert bucket.spend(caller, "post", 0) == 0
    assert len(bucket._full_at) == 1000  # all of them are owed a wait: none may be forgotten
    assert bucket._threshold >= 1000
    for caller in range(5000, 7000):
        bucket.spend(caller, "post", 60 * SECOND * (caller - 4999))
    assert len(bucket._full_at) < 1000
