"""Text as cells on a screen: made harmless, measured, wrapped. Knows no widget and judges no meaning.

What people wrote is shown, never obeyed: no markup, no control sequence, and no direction mark that reaches
beyond its own run (Unicode Standard Annex 9). Widths are those of the terminal, two cells for Chinese.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, split_graphemes

FSI, PDI = "\u2068", "\u2069"
_OPENS: Final = {"\u202a": "\u202c", "\u202b": "\u202c", "\u2066": PDI, "\u2067": PDI, FSI: PDI}
_OVERRIDES: Final = frozenset("\u202d\u202e")
_JOINERS_AND_MARKS: Final = frozenset("\u200c\u200d\u200e\u200f\u061c")
_KEPT_FORMAT: Final = _JOINERS_AND_MARKS | _OPENS.keys() | {PDI, "\u202c"}

# A line may not begin with these, nor end with those: what Chinese readers expect of a printed line.
_NOT_FIRST: Final = frozenset("、。，．：；！？）】」』》〉〕｝”’…—～·,.:;!?)]}%")
_NOT_LAST: Final = frozenset("（【「『《〈〔｛“‘([{")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text of one kind. ``kind`` is a word such as ``name``; its look is a theme's matter."""

    text: str
    kind: str = ""


Line = tuple[Run, ...]


def harmless(text: str) -> str:
    """Text that does nothing to a terminal but stand there: controls shown as a box, tabs as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text.replace("\t", "    "))


def _shown(char: str) -> str:
    if char == "\n":
        return char
    category = unicodedata.category(char)
    if category in {"Cc", "Cs"} or char in {"\u2028", "\u2029"}:
        return "\ufffd"
    if char in _OVERRIDES or (category == "Cf" and char not in _KEPT_FORMAT and not _is_tag(char)):
        return ""
    return char


def _is_tag(char: str) -> bool:
    return "\U000e0020" <= char <= "\U000e007f"  # parts of flag emoji


def isolated(text: str) -> str:
    """One line of somebody's text, set apart so that its direction ends where it ends.

    Plain left-to-right text comes back as it was: isolation that changes nothing is left out.
    """
    if not any(unicodedata.bidirectional(char) in _TURNS for char in text):
        return text
    open_runs: list[str] = []
    out: list[str] = []
    for char in text:
        if char in _OPENS:
            open_runs.append(_OPENS[char])
        elif char in {PDI, "\u202c"}:
            if char not in open_runs:
                continue
            while open_runs.pop() != char:
                pass
        out.append(char)
    return FSI + "".join(out) + "".join(reversed(open_runs)) + PDI


_TURNS: Final = frozenset({"R", "AL", "AN", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"})


def one_line(text: str) -> str:
    """A name or a quotation on one line: line ends become blanks; harmless and isolated."""
    return isolated(" ".join(harmless(text).split()))


def fit(text: str, cells: int) -> str:
    """``text`` cut to at most ``cells``, with an ellipsis where something is missing."""
    if cell_len(text) <= cells:
        return text
    if cells < 1:
        return ""
    out, used = [], 0
    for piece, width in _pieces(text):
        if used + width > cells - 1:
            break
        out.append(piece)
        used += width
    return "".join(out).rstrip() + "…"


def pad(text: str, cells: int) -> str:
    """``text`` cut or filled to exactly ``cells``."""
    cut = fit(text, cells)
    return cut + " " * (cells - cell_len(cut))


def wrap(runs: Line, width: int) -> list[Line]:
    """The runs broken into lines of at most ``width`` cells; line ends inside them are kept.

    Breaks at blanks, and between wide characters where Chinese typesetting allows it; a longer word is cut.
    """
    lines: list[Line] = []
    for paragraph in _paragraphs(runs):
        lines.extend(_wrapped(paragraph, max(width, 2)))
    return lines


def _paragraphs(runs: Line) -> Iterator[list[Run]]:
    current: list[Run] = []
    for run in runs:
        first, *rest = run.text.split("\n")
        current.append(Run(first, run.kind))
        for part in rest:
            yield current
            current = [Run(part, run.kind)]
    yield current


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    width: int
    kind: str


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    if text.isascii():
        yield from ((char, 1) for char in text)
        return
    spans, _width = split_graphemes(text)
    yield from ((text[start:end], width) for start, end, width in spans)


def _wrapped(paragraph: list[Run], width: int) -> Iterator[Line]:
    cells = [
        _Cell(piece, piece_width, run.kind) for run in paragraph for piece, piece_width in _pieces(run.text)
    ]
    start = 0
    while True:
        used, end = 0, start
        while end < len(cells) and used + cells[end].width <= width:
            used += cells[end].width
            end += 1
        if end == len(cells):
            yield _joined(cells[start:])
            return
        end = max(end, start + 1)
        at = _break_before(cells, start, end)
        yield _joined(_without_trailing_blanks(cells[start:at]))
        start = at
        while start < len(cells) and cells[start].text == " ":
            start += 1
        if start == len(cells):
            return


def _break_before(cells: list[_Cell], start: int, end: int) -> int:
    """Where the line that must not reach ``end`` ends: the last place that allows it, else ``end``."""
    for at in range(end, start, -1):
        before, after = cells[at - 1], cells[at]
        if after.text == " " or before.text == " ":
            return at
        wide = before.width == 2 or after.width == 2
        if wide and after.text not in _NOT_FIRST and before.text not in _NOT_LAST:
            return at
    return end


def _without_trailing_blanks(cells: list[_Cell]) -> list[_Cell]:
    end = len(cells)
    while end and cells[end - 1].text == " ":
        end -= 1
    return cells[:end]


def _joined(cells: list[_Cell]) -> Line:
    runs: list[Run] = []
    parts: list[str] = []
    for index, cell in enumerate(cells):
        parts.append(cell.text)
        if index + 1 == len(cells) or cells[index + 1].kind != cell.kind:
            runs.append(Run("".join(parts), cell.kind))
            parts = []
    return tuple(runs)


def plain(line: Line) -> str:
    return "".join(run.text for run in line)


def width_of(line: Line) -> int:
    return sum(cell_len(run.text) for run in line)
