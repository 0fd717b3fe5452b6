"""Facts as CloudEvents 1.0 over HTTP, for doors: structured and binary mode in, structured mode out."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

import msgspec

from contracts import catalog
from contracts.envelope import MAX_BYTES, STRUCTURED, Attributes, fact_of, open_structured, rfc3339
from contracts.errors import NoData, TooLarge
from contracts.fact import Fact
from contracts.upcast import Readers


def decode_http(
    headers: Mapping[str, str], body: bytes, recorded_at: datetime, *, readers: Readers = catalog.READERS
) -> Fact:
    """The fact an HTTP request carries; the content type tells the mode. Raises `Rejected`, and nothing else.

    `recorded_at` is the moment the request came in; an extension `recordedat` wins over it.
    """
    named = {name.lower(): text for name, text in headers.items()}
    content_type = named.get("content-type", "application/json")
    if content_type.lower().startswith(STRUCTURED.decode()):
        return decode_structured(body, recorded_at, readers=readers)
    if len(body) > MAX_BYTES:
        raise TooLarge(f"the body has {len(body)} bytes, the limit is {MAX_BYTES}")
    if not body:
        raise NoData("the request has no body", "/data")
    return fact_of(_attributes(named, content_type), body, recorded_at, readers)


def decode_structured(body: bytes, recorded_at: datetime, *, readers: Readers = catalog.READERS) -> Fact:
    """The fact in a structured CloudEvent (JSON); raises `Rejected`, and nothing else."""
    if len(body) > MAX_BYTES:
        raise TooLarge(f"the event has {len(body)} bytes, the limit is {MAX_BYTES}")
    attributes, data = open_structured(body, STRUCTURED)
    return fact_of(attributes, data, recorded_at, readers)


def encode_structured(fact: Fact) -> bytes:
    """The fact as one JSON document, `application/cloudevents+json`."""
    event = {
        "specversion": "1.0",
        "type": fact.type,
        "source": fact.source,
        "id": fact.id,
        "subject": fact.subject,
        "time": rfc3339(fact.time),
        "recordedat": rfc3339(fact.recorded_at),
        "datacontenttype": "application/json",
        "data": fact.data,
    }
    return msgspec.json.encode({**event, "traceparent": fact.trace} if fact.trace else event)


def _attributes(named: Mapping[str, str], content_type: str) -> Attributes:
    known = {name: unquote(named.get(f"ce-{name}", "")) for name in _NAMES}
    return Attributes(**known, datacontenttype=content_type)


_NAMES = ("type", "source", "id", "subject", "time", "recordedat", "specversion", "traceparent")
