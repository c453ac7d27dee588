"""The instrument itself, at its smallest: it counts, it notices what is missing, and its table renders."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bench import controls, report
from tests.bench.bench import measure
from tests.bench.contenders import TEXT_BYTES, text_of
from tests.bench.group_log import GroupLog, stamp_of, whole_frame
from tests.bench.process import BenchFault
from tests.bench.scenarios import SCENARIOS, SMOKE


@dataclass
class Counting:
    begun: list[str] = field(default_factory=list)
    steps: int = 0

    def begin(self, what: str, steps: int) -> None:
        self.begun.append(what)
        self.steps += steps

    def advance(self, steps: int) -> None:
        self.steps -= steps


def frame(text: str) -> bytes:
    payload = text.encode()
    return bytes((0x81, len(payload))) + payload


@pytest.mark.slow
def test_a_small_run_measures_both_servers_and_renders(tmp_path: Path) -> None:
    """Both servers really run; that all messages arrived, in order, and were kept, the run checks itself.

    W1 and E1 are left out: they are A and E2 with other numbers."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in ("A", "B", "C", "D", "E2")]
    watcher = Counting()
    found = measure(chosen, SMOKE, 1, watcher)
    assert list(found["scenarios"]) == ["A", "B", "C", "D", "E2"]
    assert watcher.steps == 0, "the progress bar ended short of its end, or beyond it"
    assert found["settings"]["database"]["synchronous"] == 2
    for scenario in chosen:
        medians = found["scenarios"][scenario.name]["medians"]
        assert set(medians) == ({"qunzu", "bare"} if scenario.beside_bare else {"qunzu"})
    shown = report.table(found)
    assert all(scenario.title in shown for scenario in chosen)
    report.write(found, tmp_path / "deep" / "result.json")
    assert json.loads((tmp_path / "deep" / "result.json").read_text())["scenarios"] == found["scenarios"]


def test_the_policy_of_the_bench_releases_nothing_but_brakes_on_speed() -> None:
    assert all(key.startswith(controls.RELEASED) for key in controls.check_policy("test"))
    with pytest.raises(BenchFault, match="caps"):
        controls.check_policy("demo")


def test_a_message_is_200_bytes_of_two_scripts_and_names_its_sender() -> None:
    text = text_of(7, 41)
    assert TEXT_BYTES - 2 <= len(text.encode()) <= TEXT_BYTES
    assert not text.isascii()
    assert stamp_of(text.encode()) == (7, 41)


def test_a_log_takes_frames_in_any_pieces() -> None:
    log, stream = GroupLog(with_seq=False), frame("#1-0#") + frame("#2-0#") + frame("#1-1#")
    first = 0
    for at in range(len(stream)):
        first = log.match(first, stream[at : at + 1])
    assert log.match(0, stream) == first == len(stream)
    assert len(log.ends) == 3


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        (["#1-0#", "#1-2#"], "out of order"),
        (["#1-0#", "#1-0#"], "out of order"),
        (["nobody's"], "nobody sent"),
    ],
)
def test_a_log_notices_what_is_missing_doubled_or_foreign(frames: list[str], fault: str) -> None:
    with pytest.raises(BenchFault, match=fault):
        GroupLog(with_seq=False).match(0, b"".join(map(frame, frames)))


def test_a_log_notices_a_gap_in_seq() -> None:
    with pytest.raises(BenchFault, match="seq 4"):
        GroupLog(with_seq=True).match(0, frame('{"seq":2,#1-0#}') + frame('{"seq":4,#1-1#}'))


def test_a_log_notices_a_member_who_is_told_something_else() -> None:
    log = GroupLog(with_seq=False)
    log.match(0, frame("#1-0#a"))
    with pytest.raises(BenchFault, match="not told the same"):
        log.match(0, frame("#1-0#b"))


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_the_length_of_a_frame_is_read_in_all_its_forms(length: int) -> None:
    if length < 126:
        head = bytes((0x81, length))
    elif length < 65_536:
        head = bytes((0x81, 126)) + length.to_bytes(2)
    else:
        head = bytes((0x81, 127)) + length.to_bytes(8)
    data = head + b"x" * length
    assert whole_frame(data, 0) == (len(head), len(data))
    assert whole_frame(data[:-1], 0) is None
