"""`delivery_agent` and `delivery_stock_faust`: the same agent over our transport and over stock Faust's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

from benchmarks.workload import J1, PARTITIONS, QUICK, Work, publish
from chassis.logs import configure
from chassis.stream.records import as_batch
from chassis.stream.topics import Topics
from chassis.stream.worker import make_app


async def measure(scheme: str, work: Work, bootstrap: str, namespace: str) -> dict[str, float]:
    """Records per second from the first record delivered to the last."""
    topic = f"{namespace}.delivery"
    await Topics(bootstrap).create({topic: (PARTITIONS, 1, {})})
    await asyncio.to_thread(publish, bootstrap, topic, work)
    app = make_app(f"{namespace}.group", bootstrap, 6.0, scheme=scheme, consumer_auto_offset_reset="earliest")
    seen = Seen(work.facts)
    app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"))(seen.agent)
    app.finalize()
    if scheme != "kafka":
        app.consumer.on_seek = lambda assigned: _open(app, assigned)  # type: ignore[attr-defined]
    await app.start()
    await seen.all.wait()
    await app.stop()
    return {"records_per_second": (work.facts - seen.first) / (seen.ended - seen.started)}


def _open(app: Any, assigned: set[Any]) -> None:
    async def go() -> None:
        for tp in assigned:
            await app.consumer.go_to(tp, 0)
            app.consumer.full.discard(tp)

    app.opening = asyncio.create_task(go())


class Seen:
    """An agent that counts."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count, self.first = wanted, 0, 0
        self.started = self.ended = 0.0
        self.all = asyncio.Event()

    async def agent(self, stream: Any) -> None:
        async for event in stream.events():
            batch = as_batch(event.message)
            if not self.count:
                self.started, self.first = time.perf_counter(), len(batch)
            self.count += len(batch)
            batch.finished = True
            if self.count >= self.wanted:
                self.ended = time.perf_counter()
                self.all.set()


if __name__ == "__main__":
    import uvloop

    configure("warning", "text", "bench", "delivery")
    scheme, size = sys.argv[1], J1 if "--quick" not in sys.argv else QUICK
    size = size if scheme != "kafka" else Work(min(size.facts, 40_000), size.customers)
    figures = measure(scheme, size, os.environ["KAFKA_BOOTSTRAP"], os.environ["HEARTH_NAMESPACE"])
    print(json.dumps(uvloop.run(figures)))
