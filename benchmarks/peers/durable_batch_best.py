"""The fastest way to write the same in batches, at least once: confluent-kafka's consume loop and bulk writes.

Written as somebody who wants speed would: orjson, up to 10,000 records at a time, one update a customer and batch,
unordered bulk writes on four connections side by side, offsets committed behind what is durable.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from confluent_kafka import Consumer, Message
from pymongo import MongoClient, UpdateOne

from benchmarks.peers.shared import DURABLE, KAFKA, MONGO, TOPIC, Change, Watch, change, database, together

WRITERS = 4
watch = Watch()
customers = MongoClient[Any](MONGO, **DURABLE)[database()]["customers"]
pool = ThreadPoolExecutor(WRITERS)
settings = {"group.id": f"{TOPIC}.batch", "auto.offset.reset": "earliest", "enable.auto.commit": False}
consumer = Consumer({"bootstrap.servers": KAFKA, **settings})
consumer.subscribe([TOPIC])


def changes(messages: list[Message]) -> Iterator[tuple[str, Change]]:
    for message in messages:
        headers = dict(message.headers())
        kind, moment = headers["ce_type"].decode(), headers["ce_time"].decode()
        yield message.key().decode(), change(kind, moment, orjson.loads(message.value()))


def write(updates: list[UpdateOne]) -> None:
    if updates:
        customers.bulk_write(updates, ordered=False)


while True:
    messages = [message for message in consumer.consume(10_000, 0.2) if message.error() is None]
    if messages:
        watch.read()
        made = together(changes(messages))
        updates = [UpdateOne({"_id": customer}, update, upsert=True) for customer, update in made.items()]
        list(pool.map(write, (updates[number::WRITERS] for number in range(WRITERS))))
        consumer.commit(asynchronous=True)
        watch.done(len(messages))
