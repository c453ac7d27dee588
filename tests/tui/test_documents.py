"""The documents as lines: nothing is hidden, nothing is wider than the page."""

from __future__ import annotations

import pytest

from client_tui.documents import MOST_CELLS, diff_lines, document_lines
from client_tui.prose import Run, plain, width_of
from policies.texts import DOCUMENTS, LOCALES, load_text, versions

SAMPLE = """# Title

First line
second line with **bold** and `code`.

- item one that is long enough to be wrapped
- two
  goes on

1. first

中文第一行
第二行
"""


def text(lines: list[tuple[Run, ...]]) -> list[str]:
    return [plain(line) for line in lines]


def test_headings_paragraphs_and_lists() -> None:
    assert text(document_lines(SAMPLE, 30)) == [
        "Title",
        "",
        "First line second line with",
        "bold and code.",
        "",
        "  • item one that is long",
        "    enough to be wrapped",
        "  • two",
        "    goes on",
        "",
        "  1. first",
        "",
        "中文第一行第二行",
    ]


def test_bold_is_a_kind_of_its_own() -> None:
    kinds = {run.text: run.kind for line in document_lines(SAMPLE, 60) for run in line}
    assert (kinds["bold"], kinds["code"], kinds["Title"]) == ("strong", "code", "title")


def test_a_comparison_keeps_its_signs_where_it_wraps() -> None:
    lines = text(diff_lines("Rules a -> b\n | same\n-| gone and long enough\n+| new\n", 16))
    assert lines == ["Rules a -> b", " | same", "-| gone and long", "-| enough", "+| new"]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("width", [60, 120])
def test_every_shipped_text_fits_and_loses_no_word(document: str, locale: str, width: int) -> None:
    for version in versions(document):
        body = load_text(document, version, locale).body
        lines = document_lines(body, width)
        assert all(width_of(line) <= min(width, MOST_CELLS) for line in lines)
        shown = "".join("".join(text(lines)).split())
        for word in body.replace("**", "").replace("`", "").replace("#", " ").split():
            if word not in {"-", ">"}:
                assert word in shown
