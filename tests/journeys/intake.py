"""Events as outside systems send them: people by their phone, no id of ours."""

import functools
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer

from chassis.publish import SETTINGS
from tests.running import Hearth

SOURCE = "/website"


def lead(**changes: Any) -> dict[str, Any]:
    """Somebody nobody knew left a number."""
    return event("crm.lead.captured.v1", {"project_id": "P1", "channel": "web"}, **changes)


def visit(**changes: Any) -> dict[str, Any]:
    """Somebody nobody knew came to see a home: 50 points."""
    return event("crm.visit.completed.v1", {"visit_id": uuid.uuid4().hex, "project_id": "P1"}, **changes)


def event(type_: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event about somebody nobody knew."""
    contact = {"identifiers": [{"type": "phone", "value": f"13{uuid.uuid4().int % 10**9:09}"}]}
    return {
        "specversion": "1.0",
        "type": type_,
        "source": SOURCE,
        "id": uuid.uuid4().hex,
        "time": datetime.now(UTC).isoformat(),
        "data": {"contact": contact, **body},
    } | changes


def post(hearth: Hearth, of: dict[str, Any]) -> str:
    """Send an event to the door; the customer it is about."""
    answer = hearth.http("profile", "/v1/events", body=of, headers={"content-type": "application/cloudevents+json"})
    assert answer.status == 202, answer
    return answer.body["events"][0]["customer_id"]


@functools.lru_cache(maxsize=2)
def _producer(bootstrap: str) -> Producer:
    return Producer({**SETTINGS, "bootstrap.servers": bootstrap})


def produce_binary_soon(hearth: Hearth, topic: str, of: dict[str, Any]) -> None:
    """Put an event on an intake topic, without waiting for it."""
    headers = [(f"ce_{name}", text.encode()) for name, text in of.items() if name != "data"]
    value, producer = json.dumps(of["data"]).encode(), _producer(hearth.bootstrap)
    topic = f"{hearth.namespace}.{topic}"
    producer.produce(topic, value, b"k", headers=[*headers, ("content-type", "application/json")])
    producer.poll(0)


def produce_binary(hearth: Hearth, topic: str, of: dict[str, Any]) -> None:
    """Put an event on an intake topic with its attributes in headers."""
    headers = [(f"ce_{name}", text.encode()) for name, text in of.items() if name != "data"]
    producer = Producer({**SETTINGS, "bootstrap.servers": hearth.bootstrap})
    value = json.dumps(of["data"]).encode()
    producer.produce(
        f"{hearth.namespace}.{topic}", value, b"k", headers=[*headers, ("content-type", "application/json")]
    )
    assert producer.flush(120) == 0
