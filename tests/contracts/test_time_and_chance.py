"""One file asks the machine for the time and for randomness; everybody else is told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.contracts.sources import imports, modules, tree

THE_ONE = Path("server/system.py")
SOURCES = {"time", "uuid", "secrets", "random"}
CALENDAR = {"now", "utcnow", "today", "fromtimestamp", "utcfromtimestamp"}
"""Methods of datetime and date that look at a clock, or at this machine's time zone."""


def looks_at_the_clock(path: Path) -> list[str]:
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in CALENDAR:
            owner = ast.unparse(node.value)
            if owner.rpartition(".")[2] in {"datetime", "date"}:
                found.append(f"{path}:{node.lineno} {owner}.{node.attr}")
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {
            "os.urandom",
            "os.getrandom",
            "loop.time",
        }:
            found.append(f"{path}:{node.lineno} {ast.unparse(node)}")
    return found


@pytest.mark.clause("INV-12")
def test_time_and_chance_come_from_outside() -> None:
    """INV-12: a deadline of six months passes in a second where time is handed in, and nowhere else."""
    others = [path for path in modules("server", "policies") if path != THE_ONE]
    assert [path for path in others if {name.split(".")[0] for name in imports(path)} & SOURCES] == []
    assert [place for path in others for place in looks_at_the_clock(path)] == []


def test_the_one_file_that_may_does() -> None:
    assert SOURCES - {"uuid"} <= set(imports(THE_ONE))
    assert looks_at_the_clock(THE_ONE)


def test_clients_roll_dice_for_their_patience_only() -> None:
    """A client may wait a random while and measure how long; what time it is, it is told or not told."""
    clients = modules("client_tui")
    taken = {name for path in clients for name in imports(path) if name.split(".")[0] in SOURCES}
    assert taken <= {"random", "random.Random", "time.monotonic"}
    assert [place for path in clients for place in looks_at_the_clock(path)] == []


IN_PROCESS = ("contracts", "domain", "policies", "protocol", "sdk", "services", "storage", "wire")
"""Tests that run in one process. Those that watch another process have to look again now and then."""


def test_no_test_waits_for_time_to_pass() -> None:
    waits = [
        f"{path}:{node.lineno}"
        for path in modules(*(f"tests/{folder}" for folder in IN_PROCESS))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}
        and ast.unparse(node) != "asyncio.sleep(0)"
    ]
    assert waits == []
