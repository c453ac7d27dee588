"""Group ids: read aloud, typed by hand, and recognised as mistyped before anybody looks them up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.wire.group_id import (
    ALPHABET,
    PREFIX,
    RANDOM_CHARS,
    check_character,
    group_id_from,
    parse_group_id,
)

bodies = st.text(ALPHABET, min_size=RANDOM_CHARS, max_size=RANDOM_CHARS)


@pytest.mark.clause("CG-08.4")
@given(bodies)
def test_an_id_reads_back_as_itself(body: str) -> None:
    """CG-08.4: every group has an id of its own, and the id is what people and programs name it by."""
    group = group_id_from(body)
    assert parse_group_id(group) == group
    assert len(group) == len(PREFIX) + RANDOM_CHARS + 1


@settings(max_examples=20)  # 310 mistakes in each
@given(bodies)
def test_every_single_wrong_character_is_noticed(body: str) -> None:
    group = group_id_from(body).removeprefix(PREFIX)
    for place, right in enumerate(group):
        for wrong in ALPHABET:
            if wrong != right:
                with pytest.raises(ValueError, match="check character"):
                    parse_group_id(PREFIX + group[:place] + wrong + group[place + 1 :])


def test_nearly_every_swap_of_neighbours_is_noticed() -> None:
    """All pairs at all places: only 0 and Z can change places unnoticed, as in Luhn's decimal sum 0 and 9."""
    unnoticed = set()
    for place in range(RANDOM_CHARS - 1):
        for left in ALPHABET:
            for right in ALPHABET:
                body = "7" * place + left + right + "7" * (RANDOM_CHARS - place - 2)
                swapped = "7" * place + right + left + "7" * (RANDOM_CHARS - place - 2)
                if left != right and check_character(body) == check_character(swapped):
                    unnoticed.add((left, right))
    assert unnoticed == {("0", "Z"), ("Z", "0")}


@given(bodies)
def test_people_may_write_it_as_people_do(body: str) -> None:
    group = group_id_from(body)
    loose = group.lower().replace("0", "o").replace("1", "l")
    assert parse_group_id(loose) == group
    assert parse_group_id(group.replace("1", "I").replace("0", "O")) == group
    assert parse_group_id(group.removeprefix(PREFIX)) == group
    assert parse_group_id(f"  {group[:5]} {group[5:]}\n") == group


@pytest.mark.parametrize(
    "text",
    [
        "",
        "G-",
        "G-000000000",
        "G-00000000000",
        "G-000000000U",
        "G-00000000-0",
        "G-00000٠0000",
        "H-0000000000",
        "群",
    ],
)
def test_another_shape_is_no_group_id(text: str) -> None:
    with pytest.raises(ValueError, match="mistyped"):
        parse_group_id(text)


@given(st.text(max_size=20))
def test_whatever_is_typed_is_an_id_or_a_refusal(text: str) -> None:
    try:
        group = parse_group_id(text)
    except ValueError:
        return
    assert parse_group_id(group) == group


def test_the_alphabet_has_no_letter_that_looks_like_another() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
