"""``python -m tests.bench``: the table on stdout, JSON in a file, progress on stderr."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from server.config import Config, Log
from server.main import set_up_logging
from tests.bench import report
from tests.bench.bench import measure
from tests.bench.process import ROOT, BenchFault
from tests.bench.scenarios import FULL, QUICK, SCENARIOS


class Bars:
    """A bar for what is under way, on stderr; without a terminal, a line when it begins."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=2,  # drawing takes from the generator's core
        )
        self._task = self._progress.add_task("", visible=False)

    def __enter__(self) -> Bars:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def begin(self, what: str, steps: int) -> None:
        if self._console.is_terminal:
            self._progress.reset(self._task, description=what, total=steps, visible=True)
        else:
            print(what, file=sys.stderr, flush=True)

    def advance(self, steps: int) -> None:
        self._progress.advance(self._task, steps)


def main(
    scenario: Annotated[str, typer.Option(help="Which ones, such as A,W1 or E.  [default: all]")] = "",
    rounds: Annotated[int, typer.Option(min=1, help="Medians are taken over so many.")] = 3,
    quick: Annotated[
        bool, typer.Option(help="One small round in under a minute: a look, not a result.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = ROOT / "build" / "bench-result.json",
    strict: Annotated[bool, typer.Option(help="Exit with 1 when a target is missed.")] = False,
) -> None:
    """Measure what the server costs beside a bare `websockets` broadcast server, round by round."""
    wanted = [name.strip().upper() for name in scenario.split(",") if name.strip()]
    chosen = [
        one
        for one in SCENARIOS
        if not wanted or any(one.name in (name, f"{name}1", f"{name}2") for name in wanted)
    ]
    if unknown := [name for name in wanted if not any(one.name in (name, f"{name}1") for one in SCENARIOS)]:
        names = ", ".join(one.name for one in SCENARIOS)
        raise typer.BadParameter(f"there is no scenario {', '.join(unknown)}; there are {names}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds: no server, no data left behind
    set_up_logging(Config(data_dir=ROOT / "build", log=Log(level="error")))
    try:
        with Bars() as bars:
            found = measure(chosen, QUICK if quick else FULL, 1 if quick else rounds, bars)
    except BenchFault as fault:
        print(f"bench: {fault}", file=sys.stderr)
        raise typer.Exit(1) from None
    report.write(found, output)
    print(report.table(found))
    print(
        f"\nmedians of {found['settings']['rounds']} rounds; everything measured: {_shown(output)}",
        file=sys.stderr,
    )
    if strict and report.missed(found):
        raise typer.Exit(1)


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    typer.run(main)
