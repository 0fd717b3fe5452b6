"""Stock Faust, one MongoDB update per event, at least once: an agent over a topic of JSON.

Written as its documentation shows an agent: its own settings, transport, event loop and acknowledgements.
"""

from __future__ import annotations

from typing import Any

import faust
from pymongo import AsyncMongoClient

from benchmarks.peers.shared import DURABLE, FOLDER, KAFKA, MONGO, TOPIC, Watch, change, database

watch = Watch()
app = faust.App(
    f"{TOPIC}.faust",
    broker=f"kafka://{KAFKA}",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    datadir=FOLDER,
)
source = app.topic(TOPIC, key_serializer="raw", value_serializer="json")


@app.agent(source)
async def aggregate(stream: Any) -> None:
    customers = AsyncMongoClient[Any](MONGO, **DURABLE)[database()]["customers"]
    async for event in stream.events():
        watch.read()
        update = change(event.headers["ce_type"].decode(), event.headers["ce_time"].decode(), event.value)
        await customers.update_one({"_id": event.key.decode()}, update, upsert=True)
        watch.done()


if __name__ == "__main__":
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()
