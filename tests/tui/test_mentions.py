"""Whom an ``@`` means."""

from __future__ import annotations

import pytest

from client_tui.mentions import candidates, mentioned_in, query_before, spans
from server.wire.models import Member
from server.wire.vocabulary import MemberRef
from tests.tui.story import HERON, ME, WREN, XIAOMAN, member

HERON_77 = member("HERON77", "Heron 77")
ROSTER: dict[MemberRef, Member] = {one.ref: one for one in (XIAOMAN, HERON, HERON_77, WREN, ME)}


@pytest.mark.parametrize(
    ("before", "query"),
    [
        ("hello", None), ("@", ""), ("hello @He", "He"), ("@Heron 7", "Heron 7"), ("@ no", None),
        ("a@b\nc", None), ("mail me @ home", None), ("@" + "x" * 25, None),
    ],
)  # fmt: skip
def test_what_is_being_mentioned(before: str, query: str | None) -> None:
    assert query_before(before) == query


def test_the_list_offers_others_by_the_beginning_of_their_names() -> None:
    names = [one.nickname for one in candidates("he", ROSTER, ME.ref)]
    assert names == ["Heron 7", "Heron 77"]
    assert ME not in candidates("", ROSTER, ME.ref)


def test_the_longest_name_is_meant() -> None:
    found = mentioned_in("@Heron 77 and @小满!", ROSTER, ())
    assert found == (HERON_77.ref, XIAOMAN.ref)


def test_of_two_with_one_name_the_chosen_one_is_meant() -> None:
    twin = member("TWIN", "Wren")
    both = {**ROSTER, twin.ref: twin}
    assert mentioned_in("@Wren", both, (twin.ref,)) == (twin.ref,)
    assert mentioned_in("@Wren", both, (WREN.ref,)) == (WREN.ref,)


def test_nobody_is_meant_without_the_sign() -> None:
    assert mentioned_in("Wren, 小满", ROSTER, ()) == ()


def test_marks_do_not_overlap() -> None:
    assert spans("@Heron 77 @Heron 7", ["Heron 7", "Heron 77"]) == [(0, 9), (10, 18)]
