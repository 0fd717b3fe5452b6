"""Seeing, in small: logs say of which trace they are, what is off costs nothing, counts and bounds."""

import contextlib
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from chassis.fold.model import Watermark
from chassis.logs import configure
from chassis.seeing import semconv, tracing
from chassis.seeing.checks import of_place
from chassis.seeing.counts import Counts, Histogram
from chassis.seeing.errors import BadEdit
from chassis.seeing.findings import apart, unlike
from chassis.seeing.kafka import origin_of, sending, with_hop
from chassis.seeing.lag import Place, places_of
from chassis.seeing.patching import Record, differences, edited
from chassis.stream.topics import TopicFound
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


@pytest.mark.parametrize(
    ("settled", "table", "codes"),
    [(5, 1, []), (3, 1, []), (11, 1, ["watermark_ahead"]), (2, 1, ["watermark_gap"]), (5, 2, ["slot_newer"])],
)
def test_watermarks_are_held_against_the_log(settled: int, table: int, codes: list[str]) -> None:
    mark = Watermark("t:0", "t", 0, settled, settled, 1, table)
    found = list(of_place("service", 1, Place("t", 0, mark, 3, 10)))
    assert [each["code"] for each in found] == codes
    assert all(each["do"] and "t[0]" in each["says"] for each in found)


class Moving:
    """A service that goes on while it is asked: with each question a record more is there, settled and forgotten."""

    def __init__(self) -> None:
        self.topics = self.store = self.definition = self
        self.reads, self.now = ["t"], 100

    def _later(self) -> int:
        self.now += 1
        return self.now

    async def find(self, _names: Any) -> dict[str, TopicFound]:
        return {"t": TopicFound("t", 1)}

    async def starts(self, where: Any) -> dict[Any, int]:
        return dict.fromkeys(where, self._later() - 5)

    async def ends(self, where: Any) -> dict[Any, int]:
        return dict.fromkeys(where, self._later())

    async def all_watermarks(self) -> list[Watermark]:
        return [Watermark("t:0", "t", 0, at := self._later(), at, 1, 1)]


async def test_a_service_that_goes_on_meanwhile_does_not_seem_ahead_of_its_log() -> None:
    app: Any = Moving()
    (place,) = await places_of(app)
    assert list(of_place("service", 1, place)) == []


def test_who_has_another_key_is_named() -> None:
    services = [{"service": name, "keys": {"kek": mark}} for name, mark in (("a", "1"), ("b", "1"), ("c", "2"))]
    assert [each["code"] for each in unlike(services)] == ["keys_differ"]
    assert unlike(services[:2]) == []


WHOLE = Record(b"k", b'{"a": 1, "b": [1, {"c": "x"}]}', [("ce_id", b"1"), ("raw", b"\xff"), ("none", None)])


def test_what_an_edit_does_not_touch_stays_byte_for_byte() -> None:
    assert edited(WHOLE, [{"op": "replace", "path": "/key", "value": "k2"}]) == WHOLE._replace(key=b"k2")
    changed = edited(WHOLE, [{"op": "add", "path": "/headers/ce_type", "value": "t"}])
    assert changed == WHOLE._replace(headers=[*WHOLE.headers, ("ce_type", b"t")])
    changes = [{"op": "remove", "path": "/value/b/0"}, {"op": "add", "path": "/value/b/-", "value": 2}]
    assert edited(WHOLE, changes).value == b'{"a":1,"b":[{"c":"x"},2]}'
    no_json = WHOLE._replace(value=b"\xff not JSON")
    assert edited(no_json, [{"op": "replace", "path": "/value", "value": {}}]).value == b"{}"
    assert edited(no_json, [{"op": "replace", "path": "/key", "value": None}]) == no_json._replace(key=None)


@pytest.mark.parametrize(
    "change",
    [
        {"op": "test", "path": "/key", "value": "k"},
        {"op": "replace", "path": "/value/x", "value": 1},
        {"op": "replace", "path": "/value/b/7", "value": 1},
        {"op": "add", "path": "/value/b/x", "value": 1},
        {"op": "add", "path": "/value/a/x", "value": 1},
        {"op": "add", "path": "/value/b/1/c/d", "value": 1},
        {"op": "remove", "path": "/value"},
        {"op": "add", "path": "/other", "value": 1},
        {"op": "replace", "path": "/headers", "value": {"ce_id": 1}},
        {"op": "replace", "path": "/headers", "value": "x"},
        {"op": "add", "path": "/value/x"},
        {"op": "add", "path": 7, "value": 1},
        {},
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadEdit):
        edited(WHOLE, [change])


def test_differences_are_told_without_values() -> None:
    before, after = {"a": "secret", "b": [1, 2], "c": None, "d": True}, {"a": 7, "b": [1, 3], "d": 1, "e/f": {"g": 1}}
    found = [tuple(each) for each in differences(before, after)]
    assert found == [
        ("/a", "changed", "text of 6", "number"),
        ("/b/1", "changed", "number", "number"),
        ("/c", "removed", "null", ""),
        ("/d", "changed", "boolean", "number"),
        ("/e~1f", "added", "", "object of 1"),
    ]


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


@pytest.mark.parametrize(("told", "off"), [(-3, -3), (0, 0), (4, 0), (9, 0), (12, 3)])
def test_a_slow_answer_is_no_wrong_clock(told: int, off: int) -> None:
    """Asked at 0 s, answered after 9 s: whatever clock reads something in between may be right."""
    at = [START + timedelta(seconds=seconds) for seconds in (told, 0, 9)]
    assert apart(*at) == timedelta(seconds=off)
