"""Rounds to medians, medians to a table and a JSON document. Measures nothing."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.scenarios import Figure, Figures, Scenario

Rounds = dict[str, list[Figures]]
"""By contender: the figures of each round."""


def document(
    results: Mapping[str, Rounds], scenarios: Sequence[Scenario], settings: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Everything that was measured, with what is needed to compare it with another run."""
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "websockets": version("websockets"),
        },
        "settings": dict(settings),
        "scenarios": {
            scenario.name: _summary(scenario, results[scenario.name])
            for scenario in scenarios
            if scenario.name in results
        },
    }


def table(found: Mapping[str, Any]) -> str:
    """The document as a table for people."""
    rows = [("", "figure", "qunzu", "bare", "ratio", "target", "")]
    for name, scenario in found["scenarios"].items():
        rows.append((f"{name}: {scenario['title']}", "", "", "", "", "", ""))
        for line in scenario["figures"]:
            rows.append(
                (
                    "",
                    line["title"],
                    _number(line["qunzu"]),
                    _number(line["bare"]),
                    "" if line["ratio"] is None else f"{line['ratio']:.2f}x",
                    line["target"] or "",
                    {True: "holds", False: "MISSED", None: ""}[line["holds"]],
                )
            )
    body = rows[:1] + [row for row in rows[1:] if row[1]]
    widths = [max(len(row[column]) for row in body) for column in range(7)]
    lines = []
    for row in rows:
        if row[0]:
            lines += ["", row[0]]
        else:
            cells = [row[1].ljust(widths[1]), *(row[i].rjust(widths[i]) for i in range(2, 5)), row[5], row[6]]
            lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def missed(found: Mapping[str, Any]) -> list[str]:
    """The targets that were not met, one sentence each."""
    return [
        f"{name}: {line['title']}, target {line['target']}"
        for name, scenario in found["scenarios"].items()
        for line in scenario["figures"]
        if line["holds"] is False
    ]


def write(found: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _summary(scenario: Scenario, rounds: Rounds) -> dict[str, Any]:
    medians = {
        who: {key: median(figures[key] for figures in measured) for key in measured[0]}
        for who, measured in rounds.items()
    }
    return {
        "title": scenario.title,
        "figures": [_line(figure, medians) for figure in scenario.figures],
        "medians": medians,
        "rounds": rounds,
    }


def _line(figure: Figure, medians: Mapping[str, Figures]) -> dict[str, Any]:
    qunzu, bare = medians["qunzu"][figure.key], medians.get("bare", {}).get(figure.key)
    ratio = qunzu / bare if bare else None
    target, holds = None, None
    if figure.most_ratio is not None:
        target = f"at most {figure.most_ratio:.2f}x"
        holds = None if ratio is None else ratio <= figure.most_ratio
    elif figure.least is not None:
        target, holds = f"at least {figure.least:,.0f}", qunzu >= figure.least
    return {
        "key": figure.key,
        "title": figure.title,
        "qunzu": qunzu,
        "bare": bare,
        "ratio": ratio,
        "target": target,
        "holds": holds,
    }


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
