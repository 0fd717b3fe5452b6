"""FastStream, records to a subscriber (`--batch`: lists of at most 10,000), on the broker its documentation begins with.

Written as that documentation shows it for speed: a broker that leaves bodies as they are and validates no arguments, a
function, `FastStream(broker).run()`; on uvloop, which its command line takes where it is installed.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker

from benchmarks.peers.shared import KAFKA, TOPIC, Watch

watch = Watch()


async def as_it_is(message: Any) -> Any:
    return message.body


broker = KafkaBroker(KAFKA, logger=None, decoder=as_it_is, apply_types=False)
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
