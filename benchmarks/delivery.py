"""`delivery_agent` and `delivery_stock_faust`: the same agent over our transport and over stock Faust.

Records of 350 bytes with a key and no headers (`--headers`: with the eight of a CloudEvent in binary mode). Stock is an
app as Faust's documentation shows it, with Faust's own settings and event loop; ours is the app of our workers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from typing import Any

import faust
from confluent_kafka import Producer

from benchmarks.workload import BYTES, J1, PARTITIONS, QUICK, publish
from chassis.logs import configure
from chassis.main import calm_garbage_collection
from chassis.publish import SETTINGS
from chassis.stream.records import as_batch
from chassis.stream.topics import Topics
from chassis.stream.worker import make_app

STOCK_RECORDS = 60_000


async def measure(scheme: str, records: int, bootstrap: str, namespace: str, headers: bool) -> dict[str, float]:
    """Records per second from the first record delivered to the last."""
    topic = f"{namespace}.delivery"
    await Topics(bootstrap).create({topic: (PARTITIONS, 1, {})})
    send = publish_with_headers if headers else publish_plain
    await asyncio.to_thread(send, bootstrap, topic, records)
    app = ours(bootstrap, namespace) if scheme == "records" else stock(bootstrap, namespace)
    seen = Seen(records)
    app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"))(seen.agent)
    app.finalize()
    if scheme == "records":
        app.consumer.on_seek = lambda assigned: _open(app, assigned)  # type: ignore[attr-defined]
    await app.start()
    await seen.all.wait()
    await app.stop()
    return {"records_per_second": (records - seen.first) / (seen.ended - seen.started)}


def ours(bootstrap: str, namespace: str) -> faust.App:
    calm_garbage_collection()
    return make_app(f"{namespace}.ours", bootstrap, 6.0)


def stock(bootstrap: str, namespace: str) -> faust.App:
    return faust.App(
        f"{namespace}.stock",
        broker=f"kafka://{bootstrap}",
        web_enabled=False,
        topic_disable_leader=True,
        store="memory://",
        consumer_auto_offset_reset="earliest",
        datadir=tempfile.mkdtemp(),
    )


def publish_plain(bootstrap: str, topic: str, records: int) -> None:
    producer = Producer({**SETTINGS, "bootstrap.servers": bootstrap, "queue.buffering.max.messages": 500_000})
    for number in range(records):
        producer.produce(topic, b"%0*d" % (BYTES, number), b"customer-%d" % (number % 20_000))
        producer.poll(0)
    producer.flush(60)


def publish_with_headers(bootstrap: str, topic: str, records: int) -> None:
    publish(bootstrap, topic, J1._replace(facts=records))


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
    scheme, quick = sys.argv[1], "--quick" in sys.argv
    count = QUICK.facts if quick else J1.facts if scheme == "records" else STOCK_RECORDS
    run = uvloop.run if scheme == "records" else asyncio.run
    print(
        json.dumps(
            run(
                measure(
                    scheme,
                    count,
                    os.environ["KAFKA_BOOTSTRAP"],
                    os.environ["HEARTH_NAMESPACE"],
                    "--headers" in sys.argv,
                )
            )
        )
    )
