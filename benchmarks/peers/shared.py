"""What the peers share: where things are, the update that a fact is, and the line that tells how fast it went.

Their aggregation is at most as much work as profile's view of a fact: count, first and last of each kind, the sum of
money, the last time of each project. There is no timeline, no id of the facts behind the values, and nothing that
notices a fact that comes twice. Standard library only: every environment imports it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

KAFKA, MONGO = os.environ.get("KAFKA_BOOTSTRAP", ""), os.environ.get("MONGO_URL", "")
TOPIC, WANTED = os.environ.get("PEER_TOPIC", ""), int(os.environ.get("PEER_FACTS", "0"))
FOLDER = os.environ.get("PEER_FOLDER", "")
DURABLE = {"w": "majority", "journal": True}
"""Options of the database's client: what is written is as safe as what Hearth writes."""

Change = dict[str, dict[str, Any]]
DECIDES = {"$inc": lambda a, b: a + b, "$min": min, "$max": max}


def database() -> str:
    """The name of the peer's own database."""
    return TOPIC.replace(".", "_")


def change(kind: str, moment: str, said: dict[str, Any]) -> Change:
    """A fact as MongoDB's update of its customer. kind: its type; moment: ISO 8601 in UTC; money becomes fen."""
    name = kind.replace(".", "_")
    added = {f"kinds.{name}.count": 1}
    if "amount" in said:
        whole, _, cents = said["amount"]["amount"].partition(".")
        added["paid"] = int(whole + cents)
    last = {f"kinds.{name}.last": moment, f"projects.{said['project_id']}": moment}
    return {"$inc": added, "$min": {f"kinds.{name}.first": moment}, "$max": last}


def together(changes: Iterable[tuple[str, Change]]) -> dict[str, Change]:
    """One update a customer that does what all of theirs do."""
    made: dict[str, Change] = {}
    for customer, each in changes:
        there = made.setdefault(customer, {})
        for operator, fields in each.items():
            known = there.setdefault(operator, {})
            for field, value in fields.items():
                known[field] = DECIDES[operator](known[field], value) if field in known else value
    return made


class Watch:
    """Counts records, and when all are done prints how many a second they were."""

    def __init__(self, wanted: int = WANTED) -> None:
        self.wanted, self.count, self.skipped, self.started = wanted, 0, 0, 0.0

    def read(self) -> None:
        """A record was read: the first one starts the clock."""
        self.started = self.started or time.perf_counter()

    def done(self, records: int = 1) -> None:
        """So many more are done. Without `read` the clock starts behind the first ones, which then do not count."""
        if not self.started:
            self.started, self.skipped = time.perf_counter(), records
        self.count += records
        if self.count >= self.wanted:
            seconds = time.perf_counter() - self.started
            print(json.dumps({"per_second": (self.wanted - self.skipped) / seconds}), flush=True)
            self.wanted = sys.maxsize
