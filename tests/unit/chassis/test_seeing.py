"""Seeing, in small: logs say of which trace they are, what is off costs nothing, counts and bounds."""

import contextlib
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chassis.logs import configure
from chassis.seeing import semconv, tracing
from chassis.seeing.counts import Counts, Histogram
from chassis.seeing.kafka import origin_of, sending, with_hop
from contracts.envelope import decode, encode
from contracts.fact import beginning
from tests.collector import collecting
from tests.unit.facts import START, visit

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = PARENT.split("-")[1]


@contextlib.contextmanager
def logging_as_a_process_does() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    configure("info", "json", "service", "all")
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


def test_what_is_logged_for_a_request_says_of_which(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_a_process_does():
        structlog.get_logger().info("before")
        with tracing.request(PARENT):
            structlog.get_logger().info("during")
            logging.getLogger("stdlib").info("from a library")
        with tracing.request("not a traceparent") as own:
            structlog.get_logger().info("of nobody")
    before, during, library, nobody = map(json.loads, capsys.readouterr().err.splitlines())
    assert "trace_id" not in before
    assert (during["trace_id"], library["trace_id"], nobody["trace_id"]) == (TRACE, TRACE, own.trace_id)
    assert len(own.trace_id) == 32


def test_without_an_endpoint_nothing_is_made() -> None:
    assert tracing.live() is None
    with tracing.span("anything") as made, sending([("t", None, None, b"", [])]) as hops:
        assert made is None
        assert hops is None
    headers = [("ce_id", b"1"), ("traceparent", b"of the sender")]
    assert with_hop(headers, None) == headers
    assert (tracing.hop(), tracing.origin(), tracing.current()) == ({}, "", None)
    with tracing.request(PARENT):
        assert tracing.origin() == PARENT, "a caller's trace is the origin of what it sets off, seen by us or not"


def test_spans_tell_the_kind_of_an_error_and_never_its_message() -> None:
    with collecting() as collector:
        tracing.begin(collector.url, 1.0, {semconv.SERVICE_NAME: "hearth.test"})
        try:
            with pytest.raises(ValueError), tracing.span("outer"), tracing.span("inner"):
                raise ValueError("+86 139 0000 0000")
            with tracing.span("sends"), sending([("t", None, None, b"", []), ("u", None, None, b"", [])]) as hops:
                assert hops is not None and set(hops) == {"t", "u"}
                old = [("ce_id", b"1"), ("ce_traceparent", b"o"), ("traceparent", b"old")]
                assert with_hop(old, hops["t"]) == [("ce_id", b"1"), ("ce_traceparent", b"o"), *hops["t"]]
            with sending([("t", None, None, b"", [])]) as hops:
                assert hops is None, "what nobody asked for begins no trace"
        finally:
            tracing.end()
        spans = {span.name: span for span in collector.spans}
        assert set(spans) == {"outer", "inner", "sends", "send t", "send u"}
        assert spans["inner"].parent == spans["outer"].id
        assert {spans["send t"].parent, spans["send u"].parent} == {spans["sends"].id}
        assert (spans["inner"].failed, spans["inner"].attributes["error.type"]) == (True, "ValueError")
        assert not any(b"139" in raw for raw in collector.raw)


def test_only_a_traceparent_is_carried_on() -> None:
    told = beginning(visit(START), PARENT)
    record = encode(told)
    assert ("ce_traceparent", PARENT.encode()) in record.headers
    assert decode(record.key, record.value, record.headers, 1) == told
    assert beginning(told, PARENT.replace("0af", "1af")) is told, "an origin is never rewritten"
    forged = [(name, b"139 0000 0000" if name == "ce_traceparent" else value) for name, value in record.headers]
    assert decode(record.key, record.value, forged, 1).trace == ""
    assert (origin_of([("traceparent", b"139")]), origin_of([("traceparent", PARENT.encode())])) == ("", PARENT)


def test_a_value_on_a_bound_is_within_it() -> None:
    seen = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        seen.observe(value)
    assert seen.buckets() == [("1.0", 2), ("2.0", 3), ("+Inf", 4)]
    assert seen.sum == 12.0


def test_facts_are_counted_by_type_and_outcome() -> None:
    class Item:
        def __init__(self, type_: str) -> None:
            self.fact = self
            self.type, self.code = type_, "conflict"

    counts, a, b = Counts(), Item("a"), Item("b")
    counts.folded([a, a, a, b], [a, b], [(a, ValueError())])
    counts.buried([a])
    assert counts.types == {("a", "applied"): 1, ("b", "applied"): 1, ("a", "duplicate"): 1, ("a", "dead"): 1}
    assert (counts.applied, counts.duplicate, counts.dead) == (2, 1, 1)
    assert counts.numbers["applied"] == 2
    assert "types" not in counts.numbers
