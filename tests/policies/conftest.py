from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policies.loader import PROFILES, PolicyError, Problem, load_policy

Amend = Callable[[str, str], Path]


@pytest.fixture
def amended(tmp_path: Path) -> Amend:
    """A copy of the reference profile in which one piece of text stands in place of another."""

    def write(old: str, new: str) -> Path:
        text = (PROFILES / "reference.toml").read_text(encoding="utf-8")
        assert text.count(old) == 1, f"the reference profile has {text.count(old)} of {old!r}"
        path = tmp_path / "amended.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return write


def only_problem(path: Path) -> Problem:
    """The one problem that loading this file gives."""
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    (problem,) = refused.value.problems
    assert str(problem) == str(refused.value)
    return problem


def line_with(path: Path, text: str) -> int:
    """The line, from 1, of the only line that starts with `text`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, start=1) if line.startswith(text)]
    return number
