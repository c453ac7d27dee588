"""A server process as the bench sees it: pinned, watched through /proc, ended. Knows no protocol."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
_START_S = 30


class BenchFault(Exception):
    """The bench cannot vouch for its figures: something was lost, reordered, refused or too slow."""


def cores() -> tuple[int, int] | None:
    """One core for the server, another for the load; None where there is only one to be had."""
    found = sorted(os.sched_getaffinity(0))
    return (found[0], found[-1]) if len(found) > 1 else None


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Run on one core inside the block; a child started in it stays there. None changes nothing."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process:
    """A child whose first line on stdout says that it listens."""

    def __init__(self, arguments: Sequence[str], errors: Path, core: int | None) -> None:
        # Settings of whoever runs the bench must not reach the server that is measured.
        env = {name: value for name, value in os.environ.items() if not name.upper().startswith("QUNZU_")}
        with pinned(core), errors.open("ab") as stderr:
            self._child = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=stderr
            )
        self._errors = errors
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], _START_S)
        self.greeting = self._child.stdout.readline().decode() if ready else ""
        if not self.greeting:
            self.kill()
            raise BenchFault(f"a server did not start:\n{self._said()}")

    @property
    def pid(self) -> int:
        return self._child.pid

    def cpu_us(self) -> float:
        """User and system time so far, of all its threads and of children that have ended."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) * _TICK_US

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """SIGTERM, and a clean end. Raises BenchFault for any other end."""
        self._child.send_signal(signal.SIGTERM)
        try:
            code = self._child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BenchFault("a server did not stop when told to") from None
        self._close()
        if code not in (0, -signal.SIGTERM):
            raise BenchFault(f"a server ended with {code}:\n{self._said()}")

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._close()

    def _close(self) -> None:
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _said(self) -> str:
        return self._errors.read_text(errors="replace")[-2000:]
