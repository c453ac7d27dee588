"""A wheel carries every file that the code reads at run time: a template left out is only missed by users."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_data_file_of_the_packages_travels_with_them() -> None:
    setting = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = setting["tool"]["setuptools"]["package-data"]["*"]
    listed = subprocess.run(
        ["git", "ls-files", "server", "client_tui", "policies"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    data = [path for path in listed if not path.endswith(".py")]
    assert data, "git listed nothing"
    left_out = [path for path in data if not any(fnmatch(Path(path).name, one) for one in patterns)]
    assert left_out == []
