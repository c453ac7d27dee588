"""Whatever happens to writes, in any mixture: streams count 1, 2, 3 … and hold what was acknowledged."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from server.storage import tables
from server.storage.transaction import Transaction
from server.wire.errors import Refused
from server.wire.events import MEMBER_LEFT, MemberLeft
from server.wire.vocabulary import MemberRef, Seq, StreamName
from tests.fakes import CountingIds
from tests.storage.town import Done, Town

_runs = count(1)

STEPS = st.sampled_from(["emit", "emit", "read", "insert", "head", "refuse", "fail", "collide"])
WRITES = st.tuples(st.integers(0, 2), st.lists(STEPS, min_size=1, max_size=5))
BATCHES = st.lists(st.lists(WRITES, min_size=1, max_size=6), min_size=1, max_size=4)


class Script:
    """One write: steps on a stream, some of which end it. ``said`` is what it would add if it succeeds."""

    def __init__(self, run: str, place: str, stream: StreamName, steps: list[str]) -> None:
        self.run, self.place, self.stream, self.steps = run, place, stream, steps
        self.said = [f"{place}.{at}" for at, step in enumerate(steps) if step == "emit"]
        self.succeeds = not {"refuse", "fail", "collide"} & set(steps)

    def __call__(self, tx: Transaction) -> Done:
        seq = Seq(0)
        for at, step in enumerate(self.steps):
            if step == "emit":
                told = MemberLeft(ref=MemberRef("M-1"), nickname=f"{self.place}.{at}")
                seq = tx.emit(self.stream, MEMBER_LEFT, told)
            elif step == "read":
                tx.rows(tables.event.select().where(tables.event.c.stream == self.stream))
            elif step == "head":
                tx.head(self.stream)
            elif step == "insert":
                tx.execute(insert(tables.stream).values(stream=f"row:{self.run}/{self.place}/{at}", head=0))
            elif step == "refuse":
                raise Refused("role")
            elif step == "fail":
                raise LookupError("a fault of ours")
            else:
                for _ in range(2):
                    tx.execute(insert(tables.stream).values(stream=f"row:{self.run}/twice", head=0))
        return Done(event_seq=seq)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
async def test_every_stream_counts_without_gaps_and_keeps_what_was_acknowledged(
    town: Town, batches: list[list[tuple[int, list[str]]]]
) -> None:
    run = str(next(_runs))
    names = [StreamName(f"account:{run}.{number}") for number in range(3)]
    expected: dict[StreamName, list[str]] = {name: [] for name in names}
    for number, batch in enumerate(batches):
        scripts = [
            Script(run, f"{number}.{place}", names[stream], steps)
            for place, (stream, steps) in enumerate(batch)
        ]
        told = await town.together(*(town.make(script) for script in scripts))
        for script, outcome in zip(scripts, told, strict=True):
            assert (outcome.error is None) is script.succeeds
            if outcome.error is None:
                assert [event.data for event in outcome.events] == [
                    MemberLeft(ref=MemberRef("M-1"), nickname=said) for said in script.said
                ]
                expected[script.stream] += script.said
    restarted = Town(town.database, town.clock, CountingIds())
    restarted.writer.start()
    for name in names:
        await restarted.write(Script(run, "last", name, ["emit"]))
        events = await restarted.events(name)
        assert [event.seq for event in events] == list(range(1, len(expected[name]) + 2))
        assert [event.data.nickname for event in events if isinstance(event.data, MemberLeft)] == [
            *expected[name],
            "last.0",
        ]
    await restarted.writer.drain()
    town.writer._memory.forget_everything()  # another writer moved these streams; never so in a real server
