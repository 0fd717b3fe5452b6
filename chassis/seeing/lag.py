"""How far a service is behind the log, whoever works it: watermarks of the database, ends and timestamps of the broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from chassis.broker import BrokerSettings
from chassis.fold.model import Watermark
from chassis.fold.ports import Transient
from chassis.fold.slots import slot_name

if TYPE_CHECKING:
    from chassis.app import App

PATIENCE = 3.0
"""Seconds for all timestamps together; a partition that does not answer has none."""

Where = tuple[str, int]


class Place(NamedTuple):
    """A partition: what is settled of it (None: nobody has opened it), where the log begins and ends."""

    topic: str
    partition: int
    mark: Watermark | None
    start: int
    end: int

    @property
    def settled(self) -> int:
        """The offset that comes next."""
        return self.start if self.mark is None else self.mark.settled

    @property
    def behind(self) -> int:
        """How many offsets are not settled."""
        return max(0, self.end - max(self.settled, self.start))


async def places_of(app: App) -> list[Place]:
    """Every partition that a service reads, as the topics are now. Raises `Transient`."""
    topics = await app.topics.find(app.definition.reads)
    where = [(name, number) for name, topic in sorted(topics.items()) for number in range(topic.partitions)]
    starts = await app.topics.starts(where)  # in this order: a worker goes on meanwhile, and nothing may seem ahead
    marks = {mark.slot: mark for mark in await app.store.all_watermarks()}
    ends = await app.topics.ends(where)
    places = [
        Place(name, number, marks.get(slot_name(topics[name].id, number)), starts[name, number], ends[name, number])
        for name, number in where
    ]
    return await _corrected(app, places)


async def _corrected(app: App, places: list[Place]) -> list[Place]:
    """The embedded broker says too early an end after records that came together: where the last record settled can be
    read, the log ends after it.
    """
    ahead = {(place.topic, place.partition): place.settled - 1 for place in places if place.settled > place.end}
    there = await asyncio.to_thread(timestamps, app.settings, ahead) if ahead else {}
    return [
        place._replace(end=place.settled) if there.get((place.topic, place.partition)) else place for place in places
    ]


async def lag_of(app: App) -> list[dict[str, Any]]:
    """How far behind each partition is, in records and in seconds (None: not known; only marks of transactions: 0)."""
    places = await places_of(app)
    late = {(place.topic, place.partition): max(place.settled, place.start) for place in places if place.behind}
    stamps = await asyncio.to_thread(timestamps, app.settings, late) if late else {}
    return [_shown(place, stamps) for place in places]


def _shown(place: Place, stamps: Mapping[Where, float | None]) -> dict[str, Any]:
    at, now = stamps.get((place.topic, place.partition)), time.time()
    seconds = 0.0 if not place.behind else None if at is None else max(0.0, now - at) if at else 0.0
    return {
        "topic": place.topic,
        "partition": place.partition,
        "settled": place.settled,
        "end": place.end,
        "records": place.behind,
        "seconds": None if seconds is None else round(seconds, 3),
    }


def timestamps(broker: BrokerSettings, wanted: Mapping[Where, int]) -> dict[Where, float | None]:
    """The time (Unix seconds) of the first record at or after an offset of each partition; 0 where there is none."""
    settings = {"bootstrap.servers": broker.kafka_bootstrap, "group.id": "hearth.lag", "log_level": 2}
    consumer = Consumer({**settings, **broker.security(), "enable.auto.commit": False, "enable.partition.eof": True})
    found: dict[Where, float | None] = {}
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in wanted.items()])
        until = time.monotonic() + PATIENCE
        while len(found) < len(wanted) and time.monotonic() < until:
            _take(consumer.poll(0.2), found)
    except KafkaException as error:
        raise Transient(f"broker: {error.args[0].name()}") from error
    finally:
        consumer.close()
    return found


def _take(message: Any, found: dict[Where, float | None]) -> None:
    if message is None:
        return
    error, where = message.error(), (message.topic(), message.partition())
    if error is None:
        found.setdefault(where, message.timestamp()[1] / 1000)
    elif error.code() == KafkaError._PARTITION_EOF:
        found.setdefault(where, 0.0)
