"""What the CloudEvents SDK writes we read, and what we write it reads: both modes, on Kafka and over HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent

from contracts import envelope
from contracts.fact import Fact
from contracts.http import decode_http, encode_structured
from tests.contracts.records import AT, EXAMPLES, SIGNED, decode_binary, event

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


def sdk_event(of: dict[str, Any]) -> CloudEvent:
    attributes = {name: value for name, value in of.items() if name != "data"}
    attributes["time"] = datetime.fromisoformat(attributes["time"])
    return CloudEvent(attributes=attributes, data=of["data"])


def subject_as_key(of: Any) -> str:
    return of.get_subject()


def from_kafka(message: kafka.KafkaMessage) -> Fact:
    assert isinstance(message.key, str)
    return envelope.decode(message.key.encode(), message.value, list(message.headers.items()), AT)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_we_read_what_the_sdk_writes_to_kafka(path) -> None:
    of = json.loads(path.read_text("utf-8"))
    expected = decode_binary(of)
    assert from_kafka(kafka.to_binary_event(sdk_event(of), key_mapper=subject_as_key)) == expected
    assert from_kafka(kafka.to_structured_event(sdk_event(of), key_mapper=subject_as_key)) == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_sdk_reads_what_we_write_to_kafka(path) -> None:
    fact = decode_binary(json.loads(path.read_text("utf-8")))
    record = envelope.encode(fact, sequence="12", previous="11")
    read = kafka.from_kafka_event(kafka.KafkaMessage(dict(record.headers), record.key, record.value))
    assert (read.get_type(), read.get_source(), read.get_id()) == (fact.type, fact.source, fact.id)
    assert (read.get_subject(), read.get_time(), read.get_specversion()) == (fact.subject, fact.time, "1.0")
    assert read.get_datacontenttype() == "application/json"
    assert (read.get_extension("sequence"), read.get_extension("previous")) == ("12", "11")
    assert json.loads(record.value) == read.get_data()


def test_we_read_what_the_sdk_writes_to_http() -> None:
    expected = decode_binary(event())
    for message in (http.to_binary_event(sdk_event(event())), http.to_structured_event(sdk_event(event()))):
        assert decode_http(message.headers, message.body, NOW) == expected


def test_the_sdk_reads_what_we_write_structured() -> None:
    fact = decode_binary(event())
    headers = {"content-type": "application/cloudevents+json; charset=UTF-8"}
    read = http.from_http_event(http.HTTPMessage(headers, encode_structured(fact)))
    assert (read.get_type(), read.get_id(), read.get_time()) == (SIGNED, fact.id, fact.time)
    assert read.get_data()["price"] == {"amount": "2000000.00", "currency": "CNY"}


def test_percent_encoded_http_attributes_are_decoded() -> None:
    of = event() | {"id": "签约 %1", "source": "/contracts/合同"}
    message = http.to_binary_event(sdk_event(of))
    fact = decode_http(message.headers, message.body, NOW)
    assert (fact.id, fact.source) == (of["id"], of["source"])
