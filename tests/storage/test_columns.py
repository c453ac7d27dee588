"""Moments in the database: whole milliseconds since 1970, the same on both engines, in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from server.storage.columns import Instant

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DIALECTS = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy ships it so


@given(MOMENTS)
def test_a_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    for dialect in DIALECTS:
        kept = Instant().process_bind_param(moment, dialect)
        back = Instant().process_result_value(kept, dialect)
        assert back is not None
        assert timedelta(0) <= moment - back < timedelta(milliseconds=1)
        assert back.tzinfo is UTC
        assert Instant().process_bind_param(back, dialect) == kept


@given(MOMENTS, MOMENTS)
def test_what_came_later_sorts_later(one: datetime, other: datetime) -> None:
    first, second = sorted([one, other])
    kept = [Instant().process_bind_param(moment, DIALECTS[0]) for moment in (first, second)]
    assert kept[0] is not None
    assert kept[1] is not None
    assert kept[0] <= kept[1]


def test_nothing_stays_nothing() -> None:
    assert Instant().process_bind_param(None, DIALECTS[0]) is None
    assert Instant().process_result_value(None, DIALECTS[0]) is None
