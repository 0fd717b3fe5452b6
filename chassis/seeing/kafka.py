"""Kafka seen: spans `send T`, `poll T`, `process T`, and the headers of this hop."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from chassis.seeing import semconv, tracing

MOST_LINKS = 128
HOP = (semconv.TRACEPARENT, semconv.TRACESTATE)

Headers = Sequence[tuple[str, bytes | None]]
Hops = dict[str, list[tuple[str, bytes]]]
"""Topic → the headers of this hop."""


def sending(records: Sequence[tuple[str, Any, Any, Any, Any]]) -> contextlib.AbstractContextManager[Hops | None]:
    """A span `send T` for each topic of these records, within a trace; None outside of one (a heartbeat begins none)."""
    return tracing.OFF if tracing.current() is None else _sending(records)


@contextlib.contextmanager
def _sending(records: Sequence[tuple[str, Any, Any, Any, Any]]) -> Iterator[Hops]:
    live = tracing.live()
    with contextlib.ExitStack() as open_:
        hops: Hops = {}
        for topic, number in Counter(record[0] for record in records).items():
            about = {**_about("send", "send", topic), semconv.MESSAGING_BATCH: number}
            made = open_.enter_context(_detached(f"send {topic}", "PRODUCER", about))
            context = None if live is None else live.trace.set_span_in_context(made)
            hops[topic] = [(name, value.encode()) for name, value in tracing.hop(context).items()]
        yield hops


@contextlib.contextmanager
def _detached(name: str, kind: str, about: dict[str, Any]) -> Iterator[Any]:
    """A span beside others of the same parent."""
    live = tracing.live()
    made = None if live is None else live.tracer.start_span(name, kind=live.trace.SpanKind[kind], attributes=about)
    try:
        yield made
    except BaseException as error:
        tracing.failed(made, type(error).__name__)
        raise
    finally:
        if made is not None:
            made.end()


def with_hop(headers: Any, hop: list[tuple[str, bytes]] | None) -> Any:
    """The headers of a record that is sent now: those of an earlier hop give way, the fact's origin stays."""
    return headers if hop is None else [*((n, v) for n, v in headers if n not in HOP), *hop]


def processing(
    topic: str, partition: int, group: str, batch: Any, fetched: int
) -> contextlib.AbstractContextManager[Any]:
    """Spans `poll T` (since `fetched`, in nanoseconds) and in it `process T`, around the work on a batch.

    They are part of the sender's trace if all records are of one; else of a new one. Links go to every sender and
    every origin.
    """
    return tracing.OFF if tracing.live() is None else _processing(topic, partition, group, batch, fetched)


@contextlib.contextmanager
def _processing(topic: str, partition: int, group: str, batch: Any, fetched: int) -> Iterator[Any]:
    hops, origins = _found(batch, semconv.TRACEPARENT), _found(batch, semconv.ORIGIN)
    alone = {semconv.TRACEPARENT: hops[0]} if len(hops) == 1 else {}
    links = [link for text in dict.fromkeys((*hops, *origins)) if (link := tracing.link(text))][:MOST_LINKS]
    place = {semconv.MESSAGING_PARTITION: str(partition), semconv.MESSAGING_GROUP: group}
    place |= {semconv.MESSAGING_BATCH: len(batch), semconv.MESSAGING_OFFSET: batch[0].offset}
    polled = {**_about("poll", "receive", topic), **place}
    processed = {**_about("process", "process", topic), **place}
    with (
        tracing.span(f"poll {topic}", "CLIENT", polled, tracing.sent_by(alone), links, fetched),
        tracing.span(f"process {topic}", "CONSUMER", processed) as made,
    ):
        yield made


def _found(batch: Iterable[Any], header: str) -> list[str]:
    """The different values of a header in a batch, in order."""
    found: dict[bytes, None] = {}
    for record in batch:
        for name, value in record.headers:
            if name == header and value:
                found[value] = None
                if len(found) >= MOST_LINKS:
                    return _texts(found)
    return _texts(found)


def _texts(found: Iterable[bytes]) -> list[str]:
    return [text for value in found if tracing.PARENT.fullmatch(text := value.decode("latin-1"))]


def origin_of(headers: Headers) -> str:
    """Where a record of a stranger comes from, by the headers of its hop; "" if they do not say."""
    for name, value in headers:
        if name == semconv.TRACEPARENT and value:
            return next(iter(_texts([value])), "")
    return ""


def _about(operation: str, kind: str, topic: str) -> dict[str, Any]:
    return {
        semconv.MESSAGING_SYSTEM: "kafka",
        semconv.MESSAGING_DESTINATION: topic,
        semconv.MESSAGING_OPERATION: operation,
        semconv.MESSAGING_OPERATION_TYPE: kind,
    }
