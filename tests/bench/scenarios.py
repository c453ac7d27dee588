"""The scenarios: who sits where, who talks how fast, what is read off. Judges nothing; ``report`` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from tests.bench.contenders import Contender, Seat
from tests.bench.load import Crowd
from tests.bench.population import CIRCLE, Population

Figures = dict[str, float]
Progress = Callable[[int], None]

_IN_HALL = 4
"""How many talk in the hall."""
_WARM_UP = 10
"""The part of the messages, one in so many, that goes before the clock starts."""
_IDLE_WARM_UP = 20
"""Likewise of idle connections: what a server loads once is no connection's memory."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. Messages are for each sender."""

    people: int
    hall: int
    a: int
    w1: int
    b: int
    c: int
    e1: int
    e2: int
    pace_s: float = 0.05


FULL = Size(people=1000, hall=200, a=500, w1=200, b=10, c=200, e1=1000, e2=75)
QUICK = Size(people=200, hall=200, a=150, w1=50, b=10, c=30, e1=300, e2=50)
SMOKE = Size(people=20, hall=10, a=20, w1=5, b=4, c=5, e1=10, e2=10, pace_s=0.01)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a scenario and what it must satisfy, if anything."""

    key: str
    title: str
    most_ratio: float | None = None
    """At most so many times the bare server's."""
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    title: str
    figures: tuple[Figure, ...]
    seats: Callable[[Population], list[Seat]]
    run: Callable[[Contender, Sequence[Seat], Size, Progress], tuple[Figures, int]]
    """Returns the figures and how many messages were acknowledged in all."""
    messages: Callable[[Size], int]
    """For the progress bar: what ``run`` will report, in all."""
    beside_bare: bool = True


def talk(sent_by_each: Callable[[Size], int], in_flight: int) -> Callable[..., tuple[Figures, int]]:
    """Every sender sends as fast as answers allow."""

    def run(
        contender: Contender, seats: Sequence[Seat], size: Size, progress: Progress
    ) -> tuple[Figures, int]:
        crowd, messages = Crowd(contender.seat(seats)), sent_by_each(size)
        warm_up = -(-messages // _WARM_UP)
        crowd.exchange(warm_up, in_flight, progress)
        for sender in crowd.senders:
            sender.latencies_ns.clear()
        watch = Stopwatch(contender)
        crowd.exchange(messages, in_flight, progress)
        cpu_us, wall_s = watch.read()
        answers = len(crowd.senders) * messages
        deliveries = sum(len(crowd_of) for crowd_of in _audiences(seats)) * messages
        figures = {
            "cpu_us_per_delivery": cpu_us / deliveries,
            "cpu_us_per_message": cpu_us / answers,
            "deliveries_per_s": deliveries / wall_s,
            "answers_per_s": answers / wall_s,
            "answers_per_cpu_s": answers / cpu_us * 1e6,
            "server_busy": cpu_us / wall_s / 1e6,
        } | _spread("answer", [took for sender in crowd.senders for took in sender.latencies_ns])
        crowd.close()
        return figures, answers + len(crowd.senders) * warm_up

    return run


def pace(contender: Contender, seats: Sequence[Seat], size: Size, progress: Progress) -> tuple[Figures, int]:
    """One sender, 20 messages a second: nothing queues, so what is seen is delay alone."""
    crowd = Crowd(contender.seat(seats))
    warm_up = -(-size.c // _WARM_UP)
    crowd.pace(warm_up, size.pace_s, progress)
    watch = Stopwatch(contender)
    latencies = crowd.pace(size.c, size.pace_s, progress)
    cpu_us, _ = watch.read()
    crowd.close()
    figures = _spread("arrival", latencies) | {"cpu_us_per_delivery": cpu_us / len(latencies)}
    return figures, size.c + warm_up


def idle(contender: Contender, seats: Sequence[Seat], size: Size, progress: Progress) -> tuple[Figures, int]:
    """Connections that were opened and say nothing."""
    few = max(1, len(seats) // _IDLE_WARM_UP)
    first = contender.seat(seats[:few])
    progress(few)
    before = contender.process.resident_bytes()
    rest = contender.seat(seats[few:])
    progress(len(rest))
    grown = contender.process.resident_bytes() - before
    for member in first + rest:
        member.socket.close()
    return {"kib_per_connection": grown / len(rest) / 1024}, 0


class Stopwatch:
    """CPU time of a server and time on the wall, from here on."""

    def __init__(self, contender: Contender) -> None:
        self._process = contender.process
        self._cpu_us, self._ns = self._process.cpu_us(), time.perf_counter_ns()

    def read(self) -> tuple[float, float]:
        """Microseconds of CPU, seconds on the wall."""
        return self._process.cpu_us() - self._cpu_us, (time.perf_counter_ns() - self._ns) / 1e9


def _audiences(seats: Sequence[Seat]) -> list[list[Seat]]:
    """For every sender, everybody who hears it: itself included."""
    groups: dict[str, list[Seat]] = {}
    for seat in seats:
        groups.setdefault(seat.group, []).append(seat)
    return [groups[seat.group] for seat in seats if seat.talks]


def _spread(what: str, took_ns: list[int]) -> Figures:
    percentiles = quantiles(took_ns, n=100, method="inclusive")
    return {
        f"{what}_p50_ms": percentiles[49] / 1e6,
        f"{what}_p99_ms": percentiles[98] / 1e6,
        f"{what}_max_ms": max(took_ns) / 1e6,
    }


# --- who sits where -----------------------------------------------------------------------------------


def hall(talkers: int) -> Callable[[Population], list[Seat]]:
    def seats(people: Population) -> list[Seat]:
        step = people.hall_size // talkers
        return [
            Seat(who, people.hall, who % step == 0 and who // step < talkers)
            for who in range(people.hall_size)
        ]

    return seats


def circles(people: Population) -> list[Seat]:
    return [Seat(who, people.circles[who // CIRCLE], True) for who in range(len(people.tokens))]


def silent(people: Population) -> list[Seat]:
    return [Seat(who, people.circles[who // CIRCLE], False) for who in range(len(people.tokens))]


def alone(people: Population) -> list[Seat]:
    return [Seat(0, people.circles[0], True)]


def one_of_each_circle(people: Population) -> list[Seat]:
    return [Seat(number * CIRCLE, circle, True) for number, circle in enumerate(people.circles)]


# --- the list -------------------------------------------------------------------------------------------


def _warmed(messages: int) -> int:
    return messages + -(-messages // _WARM_UP)


_CPU = "CPU per delivery, µs"
_RATE = Figure("deliveries_per_s", "deliveries a second")
_ANSWER = (
    Figure("answer_p50_ms", "answer after, p50 ms"),
    Figure("answer_p99_ms", "answer after, p99 ms"),
)
_PER_MESSAGE = Figure("cpu_us_per_message", "CPU per message, µs")

SCENARIOS = (
    Scenario(
        "A",
        "one group of 200, 4 senders, 32 messages in flight",
        (Figure("cpu_us_per_delivery", _CPU, most_ratio=1.0), _PER_MESSAGE, _RATE, *_ANSWER),
        hall(_IN_HALL),
        talk(lambda size: size.a, 8),
        lambda size: _IN_HALL * _warmed(size.a),
    ),
    Scenario(
        "W1",
        "the same group, one message in flight",
        (Figure("cpu_us_per_delivery", _CPU, most_ratio=1.0), _PER_MESSAGE, _RATE, *_ANSWER),
        hall(1),
        talk(lambda size: _IN_HALL * size.w1, 1),
        lambda size: _warmed(_IN_HALL * size.w1),
    ),
    Scenario(
        "B",
        "groups of 5, everybody talks, one message in flight each",
        (Figure("cpu_us_per_delivery", _CPU), _PER_MESSAGE, _RATE, *_ANSWER),
        circles,
        talk(lambda size: size.b, 1),
        lambda size: size.people * _warmed(size.b),
    ),
    Scenario(
        "C",
        "20 messages a second into the group of 200",
        (
            Figure("arrival_p50_ms", "delivered after, p50 ms"),
            Figure("arrival_p99_ms", "delivered after, p99 ms"),
            Figure("arrival_max_ms", "delivered after, worst ms"),
        ),
        hall(1),
        pace,
        lambda size: _warmed(size.c),
    ),
    Scenario(
        "D",
        "idle connections",
        (Figure("kib_per_connection", "memory per connection, KiB", most_ratio=2.0),),
        silent,
        idle,
        lambda size: size.people,
    ),
    Scenario(
        "E1",
        "durable acknowledgements, one sender, one in flight",
        (Figure("answers_per_s", "acknowledged a second"), _PER_MESSAGE, *_ANSWER),
        alone,
        talk(lambda size: size.e1, 1),
        lambda size: _warmed(size.e1),
        beside_bare=False,
    ),
    Scenario(
        "E2",
        "durable acknowledgements, many senders, 8 in flight each",
        (
            Figure("answers_per_s", "acknowledged a second", least=3000.0),
            Figure("answers_per_cpu_s", "acknowledged a second of CPU"),
            _PER_MESSAGE,
            *_ANSWER,
        ),
        one_of_each_circle,
        talk(lambda size: size.e2, 8),
        lambda size: size.people // CIRCLE * _warmed(size.e2),
        beside_bare=False,
    ),
)
