"""Bytes that other people's programs wrote, sent as they are: by HTTP and to the topics of intake. `bytes/README.md`."""

import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from chassis.publish import SETTINGS
from tests.running import Answer, Hearth, until

BYTES = Path(__file__).parent / "bytes"
PHONES = {
    "cloudevents-sdk.kafka-binary": "+86 199 0000 0003",
    "cloudevents-sdk.kafka-structured": "+86 199 0000 0004",
    "cloudevents-sdk.http-binary": "+86 199 0000 0005",
    "cloudevents-sdk.http-structured": "+86 199 0000 0006",
    "console-producer.kafka-binary": "+86 199 0000 0007",
    "console-producer.kafka-structured": "+86 199 0000 0008",
}


def written(name: str) -> tuple[bytes, dict[str, str]]:
    """The bytes a program wrote, and their headers."""
    return (BYTES / f"{name}.value").read_bytes(), json.loads((BYTES / f"{name}.headers.json").read_text())


def post(hearth: Hearth, name: str, path: str) -> Answer:
    """The answer to the bytes at a path of profile's door."""
    value, headers = written(name)
    return hearth.http("profile", path, body=value, headers=headers)


def search(hearth: Hearth, type_: str, value: str, **more: Any) -> str:
    """The customer known by an identifier, or ""."""
    found = hearth.http("profile", "/v1/customers/search", body={"type": type_, "value": value, **more})
    return found.body.get("customer_id", "")


@pytest.mark.parametrize("name", [name for name in PHONES if "http" in name])
def test_an_event_by_http(hearth: Hearth, name: str) -> None:
    for status in ("accepted", "duplicate"):
        answer = post(hearth, name, "/v1/events")
        assert answer.status == 202, answer
        assert answer.body["events"][0]["status"] == status
    hearth.eventually(search(hearth, "phone", PHONES[name]), active=50)


@pytest.mark.parametrize("name", [name for name in PHONES if "kafka" in name])
def test_a_record_of_an_intake_topic(hearth: Hearth, name: str) -> None:
    value, headers = written(name)
    producer = Producer({**SETTINGS, "bootstrap.servers": hearth.bootstrap})
    for _ in range(2):
        named = [(header, text.encode()) for header, text in headers.items()]
        producer.produce(f"{hearth.namespace}.crm.intake.visit", value, headers=named)
    assert producer.flush(120) == 0
    customer = until(lambda: search(hearth, "phone", PHONES[name]), bool, "a customer")
    hearth.eventually(customer, active=50)
    hearth.known(customer, 1)


def test_segments_own_library(hearth: Hearth) -> None:
    """`identify` describes, `track` names a fact, `alias` makes two ids one person; once more, nothing is new."""
    answer = post(hearth, "segment-analytics-python.http-batch", "/v1/batch")
    assert answer.status == 200, answer
    assert answer.body["success"] is True
    events = answer.body["events"]["events"]
    assert [event["status"] for event in events] == ["accepted"] * 4, events
    customer = search(hearth, "phone", "19900000002")
    assert customer
    assert search(hearth, "email", "person@example.com") == customer
    hearth.eventually(customer, active=50)
    until(
        lambda: hearth.http("leads", f"/v1/customers/{customer}/leads").body.get("items", []),
        lambda leads: [lead["state"] for lead in leads] == ["VISITED"],
        "the lead",
    )
    again = post(hearth, "segment-analytics-python.http-batch", "/v1/batch").body["events"]["events"]
    assert {event["status"] for event in again} == {"duplicate"}


def test_nobody_in_them_is_real() -> None:
    for file in BYTES.glob("*.value"):
        text = file.read_text().replace(" ", "")
        assert "1990000000" in text
