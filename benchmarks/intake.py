"""Intake: `python -m benchmarks.intake resolve|all|latency RATE`. Events of outside systems until they are where they belong.

`resolve`: one worker of profile decides whose every event is (and folds the journal beside it), events published before.
`all`: the workers of all four services, until each has settled and viewed the whole journal.
`latency`: `hearth load` at a rate over HTTP, with all roles running; seconds from the request to applied by all four.
Each service is a process of its own; engines by `KAFKA_BOOTSTRAP` and `MONGO_URL`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Producer
from pymongo import MongoClient

from benchmarks.running import migrated
from chassis.publish import SETTINGS
from contracts.intake.forms import FORMS
from deploy.local import services
from deploy.local.runner import READY_SECONDS, Run
from hearth.cli.load import synthetic

EVENTS, QUICK = 30_000, 2_000
PATIENCE = 600.0


def main(what: str, rate: int, events: int) -> dict[str, float]:
    """Measure one thing on fresh topics and databases."""
    with migrated() as run:
        return latency(run, rate, events) if what == "latency" else throughput(run, what, events)


def throughput(run: Run, what: str, events: int) -> dict[str, float]:
    """Events a second, from the first worker that has its partitions until all are where they belong."""
    publish(run, events)
    chosen = [each for each in run.services if what == "all" or each.name == "profile"]
    start(run, chosen, "worker")
    with MongoClient[Any](run.engines.mongo_url) as client:
        began = until(lambda: sum(service.is_ready() for service in chosen), lambda ready: ready > 0)
        until(lambda: worked(run, client, "profile", "crm.intake."), lambda done: done >= events)
        decided = time.perf_counter()
        for service in chosen:
            until(lambda s=service: worked(run, client, s.name, "crm.journal"), lambda done: done >= events)
        return {"resolved": events / (decided - began), "everywhere": events / (time.perf_counter() - began)}


def latency(run: Run, rate: int, events: int) -> dict[str, float]:
    """p50 and p99 in seconds at a rate."""
    start(run, run.services, "all")
    command = [sys.executable, "-m", "hearth.cli", "load", "-n", str(events), "--rate", str(rate)]
    done = subprocess.run(command, env=run.settings, capture_output=True, text=True, timeout=PATIENCE, check=True)
    found = re.search(r"(\d+) a second, p50 ([\d.]+) s, p99 ([\d.]+) s", done.stdout)
    assert found, done.stdout
    return {"per_second": float(found[1]), "p50": float(found[2]), "p99": float(found[3])}


def publish(run: Run, events: int) -> None:
    """Send events to their intake topics; returns when all are confirmed."""
    producer = Producer(
        {**SETTINGS, "bootstrap.servers": run.engines.bootstrap, "queue.buffering.max.messages": 500_000}
    )
    for event in synthetic(events, "bench"):
        names = ("specversion", "type", "source", "id", "time")
        headers = [(f"ce_{name}", str(event[name]).encode()) for name in names]
        topic = f"{run.settings['HEARTH_NAMESPACE']}.{FORMS[event['type']].topic}"
        key = event["data"]["contact"]["identifiers"][0]["value"].encode()
        producer.produce(topic, json.dumps(event["data"]).encode(), key, headers=headers)
        producer.poll(0)
    assert producer.flush(120) == 0


def start(run: Run, chosen: list[services.Service], role: str) -> None:
    """Start services in a role, and wait until they are ready."""
    for service in chosen:
        run.running.append(services.process(service, role, run.settings, run.log_dir))
        run.running[-1].spawn()
    if role == "all":
        for service, process in zip(chosen, run.running, strict=True):
            process.wait_until(service.is_ready, READY_SECONDS)


def worked(run: Run, client: MongoClient[Any], service: str, topic: str) -> int:
    """Records that a service has settled and viewed, of all topics that begin so."""
    slots = client[f"{run.settings['HEARTH_NAMESPACE']}_hearth_{service}"]["slots"]
    begins = re.escape(f"{run.settings['HEARTH_NAMESPACE']}.{topic}")
    return sum(min(mark["settled"], mark["viewed"]) for mark in slots.find({"topic": {"$regex": f"^{begins}"}}))


def until(look: Callable[[], int], good: Callable[[int], bool]) -> float:
    """When it was so."""
    deadline = time.perf_counter() + PATIENCE
    while not good(look()):
        assert time.perf_counter() < deadline, "it takes too long"
        time.sleep(0.02)
    return time.perf_counter()


if __name__ == "__main__":
    asked = [each for each in sys.argv[1:] if not each.startswith("--")]
    quick = "--quick" in sys.argv
    at = int(asked[1]) if len(asked) > 1 else 0
    size = QUICK if quick else at * 20 or EVENTS
    print(json.dumps({**main(asked[0], at, size), "events": size}))
