"""One hot budget: `python -m benchmarks.budget`. 10,000 members visit at once, and each wants a point of one campaign.

One process of loyalty (`all`). `per_second`: grants from the first visit sent to the last grant published; `p99`: seconds from
a visit to its grant, by the times the broker has of both, when all come at once. The figure fails unless the budget is spent to
exactly nothing, by as many grants.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, Producer

from benchmarks.running import migrated, service_of, share, start
from benchmarks.workload import customer_id
from chassis.publish import SETTINGS
from contracts.catalog import FACT_LOYALTY
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.visits import VisitCompleted
from deploy.local.runner import Run

BUDGET, MORE = 10_000, 500
"""Points of the budget, one for each visit; and visits for which nothing is left."""

PATIENCE = 300.0


def measure(quick: bool) -> dict[str, float]:
    """Grants a second and p99 in seconds."""
    budget = BUDGET // 10 if quick else BUDGET
    with migrated() as run:
        start(run, "loyalty", "all")
        campaign = running_campaign(run, budget)
        sent = publish(run, budget + MORE)
        wait_spent(run, campaign, budget + MORE)
        granted = dict(grants(run, budget))
    assert len(granted) == budget, f"{len(granted)} grants of {budget}"
    took = sorted(granted[who] - sent[who] for who in granted)
    return {"per_second": budget / (max(granted.values()) - min(sent.values())), "p99": share(took, 0.99)}


def ask(run: Run, path: str, body: Any = None) -> Any:
    """The answer of a door of campaigns; with a body it is told."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
    request = urllib.request.Request(f"{service_of(run, 'loyalty').url}/v1/campaigns{path}", data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def running_campaign(run: Run, budget: int) -> str:
    """A campaign that is in force; its id."""
    dates = {"starts": "2026-01-01T00:00:00Z", "ends": "2036-01-01T00:00:00Z"}
    campaign = ask(run, "", {"name": "Hot", "kind": "visit", **dates, "budget": budget, "bonus": 1})["campaign_id"]
    since = datetime.fromisoformat(ask(run, f"/{campaign}/schedule", {})["in_force_from"])
    time.sleep(max(0.0, (since - datetime.now(UTC)).total_seconds() + 11))  # policies are looked for every 10 seconds
    return campaign


def publish(run: Run, visits: int) -> dict[str, float]:
    """A visit of every member, all at once; when each was sent."""
    sent: dict[str, float] = {}
    limits = {"bootstrap.servers": run.engines.bootstrap, "queue.buffering.max.messages": 500_000}
    producer = Producer({**SETTINGS, **limits})

    def note(error: Any, message: Any) -> None:
        assert error is None, error
        sent[message.key().decode()] = message.timestamp()[1] / 1000

    now = datetime.now(UTC)
    for number in range(visits):
        data = VisitCompleted(visit_id=f"V{number}", project_id="P1", agent_id="agent-00017", channel="walk_in")
        record = encode(Fact("/bench", f"visit-{number}", data.TYPE, customer_id(number), now, now, data))
        topic = f"{run.settings['HEARTH_NAMESPACE']}.{record.topic}"
        producer.produce(topic, record.value, record.key, headers=record.headers, on_delivery=note)
        producer.poll(0)
    assert producer.flush(60) == 0
    return sent


def wait_spent(run: Run, campaign: str, requests: int) -> None:
    """Until every request is answered, and the budget is spent."""
    deadline = time.monotonic() + PATIENCE
    while (found := ask(run, f"/{campaign}"))["used"] + found["refused"] < requests:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert found["left"] == 0, found


def grants(run: Run, count: int) -> Iterator[tuple[str, float]]:
    """Who got a point of the campaign, and when that was published."""
    topic = f"{run.settings['HEARTH_NAMESPACE']}.{FACT_LOYALTY}"
    settings = {"bootstrap.servers": run.engines.bootstrap, "group.id": uuid.uuid4().hex}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest", "isolation.level": "read_committed"})
    consumer.subscribe([topic])
    deadline = time.monotonic() + PATIENCE
    try:
        while count and time.monotonic() < deadline:
            for message in consumer.consume(1000, 1.0):
                fact = json.loads(message.value() or b"{}")
                if fact.get("cause", {}).get("campaign"):
                    count -= 1
                    yield (message.key() or b"").decode(), message.timestamp()[1] / 1000
    finally:
        consumer.close()


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
