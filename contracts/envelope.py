"""Facts as CloudEvents 1.0 on Kafka: both content modes in, binary mode out. HTTP: `contracts.http`.

This is the hot path of every worker. Whatever comes in, the answer is a `Fact` or a `Rejected`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from contracts import catalog
from contracts.errors import (
    InvalidField,
    KeyMismatch,
    MissingField,
    NoData,
    NotCloudEvent,
    NotJson,
    NotUtf8,
    TimeInFuture,
    TooLarge,
    UnknownType,
    UnknownVersion,
)
from contracts.fact import Fact
from contracts.rejection import rejection_of
from contracts.upcast import Reader, Readers, encode_data, stored_data

__all__ = ["Record", "decode", "decode_data", "encode", "encode_data", "event_type"]

MAX_BYTES = 65_536
MAX_AHEAD = timedelta(minutes=5)
STRUCTURED = b"application/cloudevents+json"
JSON = b"application/json"

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """A Kafka record to publish, in binary mode."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Attributes(msgspec.Struct, gc=False):
    """Context attributes as text, before they are checked; the extensions we know, unknown ones are ignored."""

    type: str = ""
    source: str = ""
    id: str = ""
    subject: str = ""
    time: str = ""
    recordedat: str = ""
    specversion: str = ""
    datacontenttype: str = "application/json"
    traceparent: str = ""


class Structured(Attributes):
    """A whole event in structured mode; `data` stays raw until its type is known."""

    data: msgspec.Raw = msgspec.Raw(b"")


def decode(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    timestamp_ms: int,
    *,
    now: datetime | None = None,
    readers: Readers = catalog.READERS,
    keyed: bool = True,
    limit: int = MAX_BYTES,
) -> Fact:
    """The fact a Kafka record carries, its data validated and brought to the newest version.

    `timestamp_ms` is the record's timestamp (Unix milliseconds); it (or `now`, where there is none) stands for
    `recorded_at` when the extension `recordedat` is absent. `keyed` demands that the key is the subject. Raises
    `Rejected`, and nothing else.
    """
    attributes, data = opened(value, headers, limit)
    if keyed and (key is None or key != attributes.subject.encode()):
        raise KeyMismatch("the record's key must be the subject of the event", "/subject")
    return fact_of(attributes, data, _recorded_at(timestamp_ms, now), readers)


def event_type(headers: Headers, value: bytes | None) -> str | None:
    """The type a record claims, without looking at anything else; None where there is none to be found."""
    for name, text in headers:
        if name == "ce_type":
            return _names.get(text) or (text or b"").decode("utf-8", "replace")
    for name, text in headers:
        if name.lower() == "ce_type":
            return (text or b"").decode("utf-8", "replace")
    try:
        return _structured(value or b"").type or None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def encode(fact: Fact, *, sequence: str | None = None, previous: str | None = None, topic: str = "") -> Record:
    """The record (binary mode) for a fact, keyed by its subject, on `topic` or else on that of its type in the catalog.

    `sequence` and `previous` become extensions of the same name: the order of an entity's facts for readers.
    """
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_type", fact.type.encode()),
        ("ce_source", fact.source.encode()),
        ("ce_id", fact.id.encode()),
        ("ce_subject", fact.subject.encode()),
        ("ce_time", rfc3339(fact.time).encode()),
        ("ce_recordedat", rfc3339(fact.recorded_at).encode()),
        ("content-type", JSON),
    ]
    if sequence is not None:
        headers.append(("ce_sequence", sequence.encode()))
    if previous is not None:
        headers.append(("ce_previous", previous.encode()))
    if fact.trace:
        headers.append(("ce_traceparent", fact.trace.encode()))
    return Record(
        topic or catalog.TYPES[fact.type].topic, fact.subject.encode(), msgspec.json.encode(fact.data), headers
    )


def decode_data(type_name: str, raw: bytes, readers: Readers = catalog.READERS) -> Any:
    """A fact's data from its canonical bytes (`encode_data`), brought to the newest version."""
    return stored_data(type_name, raw, readers)


def opened(value: bytes | None, headers: Headers, limit: int = MAX_BYTES) -> tuple[Attributes, bytes | msgspec.Raw]:
    """Attributes and raw data of a Kafka record, in either content mode; raises `Rejected`."""
    if value is None:
        raise NoData("the record has no value", "/data")
    if len(value) > limit:
        raise TooLarge(f"the value has {len(value)} bytes, the limit is {limit}")
    named = dict(headers)
    if "ce_type" not in named:
        named = {name.lower(): text for name, text in headers}
    if "ce_type" in named or "ce_specversion" in named:
        return _binary(named), value
    return open_structured(value, named.get("content-type", STRUCTURED))


def open_structured(value: bytes, content_type: bytes) -> tuple[Attributes, bytes | msgspec.Raw]:
    """Attributes and raw data of an event in structured mode."""
    if not content_type.lower().startswith((STRUCTURED, JSON)):
        raise NotCloudEvent("neither ce_ headers nor a structured CloudEvent in JSON")
    try:
        event = _structured(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise rejection_of(error, value, "") from None
    return event, event.data


def fact_of(attributes: Attributes, data: bytes | msgspec.Raw, recorded_at: datetime, readers: Readers) -> Fact:
    """The fact that attributes and raw JSON data make; raises `Rejected`."""
    reader = _check(attributes, readers)
    time = instant(attributes.time, "/time")
    if attributes.recordedat:
        recorded_at = instant(attributes.recordedat, "/recordedat")
    if time > recorded_at and time - recorded_at > MAX_AHEAD:
        raise TimeInFuture("the time is more than 5 minutes after the fact was recorded", "/time")
    content, trace = read_data(data, reader), attributes.traceparent
    if trace and not _fits_trace(trace):
        trace = ""  # an extension that is none is ignored, and goes no further: it may hold anything
    return Fact(attributes.source, attributes.id, reader.newest, attributes.subject, time, recorded_at, content, trace)


def read_data(data: bytes | msgspec.Raw, reader: Reader) -> object:
    """Validated data, newest version, from its JSON bytes."""
    try:
        content = reader.json(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _data_rejection(error, bytes(data)) from None
    for step in reader.steps:
        content = step(content)
    return content


def instant(text: str, pointer: str) -> datetime:
    """The UTC instant of an RFC 3339 text with zone."""
    try:
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is UTC:
            return moment
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise InvalidField("not an RFC 3339 time", pointer) from None
    raise InvalidField("a time needs a zone", pointer)


def rfc3339(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _binary(named: Mapping[str, bytes]) -> Attributes:
    get = named.get
    try:
        return Attributes(
            get("ce_type", b"").decode(),
            get("ce_source", b"").decode(),
            get("ce_id", b"").decode(),
            get("ce_subject", b"").decode(),
            get("ce_time", b"").decode(),
            get("ce_recordedat", b"").decode(),
            get("ce_specversion", b"").decode(),
            get("content-type", JSON).decode(),
            get("ce_traceparent", b"").decode(),
        )
    except (UnicodeDecodeError, AttributeError):  # Kafka allows a header without value
        raise NotUtf8("a ce_ header is not UTF-8") from None


def _check(attributes: Attributes, readers: Readers) -> Reader:
    if attributes.specversion != "1.0":
        raise NotCloudEvent("specversion must be 1.0", "/specversion")
    if not (attributes.type and attributes.source and attributes.id and attributes.subject and attributes.time):
        raise _missing(attributes)
    reader = readers.get(attributes.type)
    if reader is None:
        raise _unknown(attributes.type, readers)
    if not (_fits_source(attributes.source) and _fits_source(attributes.id) and _fits_subject(attributes.subject)):
        raise _misfit(attributes)
    if attributes.datacontenttype != "application/json":
        _check_content_type(attributes.datacontenttype)
    return reader


def _missing(attributes: Attributes) -> MissingField:
    name = next(name for name in ("type", "source", "id", "subject", "time") if not getattr(attributes, name))
    return MissingField(f"the attribute {name} is required", f"/{name}")


def _unknown(type_name: str, readers: Readers) -> UnknownType | UnknownVersion:
    name, _, version = type_name.rpartition(".v")
    if version.isdigit() and any(known.rpartition(".v")[0] == name for known in readers):
        return UnknownVersion("this version of the type is not in the catalog", "/type")
    return UnknownType("the type is not in the catalog", "/type")


def _misfit(attributes: Attributes) -> InvalidField:
    if not _fits_source(attributes.source):
        return InvalidField("source must be 1 to 200 printable characters", "/source")
    if not _fits_source(attributes.id):
        return InvalidField("id must be 1 to 200 printable characters", "/id")
    return InvalidField("subject must be 1 to 64 letters, digits or ._:~-", "/subject")


def _check_content_type(content_type: str) -> None:
    media = content_type.partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise NotJson("the data's content type must be application/json", "/datacontenttype")


def _data_rejection(error: Exception, data: bytes) -> Exception:
    if data.strip() in (b"", b"null"):
        return NoData("the data is missing or null", "/data")
    return rejection_of(error, data, "/data")


def _recorded_at(timestamp_ms: int, now: datetime | None) -> datetime:
    if timestamp_ms > 0:
        try:
            return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            raise InvalidField("the record's timestamp is out of range", "/recordedat") from None
    if now is None:
        raise MissingField("neither recordedat nor a record timestamp", "/recordedat")
    return now


def _fits_source(text: str) -> bool:
    return len(text) <= 200 and text.isprintable()


_names = {name.encode(): name for name in catalog.READERS}
_fits_subject = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}").fullmatch
_fits_trace = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}").fullmatch
_structured = msgspec.json.Decoder(Structured).decode
