"""Quix Streams, one MongoDB update per event, at least once: a function of a StreamingDataFrame that calls the database.

Written as its documentation shows processing with side effects; offsets are committed by its checkpoints (5 s).
"""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient
from quixstreams import Application

from benchmarks.peers.shared import DURABLE, KAFKA, MONGO, TOPIC, Watch, change, database

watch = Watch()
customers = MongoClient[Any](MONGO, **DURABLE)[database()]["customers"]
app = Application(broker_address=KAFKA, consumer_group=f"{TOPIC}.quix", auto_offset_reset="earliest", loglevel="ERROR")
source = app.topic(TOPIC, key_deserializer="str", value_deserializer="json")


def aggregate(said: dict[str, Any], key: str, _timestamp: int, headers: list[tuple[str, bytes]]) -> None:
    watch.read()
    known = dict(headers)
    update = change(known["ce_type"].decode(), known["ce_time"].decode(), said)
    customers.update_one({"_id": key}, update, upsert=True)
    watch.done()


app.dataframe(source).update(aggregate, metadata=True)
app.run()
