"""CG-05.3: a change of the texts waits out its notice period; the server does not start on a hurried one."""

from __future__ import annotations

import pytest

from policies.texts import hurried_changes, load_text


@pytest.mark.clause("CG-05.3")
def test_every_changed_text_keeps_the_notice_of_the_profiles() -> None:
    """CG-05.3: people learn of a change before it binds them."""
    assert hurried_changes(notice_days=14) == []


@pytest.mark.clause("CG-05.3")
def test_a_change_is_hurried_from_one_day_below_its_notice() -> None:
    """CG-05.3: the boundary is the day itself; first versions are never hurried."""
    rules = load_text("rules", "2026-11", "en")
    days = (rules.effective - rules.date).days
    assert hurried_changes(days) == []
    assert hurried_changes(days + 1) == ["rules 2026-11"]
