"""Where in a TOML text a key stands, so that a refusal can name the line. Knows nothing of what keys mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_HEADER: Final = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?")
_KEY: Final = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART: Final = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


def line_of(text: str, key: Sequence[str]) -> int | None:
    """The line, from 1, on which `key` is set; for an absent key that of the closest table around it.

    An inline table counts as one place. None when no part of the key occurs.
    """
    best: tuple[int, int] | None = None  # how many parts agree, line
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            found = table = _parts(header.group(1))
        elif assigned := _KEY.match(line):
            found = table + _parts(assigned.group(1))
        else:
            continue
        agrees = len(found) <= len(key) and tuple(key[: len(found)]) == found
        if agrees and (best is None or len(found) > best[0]):
            best = len(found), number
    return best[1] if best else None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(double or single or bare for double, single, bare in _PART.findall(dotted))
