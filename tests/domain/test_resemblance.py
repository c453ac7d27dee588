"""Whether a handle gives away the legal name: warned too often is noise, too seldom is a betrayal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.resemblance import resembles

CLOSE = [
    ("测试甲", "测试甲"),
    ("测试甲甲", "测试甲甲"),
    ("大测试甲", "测试甲"),
    ("测试", "测试甲"),
    ("测·试·甲", "测试甲"),
    ("测 试 甲", "测试甲"),
    ("测试乙", "测试甲"),
    ("Synthetic Person 07", "synthetic person 07"),
    ("SYNTHETICPERSON", "Synthetic Person 07"),
    ("synthetic_person_7", "Synthetic Person 07"),
    ("sinthetic person 07", "Synthetic Person 07"),
    ("ｓｙｎｔｈｅｔｉｃ　ｐｅｒｓｏｎ　０７", "Synthetic Person 07"),
    ("Strasse", "Straße"),
    ("甲", "甲"),
]

DISTANT = [
    ("nightowl", "测试甲"),
    ("乙", "甲"),
    ("甲子", "甲"),
    ("测乙", "测甲"),
    ("试测甲", "测试甲"),
    ("xinthetic person 77", "Synthetic Person 07"),
    ("", "测试甲"),
    ("···", "测试甲"),
    ("测试甲", "···"),
    ("abcd", "abxy"),
]


@pytest.mark.clause("CG-06.2")
@pytest.mark.parametrize(("handle", "legal"), CLOSE)
def test_a_handle_close_to_the_legal_name_is_noticed(handle: str, legal: str) -> None:
    """CG-06.2: on stage people go by a name of their choice; one that gives the real one away is noticed."""
    assert resembles(handle, legal)


@pytest.mark.clause("CG-06.2")
@pytest.mark.parametrize(("handle", "legal"), DISTANT)
def test_another_name_is_nobody_s_business(handle: str, legal: str) -> None:
    """CG-06.2: a pseudonym that shares a letter or two with the legal name is a pseudonym."""
    assert not resembles(handle, legal)


@given(st.text(max_size=12), st.text(max_size=12))
def test_closeness_goes_both_ways(left: str, right: str) -> None:
    assert resembles(left, right) == resembles(right, left)


@given(st.text("测试丙丁", min_size=4, max_size=10), st.integers(0, 9), st.sampled_from("甲乙"))
def test_one_letter_more_less_or_other_is_still_close(name: str, place: int, letter: str) -> None:
    at = place % len(name)
    assert resembles(name[:at] + letter + name[at:], name)
    assert resembles(name[:at] + name[at + 1 :], name)
    assert resembles(name[:at] + letter + name[at + 1 :], name)
