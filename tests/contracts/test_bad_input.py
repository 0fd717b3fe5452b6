"""Everything that is not an acceptable fact is refused with a stable code and a pointer, and its values stay unsaid."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import envelope
from contracts.errors import Rejected
from tests.contracts.records import AT, binary, decode_binary, decode_structured, event, structured

SECRET = "13800138000"
NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


def rejection(call: Callable[[], Any]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        call()
    return caught.value


def with_data(**changes: Any) -> dict[str, Any]:
    """The signed deal with fields of its data changed; None as a type means removed."""
    of = event()
    of["data"] |= changes
    of["data"] = {name: value for name, value in of["data"].items() if value is not REMOVED}
    return of


REMOVED = object()

DATA_CASES = {
    "missing field": (with_data(price=REMOVED), "missing_field", "/data/price"),
    "missing inner field": (with_data(price={"currency": "CNY"}), "missing_field", "/data/price/amount"),
    "wrong type": (with_data(deal_id=13800138000), "wrong_type", "/data/deal_id"),
    "wrong type inside a list": (with_data(buyers=["c-1", 13800138000]), "wrong_type", "/data/buyers/1"),
    "money as float": (with_data(price={"amount": 2000000.5}), "wrong_type", "/data/price/amount"),
    "money as integer": (with_data(price={"amount": 2000000}), "wrong_type", "/data/price/amount"),
    "money as number": (with_data(price=2000000.5), "wrong_type", "/data/price"),
    "money with exponent": (with_data(price={"amount": "2e6"}), "invalid_field", "/data/price/amount"),
    "money with comma": (with_data(price={"amount": "2,000"}), "invalid_field", "/data/price/amount"),
    "money negative": (with_data(price={"amount": "-5.00"}), "invalid_field", "/data/price/amount"),
    "money zero": (with_data(price={"amount": "0.00"}), "invalid_field", "/data/price/amount"),
    "money with trailing newline": (with_data(price={"amount": "5.00\n"}), "invalid_field", "/data/price/amount"),
    "unknown currency": (with_data(price={"amount": "5", "currency": SECRET}), "invalid_field", "/data/price/currency"),
    "unsafe id": (with_data(deal_id=f"call +86 {SECRET}"), "invalid_field", "/data/deal_id"),
    "id of 10 KB": (with_data(deal_id=SECRET * 1000), "invalid_field", "/data/deal_id"),
    "too many buyers": (with_data(buyers=["c"] * 21), "invalid_field", "/data/buyers"),
    "data is a list": (event() | {"data": [SECRET]}, "wrong_type", "/data"),
    "data is null": (event() | {"data": None}, "no_data", "/data"),
    "unknown type": (event() | {"type": "crm.deal.imagined.v1"}, "unknown_type", "/type"),
    "unknown version": (event() | {"type": "crm.deal.signed.v9"}, "unknown_version", "/type"),
    "no version": (event() | {"type": "crm.deal.signed"}, "unknown_type", "/type"),
    "time without zone": (event() | {"time": "2026-03-09T06:30:00"}, "invalid_field", "/time"),
    "time is no time": (event() | {"time": SECRET}, "invalid_field", "/time"),
    "time before all times": (event() | {"time": "0001-01-01T00:00:00+14:00"}, "invalid_field", "/time"),
    "time in the far future": (event() | {"time": "2126-03-09T06:30:00Z"}, "time_in_future", "/time"),
    "time six minutes ahead": (event() | {"time": "2026-03-09T06:36:00Z"}, "time_in_future", "/time"),
    "recordedat is no time": (event() | {"recordedat": SECRET}, "invalid_field", "/recordedat"),
    "another specversion": (event() | {"specversion": "0.3"}, "not_cloudevent", "/specversion"),
    "empty id": (event() | {"id": ""}, "missing_field", "/id"),
    "id too long": (event() | {"id": SECRET * 100}, "invalid_field", "/id"),
    "source with control characters": (event() | {"source": f"/a\x00{SECRET}"}, "invalid_field", "/source"),
    "subject that is no id": (event() | {"subject": f"Mr. Wang, {SECRET}"}, "invalid_field", "/subject"),
    "another content type": (event() | {"datacontenttype": "text/plain"}, "not_json", "/datacontenttype"),
}


@pytest.mark.parametrize("name", DATA_CASES)
@pytest.mark.parametrize("decode", [decode_binary, decode_structured])
def test_a_bad_event_is_refused_with_code_and_pointer_in_both_modes(name: str, decode: Callable[..., Any]) -> None:
    of, code, pointer = DATA_CASES[name]
    rejected = rejection(lambda: decode(of))
    assert (rejected.code, rejected.pointer) == (code, pointer)
    assert SECRET not in f"{rejected} {rejected.detail} {rejected.pointer}"
    assert rejected.__cause__ is None and (rejected.__suppress_context__ or rejected.__context__ is None)


@pytest.mark.parametrize("missing", ["type", "source", "id", "subject", "time"])
def test_every_attribute_is_required(missing: str) -> None:
    of = {name: value for name, value in event().items() if name != missing}
    rejected = rejection(lambda: envelope.decode(*structured(of), AT, keyed=False))
    assert (rejected.code, rejected.pointer) == ("missing_field", f"/{missing}")


VALUE_CASES = {
    "not JSON": (b"deal signed by 13800138000", "not_json", "/data"),
    "cut off": (b'{"deal_id": "D1"', "not_json", "/data"),
    "not UTF-8": (b'{"deal_id": "\xff\xfe"}', "not_utf8", "/data"),
    "not UTF-8 outside a string": (b"\xff\xfe\x00", "not_utf8", "/data"),
    "nested without end": (b'{"more":' + b"[" * 60_000, "not_json", "/data"),
    "null": (b"null", "no_data", "/data"),
    "empty": (b"", "no_data", "/data"),
    "70 KiB": (b'{"note": "' + b"x" * 71_680 + b'"}', "too_large", ""),
}


@pytest.mark.parametrize("name", VALUE_CASES)
def test_a_bad_value_is_refused_with_code_and_pointer(name: str) -> None:
    value, code, pointer = VALUE_CASES[name]
    rejected = rejection(lambda: decode_binary(event(), value))
    assert (rejected.code, rejected.pointer) == (code, pointer)


def test_a_tombstone_is_refused() -> None:
    key, _, headers = binary(event())
    assert rejection(lambda: envelope.decode(key, None, headers, AT)).code == "no_data"


@pytest.mark.parametrize("value", [b"hello", b"[1]", b'{"specversion": 1}', b"{}", b"\xff", b""])
def test_a_record_that_is_no_cloudevent_is_refused(value: bytes) -> None:
    rejected = rejection(lambda: envelope.decode(b"c", value, [], AT))
    assert rejected.code in ("not_json", "not_utf8", "wrong_type", "not_cloudevent", "key_mismatch")


@pytest.mark.parametrize("key", [None, b"", b"another-customer", b"\xff"])
def test_a_key_that_is_not_the_customer_is_refused(key: bytes | None) -> None:
    for _, value, headers in (binary(event()), structured(event())):
        rejected = rejection(lambda value=value, headers=headers: envelope.decode(key, value, headers, AT))
        assert (rejected.code, rejected.pointer) == ("key_mismatch", "/subject")
        assert envelope.decode(key, value, headers, AT, keyed=False).type == event()["type"]


def test_a_free_text_instead_of_its_reference_is_refused() -> None:
    of = event("crm.survey.answered.v1")
    of["data"]["comment"] = f"call me: {SECRET}"
    rejected = rejection(lambda: decode_binary(of))
    assert (rejected.code, rejected.pointer) == ("invalid_field", "/data/comment")
    assert SECRET not in str(rejected)


@pytest.mark.parametrize("answer", [{"value": 6, "min": 1, "max": 5}, {"value": 1, "min": 1, "max": 1}])
def test_an_answer_outside_its_scale_is_refused(answer: dict[str, int]) -> None:
    of = event("crm.survey.answered.v1")
    of["data"]["answers"] = [answer]
    rejected = rejection(lambda: decode_binary(of))
    assert (rejected.code, rejected.pointer) == ("invalid_field", "/data/answers/0")


def test_five_minutes_ahead_is_still_now() -> None:
    assert decode_binary(event() | {"time": "2026-03-09T06:35:00Z"}).id == event()["id"]


def test_a_header_that_is_not_utf8_is_refused() -> None:
    key, value, headers = binary(event())
    assert rejection(lambda: envelope.decode(key, value, [*headers, ("ce_id", b"\xff")], AT)).code == "not_utf8"


def test_unknown_fields_and_headers_are_ignored() -> None:
    of = with_data(colour="red") | {"traceparent": "00-abc"}
    assert decode_binary(of) == decode_structured(of) == decode_binary(event())


def test_header_names_may_be_in_capitals() -> None:
    key, value, headers = binary(event())
    loud = [(name.upper(), text) for name, text in headers]
    assert envelope.decode(key, value, loud, AT) == decode_binary(event())


def test_a_structured_event_may_come_as_plain_json() -> None:
    key, value, _ = structured(event())
    for headers in ([], [("content-type", b"application/json")]):
        assert envelope.decode(key, value, headers, AT) == decode_binary(event())


def test_a_record_without_timestamp_needs_recordedat_or_now() -> None:
    of = {name: value for name, value in event().items() if name != "recordedat"}
    assert rejection(lambda: envelope.decode(*binary(of), -1)).pointer == "/recordedat"
    assert envelope.decode(*binary(of), -1, now=NOW).recorded_at == NOW
