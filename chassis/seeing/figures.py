"""A scrape: plain counts and samples as Prometheus families, under the names of `names.py` and no others."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.process_collector import ProcessCollector

from chassis.seeing import names
from chassis.seeing.counts import OTHER, Counts, Histogram
from chassis.seeing.samples import SAMPLED, Samples

if TYPE_CHECKING:
    from chassis.app import App

FAMILIES: dict[str, Any] = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}
Values = Mapping[tuple[str, ...], float]


class Figures:
    """The metrics of a process, read from it when asked."""

    def __init__(self, app: App, samples: Samples) -> None:
        self.app, self.samples, self.service = app, samples, app.definition.name
        self._began = time.monotonic()

    def collect(self) -> Iterable[Any]:
        """What a scrape shows."""
        own, app = self.app.definition, self.app
        built = (own.version, platform.python_version(), app.role, str(own.table))
        yield self._made(names.BUILD_INFO, {built: 1})
        yield self._made(names.UP_SECONDS, {(): time.monotonic() - self._began})
        if app.worker is not None:
            yield from self._of_facts(app.worker.mounted.counts)
            yield from self._of_lanes(app.worker)
            yield from self._sampled()
        if app.companion is not None:
            yield self._made(names.WEBHOOKS, {(outcome,): times for outcome, times in app.companion.outcomes.items()})

    def _of_facts(self, counts: Counts) -> Iterator[Any]:
        yield self._made(names.FACTS, {**counts.types, (OTHER, "passed"): counts.passed})
        yield self._made(names.RECORDS_READ, {(): counts.read})
        yield self._made(names.PUBLISHED, {(): counts.published})
        yield self._histogram(names.FOLD_SECONDS, counts.fold)
        yield self._histogram(names.BATCH_RECORDS, counts.batch)
        yield self._histogram(names.AGE_SECONDS, counts.age)
        yield self._made(names.LOOKUPS, {**dict.fromkeys(_LOOKUPS, 0), **counts.lookups})
        yield self._made(names.ZOMBIES, {("watermark",): counts.refused, ("batch",): counts.discarded})
        yield self._made(names.LOST_RACES, {(): counts.lost_races})
        yield self._made(names.REPLAYS, {(): counts.replays})
        yield self._made(names.DEAD, {(code,): number for code, number in counts.codes.items()})

    def _of_lanes(self, worker: Any) -> Iterator[Any]:
        stopped = len(worker.stopped)
        yield self._made(names.LANES, {("open",): len(worker.lanes) - stopped, ("stopped",): stopped})
        marks = {place: lane.mark for place, lane in worker.lanes.items() if lane.mark is not None}
        yield self._made(names.RELEASE, {(tp.topic, str(tp.partition)): mark.table for tp, mark in marks.items()})
        yield self._made(names.TIMERS, {(): self.app.timer_loop.fired if self.app.timer_loop else 0})

    def _sampled(self) -> Iterator[Any]:
        for metric, values in self.samples.found.items():
            yield self._made(metric, values)
        yield self._made(names.SAMPLES_FAILED, {(what,): self.samples.failed[what] for what in SAMPLED})

    def _made(self, metric: names.Metric, values: Values) -> Any:
        name = metric.name.removesuffix("_total")
        family = FAMILIES[metric.kind](name, metric.text, labels=["service", *metric.labels])
        for labels, value in values.items():
            family.add_metric([self.service, *labels], value)
        return family

    def _histogram(self, metric: names.Metric, seen: Histogram) -> Any:
        family = HistogramMetricFamily(metric.name, metric.text, labels=["service"])
        family.add_metric([self.service], seen.buckets(), seen.sum)
        return family


_LOOKUPS = [(of, result) for of in ("entities", "facts") for result in ("hit", "miss")]


class Scrape:
    """The answer of `/metrics`: the process's own figures and ours."""

    def __init__(self, app: App) -> None:
        self.samples = Samples(app)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(Figures(app, self.samples))

    async def text(self) -> bytes:
        """Sample what must be asked for, then everything in Prometheus's text format."""
        await self.samples.refresh()
        return generate_latest(self._registry)
