"""One run: prepare people, then every scenario in every round, both servers in turn. Prints nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from server.system import SystemClock
from tests.bench import controls, report
from tests.bench.contenders import TEXT_BYTES, Bare, Contender, Qunzu
from tests.bench.population import PROFILE, Population, populate
from tests.bench.process import cores, pinned
from tests.bench.scenarios import Figures, Scenario, Size


class Watcher(Protocol):
    """Is told how far the run has come."""

    def begin(self, what: str, steps: int) -> None: ...

    def advance(self, steps: int) -> None: ...


def measure(scenarios: Sequence[Scenario], size: Size, rounds: int, watcher: Watcher) -> dict[str, Any]:
    """Run everything; returns the document of ``report``. Raises BenchFault when it cannot be vouched for."""
    released = controls.check_policy(PROFILE)
    found_cores = cores()
    server_core, load_core = found_cores or (None, None)
    results: dict[str, report.Rounds] = {}
    with tempfile.TemporaryDirectory(prefix="qunzu-bench-") as name:
        directory = Path(name)
        durable = asyncio.run(controls.check_durable(directory))
        watcher.begin("members register, verify and take their seats", size.people)
        people = asyncio.run(populate(directory / "people", size.people, size.hall, watcher.advance))
        with pinned(load_core):
            for number in range(1, rounds + 1):
                for scenario in scenarios:
                    for make in _contenders(
                        scenario, directory, server_core, people, bare_first=number % 2 == 0
                    ):
                        contender = make()
                        label = f"round {number} of {rounds}: {scenario.name}, {contender.name}"
                        watcher.begin(label, scenario.messages(size))
                        figures = _run(scenario, contender, people, size, watcher)
                        results.setdefault(scenario.name, {}).setdefault(contender.name, []).append(figures)
    settings = {
        "rounds": rounds,
        "people": size.people,
        "hall": size.hall,
        "text_bytes": TEXT_BYTES,
        "cores": found_cores,
        "cores_of_machine": os.cpu_count(),
        "policy_profile": PROFILE,
        "policy_differs_from_reference_in": released,
        "database": durable,
    }
    return report.document(results, scenarios, settings, SystemClock().now())


def _contenders(
    scenario: Scenario, directory: Path, core: int | None, people: Population, *, bare_first: bool
) -> list[Callable[[], Contender]]:
    """The order changes from round to round, so that neither always finds the warmer machine."""
    ours: list[Callable[[], Contender]] = [lambda: Qunzu(directory, core, people)]
    bare: list[Callable[[], Contender]] = [lambda: Bare(directory, core)] if scenario.beside_bare else []
    return bare + ours if bare_first else ours + bare


def _run(
    scenario: Scenario, contender: Contender, people: Population, size: Size, watcher: Watcher
) -> Figures:
    gc.collect()
    gc.disable()  # a collection in the generator would show as latency of the server
    try:
        figures, messages = scenario.run(contender, scenario.seats(people), size, watcher.advance)
        contender.end(messages)
    except BaseException:
        contender.process.kill()
        raise
    finally:
        gc.enable()
    return figures
