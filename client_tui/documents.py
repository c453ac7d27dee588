"""The little Markdown of our documents as lines: headings, lists, paragraphs, bold. Pure; knows no widget.

Not the whole of Markdown, on purpose: what it does not know is shown as it stands, so nothing is hidden.
"""

from __future__ import annotations

import re
from typing import Final

from client_tui.prose import Line, Run, harmless, width_of, wrap

_BOLD: Final = re.compile(r"\*\*(.+?)\*\*|`(.+?)`")
_HEADING: Final = re.compile(r"(#{1,6})\s+(.*)")
_ITEM: Final = re.compile(r"(\s*)(?:[-*]|(\d+)\.)\s+(.*)")
_TABLE_RULE: Final = re.compile(r"\|?[\s:|-]+\|[\s:|-]*")
MOST_CELLS: Final = 84  # longer lines tire the eye


def document_lines(body: str, width: int) -> list[Line]:
    """The document wrapped to ``width`` cells, or to what is comfortable if that is less."""
    room = min(width, MOST_CELLS)
    lines: list[Line] = []
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            lines.extend(wrap(_inline(_joined(paragraph), "text"), room))
            lines.append(())
            paragraph.clear()

    for raw in harmless(body).split("\n"):
        heading, item = _HEADING.fullmatch(raw), _ITEM.fullmatch(raw)
        if heading:
            end_paragraph()
            _heading(lines, len(heading[1]), heading[2], room)
        elif item:
            end_paragraph()
            _item(lines, len(item[1]), item[2], item[3], room)
        elif not raw.strip():
            end_paragraph()
            if lines and lines[-1]:
                lines.append(())
        elif raw.startswith("|"):
            end_paragraph()
            if not _TABLE_RULE.fullmatch(raw):
                cells = "   ".join(cell.strip() for cell in raw.strip("|").split("|"))
                lines.extend(wrap(_inline(cells, "text"), room))
        elif raw.startswith("  ") and lines and lines[-1] and not paragraph:
            _continue_item(lines, raw.strip(), room)
        else:
            paragraph.append(raw.strip().removeprefix("> "))
    end_paragraph()
    while lines and not lines[-1]:
        lines.pop()
    return lines


def diff_lines(diff: str, width: int) -> list[Line]:
    """A comparison of two versions (``rules.compare``); a wrapped line keeps its sign."""
    kinds = {"-| ": "went", "+| ": "came", " | ": "quiet"}
    lines: list[Line] = []
    for raw in harmless(diff).split("\n"):
        sign = f"{raw[:3]:<3}"
        if sign not in kinds:
            lines.extend(wrap((Run(raw, "title"),), width))
            continue
        body = wrap((Run(raw[3:], kinds[sign]),), min(width, MOST_CELLS) - 3)
        lines.extend((Run(sign, kinds[sign]), *line) for line in body)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _heading(lines: list[Line], level: int, words: str, room: int) -> None:
    if lines and lines[-1]:
        lines.append(())
    kind = "title" if level == 1 else "heading"
    lines.extend(wrap(_inline(words, kind), room))
    lines.append(())


def _item(lines: list[Line], indent: int, number: str | None, words: str, room: int) -> None:
    mark = f"{number}. " if number else "• "
    margin = " " * (2 + indent)
    head = Run(margin + mark, "mark")
    hang = Run(" " * width_of((head,)))
    body = wrap(_inline(words, "text"), room - width_of((head,)))
    lines.extend(((head if index == 0 else hang), *line) for index, line in enumerate(body))


def _continue_item(lines: list[Line], words: str, room: int) -> None:
    hang = "    "
    lines.extend((Run(hang), *line) for line in wrap(_inline(words, "text"), room - len(hang)))


def _joined(parts: list[str]) -> str:
    """Source lines of one paragraph: a blank between them, except between Chinese characters."""
    text = parts[0]
    for part in parts[1:]:
        wide = width_of((Run(text[-1:]),)) == 2 and width_of((Run(part[:1]),)) == 2
        text += part if wide else f" {part}"
    return text


def _inline(words: str, kind: str) -> Line:
    runs: list[Run] = []
    at = 0
    for match in _BOLD.finditer(words):
        runs.append(Run(words[at : match.start()], kind))
        runs.append(Run(match[1] or match[2], "strong" if match[1] else "code"))
        at = match.end()
    runs.append(Run(words[at:], kind))
    return tuple(run for run in runs if run.text)
