"""Which line a key stands on, in the spellings that TOML allows."""

from __future__ import annotations

import pytest

from policies.toml_lines import line_of

TEXT = """\
top = 1
[plain]
key = 2
dotted.deeper = 3
list = [
    "a = b",
]
"quoted key" = 4
inline = { inner = 5 }

[plain.table]
'single' = 6
[[many]]
key = 7
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 1),
        (("plain",), 2),
        (("plain", "key"), 3),
        (("plain", "dotted", "deeper"), 4),
        (("plain", "list"), 5),
        (("plain", "quoted key"), 8),
        (("plain", "inline", "inner"), 9),
        (("plain", "table", "single"), 12),
        (("many", "key"), 14),
        (("plain", "absent"), 2),
        (("plain", "table", "absent"), 11),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_line_of(key: tuple[str, ...], line: int | None) -> None:
    assert line_of(TEXT, key) == line
