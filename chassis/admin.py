"""The admin door of every role: `/startupz` started, `/livez` moving, `/readyz` can serve, `/metrics`, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.clock import Clock, ClockError
from chassis.errors import ClockRefused
from chassis.gate.gate import Gate
from chassis.headers import Headers
from chassis.web import Guard, problem


class Health(Protocol):
    """What a process knows about itself. Each answers a list of reasons against; empty is good."""

    @property
    def not_started(self) -> list[str]: ...
    @property
    def not_live(self) -> list[str]: ...
    async def not_ready(self) -> list[str]: ...


def make_admin(
    health: Health,
    clock: Clock,
    registry: CollectorRegistry,
    state: Callable[[], Any],
    gate: Gate,
    more: Sequence[Route] = (),
) -> Starlette:
    """The app of the admin port. `state()` is what `GET /v1/state` shows: lanes, positions, counts; `more` its routes."""

    async def startupz(_request: Request) -> Response:
        return _verdict(health.not_started)

    async def livez(_request: Request) -> Response:
        return _verdict(health.not_live)

    async def readyz(_request: Request) -> Response:
        return _verdict(health.not_started + await health.not_ready())

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    async def show_state(_request: Request) -> Response:
        return JSONResponse(state())

    async def show_clock(_request: Request) -> Response:
        return JSONResponse({"now": clock.now().isoformat().replace("+00:00", "Z"), "real": clock.is_real})

    async def move_clock(request: Request) -> Response:
        try:
            body = await request.json()
            clock.move(str(body["now"]))
        except ClockError as error:
            return problem(ClockRefused(str(error), "/now"), request)
        except (ValueError, KeyError, TypeError):
            return problem(ClockRefused('send {"now": "<RFC 3339 instant>"} or {"now": "real"}', "/now"), request)
        return await show_clock(request)

    app = Starlette(
        routes=[
            Route("/startupz", startupz),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/v1/state", show_state),
            Route("/v1/clock", show_clock),
            Route("/v1/clock", move_clock, methods=["POST"]),
            *more,
        ]
    )
    app.add_middleware(Guard, gate=gate, routes=app.router.routes, prefix="admin ")
    app.add_middleware(Headers, over_tls=gate.verifier is not None)
    return app


def _verdict(against: list[str]) -> Response:
    return JSONResponse({"ok": not against, "reasons": against}, 503 if against else 200)


class Figures:
    """Prometheus figures of a worker, read from its counts when asked."""

    def __init__(self, service: str, worker: Callable[[], Any], timers: Callable[[], Any]) -> None:
        self.service, self.worker, self.timers = service, worker, timers

    def collect(self) -> Iterable[Any]:
        """What a scrape shows."""
        worker = self.worker()
        if worker is None:
            return
        counts = worker.mounted.counts
        facts = CounterMetricFamily("hearth_facts", "Facts by outcome.", labels=["service", "outcome"])
        for outcome in ("applied", "duplicate", "passed", "dead"):
            facts.add_metric([self.service, outcome], getattr(counts, outcome))
        yield facts
        for name, text, value in (
            ("hearth_records_read", "Records read of the log, passed ones included.", counts.read),
            ("hearth_facts_published", "Outgoing facts confirmed by the broker.", counts.published),
            ("hearth_lost_races", "Versions refused because another writer came first.", counts.lost_races),
            ("hearth_batch_replays", "Batches tried again after a transient failure.", counts.replays),
            ("hearth_batches_discarded", "Batches that another worker had settled.", counts.discarded),
            ("hearth_timers_fired", "Due work carried out.", getattr(self.timers(), "fired", 0)),
        ):
            yield _counter(name, text, self.service, value)
        lanes = GaugeMetricFamily("hearth_lanes", "Assigned partitions by state.", labels=["service", "state"])
        lanes.add_metric([self.service, "open"], len(worker.lanes) - len(worker.stopped))
        lanes.add_metric([self.service, "stopped"], len(worker.stopped))
        yield lanes


def _counter(name: str, text: str, service: str, value: float) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=["service"])
    family.add_metric([service], value)
    return family


def make_registry(figures: Figures) -> CollectorRegistry:
    """A registry with the process's own figures and ours."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(figures)
    return registry
