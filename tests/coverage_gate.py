"""The last step of `make test`: the law, the wire and the rules, each with its share of branches taken.

Reads what coverage recorded; knows nothing of how the tests ran. Each package is judged alone, so that a
thoroughly tested one cannot hide a neglected one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException

PACKAGES = ("policies", "server/wire", "server/domain")
FLOOR_PERCENT = 95.0


@dataclass
class Tally:
    branches: int = 0
    taken: int = 0
    untaken_by_file: list[tuple[int, str]] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return 100.0 * self.taken / self.branches if self.branches else 0.0


def measured() -> dict[str, Tally]:
    """Branches per package, from the `.coverage` file of the run that just ended."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    tallies = {package: Tally() for package in PACKAGES}
    for path, entry in files.items():
        name = Path(path).as_posix()
        summary = entry["summary"]
        if "num_branches" not in summary:  # coverage leaves these out when no line of ours ran at all
            continue
        for package, tally in tallies.items():
            if name.startswith(package + "/"):
                tally.branches += summary["num_branches"]
                tally.taken += summary["covered_branches"]
                if summary["missing_branches"]:
                    tally.untaken_by_file.append((summary["missing_branches"], name))
    return tallies


def main() -> int:
    """Print one line per package; 1 when one is below the floor or was not measured at all."""
    try:
        tallies = measured()
    except CoverageException as problem:
        print(f"branch coverage: nothing to read ({problem})")
        return 1
    short = [package for package, tally in tallies.items() if tally.percent < FLOOR_PERCENT]
    print(f"branch coverage (floor {FLOOR_PERCENT:.0f} %)")
    for package, tally in tallies.items():
        mark = "  <- below the floor" if package in short else ""
        print(f"  {package:<14} {tally.taken:>5} of {tally.branches:>5}  {tally.percent:5.1f} %{mark}")
    for package in short:
        for untaken, name in sorted(tallies[package].untaken_by_file, reverse=True)[:10]:
            print(f"    {untaken:>3} branches not taken in {name}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
