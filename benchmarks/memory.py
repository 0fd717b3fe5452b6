"""`rss_worker` and `rss_api`: memory of profile's processes with 100,000 customers stored, in MB, the most there ever was.

The worker works 100,000 facts over all of them; the API answers 2,000 questions about 2,000 of them.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from benchmarks.intake import until
from benchmarks.running import megabytes, migrated, service_of, start
from benchmarks.stored import fill
from benchmarks.workload import Work, customer_id, publish
from deploy.local.process import Process
from deploy.local.runner import Run

FACTS_EACH = 5
ASKED = 2_000


def measure(work: Work) -> dict[str, float]:
    """Peak resident memory of both roles."""
    with migrated() as run:
        namespace = run.settings["HEARTH_NAMESPACE"]
        database, topic = f"{namespace}_hearth_profile", f"{namespace}.crm.journal"
        fill(run.engines.mongo_url, database, work.customers, FACTS_EACH)
        publish(run.engines.bootstrap, topic, work)
        worker = start(run, "profile", "worker")
        with MongoClient[Any](run.engines.mongo_url) as client:
            until(lambda: settled(client[database], topic), lambda done: done >= work.facts)
        figures = {"rss_worker": peak(worker)}
        worker.stop()
        figures["rss_api"] = asked(run, work.customers)
        return figures


def asked(run: Run, customers: int) -> float:
    """What the API has after many questions."""
    api = start(run, "profile", "api")
    for number in range(min(ASKED, customers)):
        url = f"{service_of(run, 'profile').url}/v1/customers/{customer_id(number)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
    return peak(api)


def settled(database: Any, topic: str) -> int:
    """Records of the topic that are settled and viewed."""
    return sum(min(mark["settled"], mark["viewed"]) for mark in database["slots"].find({"topic": topic}))


def peak(process: Process) -> float:
    """The most memory it ever had, in MB."""
    return megabytes(Path(f"/proc/{process.pid}/status").read_text(), "VmHWM")


if __name__ == "__main__":
    print(json.dumps(measure(Work(5_000, 5_000) if "--quick" in sys.argv else Work(100_000, 100_000))))
