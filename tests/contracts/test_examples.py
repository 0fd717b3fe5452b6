"""Every type has a golden example that decodes, obeys its schema and survives every form it is kept in."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts import catalog, envelope
from contracts.fields import CLASS_KEY
from contracts.http import decode_structured, encode_structured
from contracts.schema import field_class, schema_of
from tests.contracts.records import AT, EXAMPLES, binary, decode_binary

SCHEMAS = Path(envelope.__file__).parent / "schemas"


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def test_every_type_has_an_example_and_every_example_a_type() -> None:
    assert [path.stem for path in EXAMPLES] == sorted(catalog.TYPES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_obeys_its_schema(path: Path) -> None:
    schema = read(SCHEMAS / path.name)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(read(path)["data"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_decodes_in_every_form_to_the_same_fact(path: Path) -> None:
    event = read(path)
    fact = decode_binary(event)
    assert (fact.type, fact.source, fact.id, fact.subject) == tuple(
        event[name] for name in ("type", "source", "id", "subject")
    )
    assert fact.time.tzinfo is UTC and fact.recorded_at.tzinfo is UTC
    assert decode_structured(path.read_bytes(), fact.recorded_at) == fact
    assert decode_structured(encode_structured(fact), fact.recorded_at) == fact
    record = envelope.encode(fact, sequence="7", previous="6")
    assert envelope.decode(record.key, record.value, record.headers, AT) == fact
    assert record.topic == catalog.TYPES[fact.type].topic


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_says_nothing_its_struct_does_not_know(path: Path) -> None:
    """A typing mistake in an example would otherwise pass as an unknown field."""
    event = read(path)
    assert set(event["data"]) <= set(read(SCHEMAS / path.name)["properties"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_stored_bytes_are_canonical(path: Path) -> None:
    fact = decode_binary(read(path))
    raw = envelope.encode_data(fact.data)
    again = envelope.decode_data(fact.type, raw)
    assert again == fact.data and envelope.encode_data(again) == raw


def test_a_field_left_at_its_default_adds_no_bytes() -> None:
    event = read(SCHEMAS.parent / "examples" / "crm.visit.missed.v1.json")
    event["data"].pop("reason")
    absent = decode_binary(event)
    event["data"]["reason"] = None
    assert envelope.encode_data(decode_binary(event).data) == envelope.encode_data(absent.data)
    assert "reason" not in msgspec.msgpack.decode(envelope.encode_data(absent.data))


def test_times_with_other_zones_are_the_same_instant() -> None:
    event = read(SCHEMAS.parent / "examples" / "crm.visit.scheduled.v1.json")
    before = decode_binary(event)
    event["time"], event["data"]["starts_at"] = "2026-03-03T16:12:00+08:00", "2026-03-04T10:00:00+08:00"
    after = decode_binary(event)
    assert (after.time, after.data) == (before.time, before.data)
    assert envelope.encode_data(after.data) == envelope.encode_data(before.data)


def test_without_recordedat_the_record_s_timestamp_counts() -> None:
    event = read(SCHEMAS.parent / "examples" / "crm.visit.missed.v1.json")
    del event["recordedat"]
    assert decode_binary(event).recorded_at.timestamp() * 1000 == AT


def test_nothing_personal_or_free_is_in_the_journal_or_fact_topics() -> None:
    """Only references to the vault are."""
    for entry in catalog.TYPES.values():
        schema = schema_of(entry.struct)
        parts = [schema, *schema.get("$defs", {}).values()]
        classes = {field_class(field) for part in parts for field in part.get("properties", {}).values()}
        assert classes <= {"plain", "personal_ref", "free_text_ref"}
    assert CLASS_KEY in json.dumps(schema_of(catalog.TYPES["crm.survey.answered.v1"].struct))


def test_the_type_of_a_record_is_seen_without_decoding_it() -> None:
    event = read(EXAMPLES[0])
    headers = binary(event)[2]
    assert envelope.event_type(headers, b"garbage") == event["type"]
    assert envelope.event_type([], EXAMPLES[0].read_bytes()) == event["type"]
    assert envelope.event_type([], None) is envelope.event_type([], b"\xff[") is None
