"""Traces, one thin layer: `span` everywhere, nothing imported and nothing made unless an exporter's endpoint is set.

A request is known by a trace id also without an exporter: the caller's, or one of our own. It is in the log's lines and
in every problem document.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from chassis.seeing import semconv

PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
OFF: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()


class Live(NamedTuple):
    """What there is while traces are made."""

    trace: Any
    tracer: Any
    propagator: Any
    stop: Callable[[], None]


class Request(NamedTuple):
    """A request that is served: its trace id, and its caller's traceparent ("" if there was none)."""

    trace_id: str
    traceparent: str


_live: Live | None = None
NOBODY = Request("", "")
_request: ContextVar[Request] = ContextVar("request", default=NOBODY)


def begin(endpoint: str, ratio: float, resource: Mapping[str, str]) -> None:
    """Export spans to an OTLP/HTTP endpoint from now on; with "" do nothing. `ratio` is the share of traces begun here."""
    global _live
    if not endpoint or _live is not None:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    instance = {semconv.SERVICE_INSTANCE_ID: f"{socket.gethostname()}-{os.getpid()}"}
    made = Resource({**resource, **instance}, semconv.SCHEMA)
    provider = TracerProvider(sampler=ParentBasedTraceIdRatio(ratio), resource=made, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1_000))
    tracer = provider.get_tracer("hearth", schema_url=semconv.SCHEMA)
    _live = Live(trace, tracer, TraceContextTextMapPropagator(), provider.shutdown)


def end() -> None:
    """Send what waits, then make no more spans. May take seconds while nobody listens at the endpoint."""
    global _live
    if _live is not None:
        stop, _live = _live.stop, None
        stop()


def live() -> Live | None:
    """What there is while traces are made; None otherwise."""
    return _live


def span(
    name: str,
    kind: str = "INTERNAL",
    attributes: Mapping[str, Any] | None = None,
    parent: Any = None,
    links: Sequence[Any] = (),
    start: int | None = None,
) -> contextlib.AbstractContextManager[Any]:
    """A span around what follows, the current one there; yields it, or None while no traces are made.

    `kind` of SpanKind; `parent` a context (None: the current one); `start` in nanoseconds.
    """
    if _live is None:
        return OFF
    return _span(_live, name, kind, attributes, parent, links, start)


@contextlib.contextmanager
def _span(
    live: Live, name: str, kind: str, attributes: Any, parent: Any, links: Sequence[Any], start: int | None
) -> Iterator[Any]:
    kinds, quiet = live.trace.SpanKind, {"record_exception": False, "set_status_on_exception": False}
    more = {"attributes": attributes, "links": links, "start_time": start, **quiet}
    with live.tracer.start_as_current_span(name, parent, kinds[kind], **more) as made:
        try:
            yield made
        except BaseException as error:  # its message may hold anything, so only its class is told
            failed(made, type(error).__name__)
            raise


def failed(made: Any, kind: str) -> None:
    """Mark a span (None: there is none) as failed, with the kind of error."""
    if made is not None and _live is not None:
        made.set_attribute(semconv.ERROR_TYPE, kind)
        made.set_status(_live.trace.StatusCode.ERROR)


def current() -> Any:
    """The span that is being made here, if it is recorded; else None."""
    if _live is None:
        return None
    found = _live.trace.get_current_span()
    return found if found.is_recording() else None


def hop(context: Any = None) -> dict[str, str]:
    """The headers that tell the next one of the current span (or that of a context): traceparent, tracestate."""
    carrier: dict[str, str] = {}
    if _live is not None:
        _live.propagator.inject(carrier, context)
    return carrier


def sent_by(headers: Mapping[str, str]) -> Any:
    """The context of a caller, out of its headers in lower case; None while no traces are made."""
    return None if _live is None else _live.propagator.extract(headers)


def link(traceparent: str) -> Any:
    """A link to a span that a traceparent names; None if it names none."""
    if _live is None:
        return None
    found = _live.trace.get_current_span(sent_by({semconv.TRACEPARENT: traceparent})).get_span_context()
    return _live.trace.Link(found) if found.is_valid else None


@contextlib.contextmanager
def request(traceparent: str | None) -> Iterator[Request]:
    """What is done here is done for a request; it has a trace id, its caller's or a new one."""
    found = PARENT.fullmatch(traceparent or "")
    known = Request(found[1], found[0]) if found else Request(os.urandom(16).hex(), "")
    token = _request.set(known)
    try:
        yield known
    finally:
        _request.reset(token)


def trace_id() -> str:
    """The id of the trace or the request that this is part of, 32 hex digits; "" if of none."""
    if _live is not None:
        found = _live.trace.get_current_span().get_span_context()
        if found.is_valid:
            return format(found.trace_id, "032x")
    return _request.get().trace_id


def origin() -> str:
    """The traceparent that a fact which begins here gets for ever: the current span's, or the caller's; "" if neither."""
    return hop().get(semconv.TRACEPARENT, "") or _request.get().traceparent
