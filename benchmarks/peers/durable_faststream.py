"""FastStream, one MongoDB update per event: a subscriber with the JSON body and the message.

Written as its documentation shows it: in order, on uvloop, with pymongo's asyncio client. Offsets are committed by a
timer, its default: weaker than acknowledging each record behind the update (AckPolicy.ACK), and faster.
"""

from __future__ import annotations

import logging
from typing import Any

import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from pymongo import AsyncMongoClient

from benchmarks.peers.shared import DURABLE, KAFKA, MONGO, TOPIC, Watch, change, database

watch = Watch()
broker = KafkaBroker(KAFKA, logger=None)
app = FastStream(broker, logger=None)
group = {"group_id": f"{TOPIC}.faststream", "auto_offset_reset": "earliest"}
client: AsyncMongoClient[Any] = AsyncMongoClient(MONGO, **DURABLE)


@broker.subscriber(TOPIC, **group)
async def aggregate(said: dict[str, Any], message: KafkaMessage) -> None:
    watch.read()
    key, headers = message.raw_message.key.decode(), message.headers
    update = change(headers["ce_type"], headers["ce_time"], said)
    await client[database()]["customers"].update_one({"_id": key}, update, upsert=True)
    watch.done()


uvloop.run(app.run(log_level=logging.ERROR))
