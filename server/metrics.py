"""Counters for operators: how much, never who. Read at scrape time, so the message path pays nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class Metrics(Collector):
    """Hands out numbers that other parts count anyway. Names follow Prometheus' conventions."""

    def __init__(
        self,
        counters: dict[str, tuple[str, Callable[[], int]]],
        gauges: dict[str, tuple[str, Callable[[], int]]],
    ) -> None:
        self._counters, self._gauges = counters, gauges

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for name, (text, read) in self._counters.items():
            yield CounterMetricFamily(f"qunzu_{name}", text, value=read())
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(f"qunzu_{name}", text, value=read())


def registry(metrics: Metrics) -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(metrics)
    return found
