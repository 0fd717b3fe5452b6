"""FastStream, records to a subscriber (`--batch`: lists of at most 10,000), on the broker its documentation begins with.

Written as that documentation shows it: a broker, a decorated function, `FastStream(broker).run()`; on uvloop, which its
command line takes where it is installed.
"""

from __future__ import annotations

import logging
import sys

import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker

from benchmarks.peers.shared import KAFKA, TOPIC, Watch

watch = Watch()
broker = KafkaBroker(KAFKA, logger=None)
group = {"group_id": f"{TOPIC}.faststream", "auto_offset_reset": "earliest"}


async def one(_body: bytes) -> None:
    watch.done()


async def many(bodies: list[bytes]) -> None:
    watch.done(len(bodies))


if "--batch" in sys.argv:
    broker.subscriber(TOPIC, batch=True, max_records=10_000, **group)(many)
else:
    broker.subscriber(TOPIC, **group)(one)
uvloop.run(FastStream(broker, logger=None).run(log_level=logging.ERROR))
