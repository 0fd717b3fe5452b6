"""The end of a month: the points of 100,000 accounts expire at once, workers die in the middle, and each expires once."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Producer
from pymongo import MongoClient

from chassis.publish import SETTINGS
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.visits import VisitCompleted
from tests.faults.cluster import CLOCK_START, Cluster, until
from tests.running import messages_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

ACCOUNTS = int(os.environ.get("ACCOUNTS", "100000"))
POINTS = 50
LOOK = 5.0
"""Seconds between two looks: the database counts 100,000 accounts in two of them, which nobody else has then."""
WHEN = datetime(2024, 5, 20, 3, tzinfo=UTC)
"""Points of that week last until the end of May 2026, which the run's clock has just passed (`CLOCK_START`)."""


def visits() -> Iterator[Fact]:
    """One visit of each customer."""
    assert WHEN.replace(year=2026, month=6, day=1) < CLOCK_START.replace(hour=4)
    for number in range(ACCOUNTS):
        data = VisitCompleted(visit_id=f"V{number}", project_id="P1", agent_id="agent-1", channel="walk_in")
        yield Fact("/month-end", f"visit-{number}", data.TYPE, f"member-{number}", WHEN, WHEN, data)


def publish(cluster: Cluster) -> None:
    """Everything into the journal."""
    limits = {"bootstrap.servers": cluster.engines.bootstrap, "queue.buffering.max.messages": 500_000}
    producer = Producer({**SETTINGS, **limits})
    for fact in visits():
        record = encode(fact)
        producer.produce(cluster.journal, record.value, fact.subject.encode(), headers=list(record.headers))
        producer.poll(0)
    assert producer.flush(300) == 0


def test_the_points_of_all_expire_once_though_workers_die(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    """`ACCOUNTS=1000` for a quick look."""
    cluster = make_cluster(make_engines(), workers=2, profiles=1, apis=0)
    publish(cluster)
    began = time.monotonic()
    cluster.start()
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        accounts = cluster.database(client, "loyalty")["accounts"]

        def expired() -> int:
            return accounts.count_documents({"active": 0, "due": None})

        until(lambda: expired() > ACCOUNTS // 4, 1500, lambda: f"{expired()} expired", LOOK)
        before = expired()
        for worker in cluster.workers:
            worker.process.kill()
        for worker in cluster.workers:
            worker.process.wait(10)
        assert before < ACCOUNTS, "all was over before anybody died"
        cluster.start()
        until(lambda: expired() == ACCOUNTS, 2400, lambda: f"{expired()} expired", LOOK)
    took = time.monotonic() - began
    cluster.stop()
    said = dict[bytes, tuple[str, int]]()
    for message in messages_of(cluster.engines.bootstrap, cluster.said):
        headers = dict(message.headers())
        if headers["ce_type"] == b"crm.points.expired.v1":
            said[headers["ce_id"]] = message.key().decode(), json.loads(message.value())["points"]
    print(f"{ACCOUNTS} accounts in {took:.0f} s, the death of both workers at {before} included")
    assert sorted(said.values()) == sorted((f"member-{number}", POINTS) for number in range(ACCOUNTS))
