"""Which way the house leans: the contracts of pyproject.toml, run as a test."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.contracts.sources import ROOT, imports, modules


def test_no_import_goes_the_wrong_way() -> None:
    checker = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([checker, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_every_contract_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    starts = [place for place, line in enumerate(lines) if line == "[[tool.importlinter.contracts]]"]
    assert len(starts) == len(tomllib.loads("\n".join(lines))["tool"]["importlinter"]["contracts"])
    for start in starts:
        assert lines[start + 1].startswith("# ")


def test_a_rule_awaits_nothing_and_tells_nobody() -> None:
    own = ("policies.", "server.wire.", "server.domain.")
    pure = {"__future__", "collections", "dataclasses", "datetime", "typing", "ipaddress"}
    for path in modules("server/domain"):
        for name in imports(path):
            assert name.startswith(own) or name.split(".")[0] in pure, f"{path} imports {name}"
