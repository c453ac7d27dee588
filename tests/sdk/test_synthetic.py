"""Synthetic people: nobody real, everybody different, every number well formed."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_tui.sdk import synthetic_person
from client_tui.sdk.synthetic import PEOPLE, resident_number
from policies.loader import PROFILES, load_policy
from server.domain.identity_number import check_number
from server.domain.resemblance import resembles
from server.wire.text import name_text

POLICY = load_policy(PROFILES / "test.toml")
"""The server's own check is the oracle: it shares no line with the maker."""


@pytest.mark.parametrize(
    ("born", "sequence", "number"),
    [
        (date(1990, 1, 1), 1, "000000199001010018"),
        (date(2000, 2, 29), 1, "000000200002290010"),
        (date(1985, 7, 4), 5, "00000019850704005X"),
    ],
)
def test_numbers_carry_the_check_character_of_the_standard(born: date, sequence: int, number: str) -> None:
    assert resident_number(born, sequence) == number


@given(st.integers(0, PEOPLE - 1), st.sampled_from(["en", "zh"]))
def test_everybody_is_of_age_and_nobody_real(index: int, locale: str) -> None:
    person = synthetic_person(index, "zh" if locale == "zh" else "en")
    assert person.number.startswith("000000")
    assert check_number("resident_id", None, person.number, date(2026, 11, 21), POLICY) == "adult"
    assert person.legal_name.startswith(("Synthetic Person ", "测试"))
    assert len(name_text(person.handle_suggestion)) <= 24
    assert not resembles(person.handle_suggestion, person.legal_name)


def test_nobody_shares_a_number() -> None:
    neighbours = [*range(30_000), *range(PEOPLE - 1000, PEOPLE)]
    assert len({synthetic_person(index).number for index in neighbours}) == len(neighbours)


def test_one_seed_gives_one_person() -> None:
    assert synthetic_person(random.Random(7)) == synthetic_person(random.Random(7))
    assert synthetic_person(7) == synthetic_person(7)


@pytest.mark.parametrize("index", [-1, PEOPLE])
def test_there_are_only_so_many(index: int) -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        synthetic_person(index)


def test_a_person_does_not_show_in_logs_and_tracebacks() -> None:
    person = synthetic_person(7)
    assert person.number not in repr(person)
    assert person.legal_name not in repr(person)
