"""Whatever bytes come in, the answer is a fact or a rejection; and a fact read can be written and read again."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts import catalog, envelope
from contracts.errors import Rejected
from contracts.fact import Fact
from contracts.http import decode_http
from tests.contracts.records import AT, EXAMPLES, binary
from tests.contracts.test_cloudevents_sdk import NOW

EVENTS = [json.loads(path.read_text("utf-8")) for path in EXAMPLES]
names = st.sampled_from(
    ("ce_type", "ce_id", "ce_source", "ce_subject", "ce_time", "ce_specversion", "content-type", "x")
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def decoded(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], timestamp: int) -> Fact | None:
    try:
        fact = envelope.decode(key, value, headers, timestamp)
    except Rejected as rejected:
        assert rejected.code and rejected.status in (400, 409, 413, 422)
        assert rejected.pointer == "" or rejected.pointer.startswith("/")
        return None
    return fact


@settings(max_examples=300, deadline=None)
@given(
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=200),
    st.lists(st.tuples(names, st.binary(max_size=30)), max_size=9),
    st.integers(-(2**63), 2**63 - 1),
)
def test_arbitrary_bytes_never_raise_anything_else(key, value, headers, timestamp) -> None:
    assert isinstance(decoded(key, value, headers, timestamp), Fact | None)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(EVENTS))
def test_examples_with_one_thing_replaced_never_raise_anything_else(data, event) -> None:
    place = data.draw(st.sampled_from([*sorted(event["data"]), "", "answers"]))
    value = data.draw(json_values)
    changed = event | {"data": event["data"] | {place: value} if place else value}
    fact = decoded(*binary(changed), AT)
    if fact:
        record = envelope.encode(fact)
        assert envelope.decode(record.key, record.value, record.headers, AT) == fact
        assert envelope.decode_data(fact.type, envelope.encode_data(fact.data)) == fact.data


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EVENTS), st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_examples_with_bytes_overwritten_never_raise_anything_else(event, place, patch) -> None:
    key, value, headers = binary(event)
    start = place % len(value)
    decoded(key, value[:start] + patch + value[start + len(patch) :], headers, AT)


@given(st.dictionaries(st.sampled_from(("ce-id", "ce-type", "content-type")), st.text(max_size=20)), st.binary())
@example({"content-type": "application/cloudevents+json"}, b'{"data": null}')
def test_arbitrary_requests_never_raise_anything_else(headers, body) -> None:
    try:
        decode_http(headers, body, NOW)
    except Rejected as rejected:
        assert rejected.code


def test_the_catalog_is_what_is_fuzzed() -> None:
    assert len(EVENTS) == len(catalog.TYPES)
