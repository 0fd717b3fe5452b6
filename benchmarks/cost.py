"""`cost_*`: what a fact costs when much is stored. `python -m benchmarks.cost customers N | facts N`.

`customers`: batches of 1,000 customers with 5 facts each, drawn from N that are stored with 5 facts each; `facts`: one
customer with N facts gets 5 more, again and again. A lane as the worker has it works the batches, on MongoDB, and every
view is replaced after every batch; what the worker keeps in memory between batches (6,000 heads) it keeps here too.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator

from benchmarks.stored import fill
from benchmarks.workload import START, customer_id
from chassis.app import App, database_name
from chassis.fold.batch import Batch
from chassis.fold.lane import Lane
from chassis.fold.model import Key, Watermark
from chassis.fold.rules import Item
from chassis.fold.views import Views
from chassis.main import calm_garbage_collection
from chassis.migrate import migrate
from contracts.fact import Fact
from contracts.facts.visits import VisitCompleted
from services.profile.app import build
from services.profile.settings import read_settings

SLOT = "bench"
PER_CUSTOMER = 5


def batches(customers: int, drawn: int, count: int) -> Iterator[list[str]]:
    """The customers of every batch: `drawn` different ones of all that are stored."""
    dice = random.Random(1)
    for _ in range(count):
        yield [customer_id(number) for number in dice.sample(range(customers), drawn)]


def batch(number: int, customers: list[str]) -> Batch:
    """A batch of five facts for each of them."""
    start = number * len(customers) * PER_CUSTOMER
    ids = [customer for customer in customers for _ in range(PER_CUSTOMER)]
    items = tuple(
        Item(start + at, Key("customer", customer), visit(start + at, customer)) for at, customer in enumerate(ids)
    )
    made = Batch(SLOT, start, start + len(items), items, size=len(items))
    return made._replace(groups=made.by_key())


def visit(number: int, customer: str) -> Fact:
    """A new fact."""
    data = VisitCompleted(visit_id=f"N{number}", project_id="P1", agent_id="agent-00017", channel="walk_in")
    return Fact("/bench/new", f"new-{number}", data.TYPE, customer, START, START, data)


async def measure(what: str, size: int, drawn: int, count: int) -> dict[str, float]:
    """Facts a second, views replaced, and milliseconds a batch."""
    app = build(read_settings())
    await migrate(app)
    customers, each = (size, PER_CUSTOMER) if what == "customers" else (1, size)
    await asyncio.to_thread(
        fill, app.settings.mongo_url, database_name(app.settings, app.definition.name), customers, each
    )
    await app.prepare()
    prepared = [batch(number, chosen) for number, chosen in enumerate(batches(customers, drawn, count))]
    calm_garbage_collection()
    seconds = await work(app, prepared)
    await app.stop()
    done = sum(len(each.items) for each in prepared)
    return {"facts_per_second": done / seconds, "ms_per_batch": 1000 * seconds / count}


async def work(app: App, prepared: list[Batch]) -> float:
    """Let a lane work all batches; returns the seconds it took."""
    await app.store.open_slot(Watermark(SLOT, "bench", 0, 0, 0, 1, 1))
    views = Views(SLOT, app.store)
    lane = Lane(SLOT, app.store, app.broker, app.folder, app.kinds, views, asyncio.sleep)
    await views.flush()
    started = time.perf_counter()
    for each in prepared:
        assert await lane.work(each) == each.end
        await views.flush()
    assert lane.counts.applied == sum(len(each.items) for each in prepared)
    return time.perf_counter() - started


if __name__ == "__main__":
    import uvloop

    os.environ.setdefault("HEARTH_LOG_LEVEL", "warning")
    quick = "--quick" in sys.argv
    kind, stored = sys.argv[1], int(sys.argv[2]) // (10 if quick and sys.argv[1] == "customers" else 1)
    plan = (100 if quick else 1_000, 20) if kind == "customers" else (1, 50 if quick else 300)
    print(json.dumps(uvloop.run(measure(kind, stored, *plan))))
