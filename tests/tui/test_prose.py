"""Text on a screen: harmless, measured in cells, wrapped as readers of both languages expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from client_tui.prose import (
    FSI,
    PDI,
    Run,
    fit,
    harmless,
    isolated,
    one_line,
    pad,
    plain,
    width_of,
    wrap,
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("a\tb", "a    b"),
        ("two\nlines", "two\nlines"),
        ("over\u202eride", "override"),
        ("\u2028line", "\ufffdline"),
        ("[bold]kept as it is[/]", "[bold]kept as it is[/]"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_nothing_that_people_write_does_anything_to_a_terminal(written: str, shown: str) -> None:
    assert harmless(written) == shown


def test_left_to_right_text_is_left_alone() -> None:
    assert isolated("Heron 7 群组") == "Heron 7 群组"


def test_right_to_left_text_ends_where_it_ends() -> None:
    assert isolated("مرحبا") == f"{FSI}مرحبا{PDI}"


@pytest.mark.parametrize("open_run", ["\u202b", "\u2067", FSI, "\u202a\u2066"])
def test_a_run_that_wrapping_cut_open_is_closed_again(open_run: str) -> None:
    line = isolated(f"{open_run}مرحبا")
    opens = sum(line.count(mark) for mark in ("\u202a", "\u202b", "\u2066", "\u2067", FSI))
    assert opens == line.count(PDI) + line.count("\u202c")
    assert line.endswith(PDI)


def test_a_closing_mark_of_another_line_closes_nothing_here() -> None:
    assert isolated(f"مرحبا{PDI}{PDI}") == f"{FSI}مرحبا{PDI}"


def test_a_name_is_one_line() -> None:
    assert one_line("a\n b\tc") == "a b c"


@pytest.mark.parametrize(("text", "cells", "cut"), [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("群组服务", 5, "群组…"), ("群组服务", 6, "群组…"),
    ("群组", 4, "群组"), ("x", 0, ""),
])  # fmt: skip
def test_cutting_counts_cells_not_characters(text: str, cells: int, cut: str) -> None:
    assert fit(text, cells) == cut
    assert cell_len(pad(text, cells)) == cells


def wrapped(text: str, width: int) -> list[str]:
    return [plain(line) for line in wrap((Run(text),), width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("one\n\ntwo", 8, ["one", "", "two"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("今天天气很好，我们去放风筝", 13, ["今天天气很", "好，我们去放", "风筝"]),
        ("今天天气很好好，我们去", 14, ["今天天气很好", "好，我们去"]),
        ("他说（好）", 6, ["他说", "（好）"]),
        ("风筝 kite 风筝", 9, ["风筝 kite", "风筝"]),
    ],
)
def test_lines_break_where_readers_expect(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


@given(st.text(max_size=200), st.integers(min_value=2, max_value=40))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    text = harmless(text)
    lines = wrap((Run(text),), width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(map(plain, lines)).split()) == "".join(text.split())


def test_kinds_survive_wrapping() -> None:
    lines = wrap((Run("one "), Run("two three", "strong")), 7)
    assert lines == [(Run("one "), Run("two", "strong")), (Run("three", "strong"),)]
