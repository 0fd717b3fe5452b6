"""The worker of a service: a Faust app whose agent hands record batches to lanes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import faust
import structlog
from faust.types import TP

from chassis.broker import BrokerSettings
from chassis.fold.model import Key
from chassis.fold.ports import Transient
from chassis.settings import Settings
from chassis.stream import transport
from chassis.stream.lanes import LaneTask, Mounted
from chassis.stream.records import as_batch
from chassis.stream.topics import Topics

log = structlog.get_logger()

BATCH = 8_000
"""Most records in a batch."""

HELD = 6 * BATCH
"""Records that all lanes may hold together; with more none are fetched, so that memory does not grow with partitions."""

WATCH = 3.0
"""Seconds between looks at topic incarnations."""

STALLED = 60.0
"""Seconds after which a lane that has work, waits for nobody and does not move is dead."""


def make_app(
    name: str, bootstrap: str, session_timeout: float, *, scheme: str = transport.SCHEME, **extra: Any
) -> faust.App:
    """A Faust app as all our workers use it: no web server, no tables, no leader topic, no waiting for empty streams."""
    transport.register()
    return _App(
        name,
        broker=f"{scheme}://{bootstrap}",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        store="memory://",
        table_standby_replicas=0,  # with any, a member keeps what it has: of three on four partitions one has none
        broker_session_timeout=session_timeout,
        broker_heartbeat_interval=session_timeout / 4,
        broker_max_poll_records=BATCH,
        broker_commit_interval=2.0,
        broker_rebalance_timeout=session_timeout * 4,
        broker_request_timeout=max(40.0, session_timeout * 2),
        consumer_max_fetch_size=4 << 20,
        consumer_metadata_max_age_ms=int(
            WATCH * 1000
        ),  # a topic made again is not ours until its metadata are read anew
        stream_buffer_maxsize=64,
        **extra,
    )


def app_of(group: str, settings: Settings) -> faust.App:
    """A Faust app for these settings."""
    who = {"broker_credentials": credentials_of(settings)}
    return make_app(group, settings.kafka_bootstrap, settings.session_timeout, **who)


def credentials_of(broker: BrokerSettings) -> Any:
    """What Faust is told of how the broker is reached; None where nothing is protected."""
    context = broker.tls()
    if broker.kafka_user:
        known = {"username": broker.kafka_user, "password": broker.password(), "mechanism": broker.kafka_mechanism}
        return faust.SASLCredentials(**known, ssl_context=context)
    return None if context is None else faust.SSLCredentials(context)


class _App(faust.App):
    """Faust without the folder for tables that it makes in the working directory."""

    def _create_directories(self) -> None:
        """Make none: we have no tables."""


class Worker:
    """Reads topics into lanes: one lane per assigned partition, each an own task, none stops another."""

    def __init__(self, app: faust.App, topics: Iterable[str], mounted: Mounted) -> None:
        self.app, self.mounted, self.names = app, mounted, tuple(topics)
        self.lanes: dict[TP, LaneTask] = {}
        self.started = False
        self._told = float("inf")
        self._partitions: dict[str, int] = {}
        self._missing: list[str] = []
        self._watcher: asyncio.Task[None] | None = None
        self._endings: set[asyncio.Task[None]] = set()
        app.agent(app.topic(*self.names, key_serializer="raw", value_serializer="raw"), name="facts")(self._facts)

    async def _facts(self, stream: Any) -> None:
        async for event in stream.events():
            lane = self.lanes.get(event.message.tp)
            if lane is not None:
                lane.offer(as_batch(event.message))

    @property
    def consumer(self) -> Any:
        """Faust's consumer, our subclass."""
        return self.app.consumer

    async def start(self) -> None:
        """Start Faust inside the running loop; partitions come with the first assignment."""
        self.app.finalize()
        self.consumer.on_seek = self.assigned
        self.consumer.sated = self._sated
        await self.app.start()
        self._watcher = asyncio.create_task(self._watch(), name="incarnations")
        self.started = True

    def assigned(self, assigned: set[TP]) -> None:
        """The group has decided which partitions are ours; called after every rebalance."""
        for tp in set(self.lanes) | assigned:
            old = self.lanes.pop(tp, None)
            if old is not None:
                self._end(old)
        for tp in assigned:
            self._open(tp)
        self._told = time.monotonic()
        log.info("partitions assigned", count=len(assigned))

    def _sated(self) -> bool:
        return sum(lane.held for lane in self.lanes.values()) >= HELD

    def _open(self, tp: TP) -> None:
        def set_full(full: bool) -> None:
            (self.consumer.full.add if full else self.consumer.full.discard)(tp)

        self.lanes[tp] = LaneTask(
            tp.topic, tp.partition, self.mounted, lambda offset: self.consumer.go_to(tp, offset), set_full
        )

    def _end(self, lane: LaneTask) -> None:
        task = asyncio.create_task(lane.abandon())
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _watch(self) -> None:
        """Open lanes again whose topic was made anew or whose next offset the log does not have."""
        while True:
            await asyncio.sleep(WATCH if self._partitions else WATCH / 10)
            try:
                found = await self.mounted.topics.find(self.names)
            except Transient:
                continue
            self._partitions.update({name: topic.partitions for name, topic in found.items()})
            self._missing = [name for name in self.names if name not in found]
            lost, self.consumer.lost = self.consumer.lost, set()
            for tp, lane in list(self.lanes.items()):
                now = found.get(tp.topic)
                changed = now is not None and lane.incarnation not in ("", now.id)
                if changed or tp in lost:
                    why = "topic was made again" if changed else "offset not in the log"
                    log.warning(why, topic=tp.topic, partition=tp.partition)
                    self._end(self.lanes.pop(tp))
                    self._open(tp)

    def horizon(self, topic: str, partition: int) -> datetime | None:
        """Up to when everything that feeds this owned partition has been read; None if it is not owned or not known."""
        for tp, lane in self.lanes.items():
            if (tp.topic, tp.partition) == (topic, partition):
                return lane.horizon
        return None

    def partition_of(self, topic: str, key: Key) -> int:
        """The partition of an entity's facts; -1 until the broker has said how many there are (the group's metadata
        does not always know: a guess would fire timers of partitions that others own, or none).
        """
        from aiokafka.partitioner import murmur2

        count = self._partitions.get(topic)
        return -1 if count is None else (murmur2(key.id.encode()) & 0x7FFFFFFF) % count

    @property
    def stalled(self) -> list[str]:
        """Lanes that are assigned, have work, wait for nobody and have not moved for a minute."""
        now = time.monotonic()
        return [
            f"{tp.topic}[{tp.partition}]"
            for tp, lane in self.lanes.items()
            if not lane.waits and not lane.stopped_by and lane.busy and now - lane.moved_at > STALLED
        ]

    @property
    def failed(self) -> list[str]:
        """Lanes that ended by an error nobody foresaw."""
        return [f"{tp.topic}[{tp.partition}]" for tp, lane in self.lanes.items() if lane.failed]

    @property
    def stopped(self) -> dict[str, str]:
        """Lanes that stopped themselves, with the reason."""
        return {f"{tp.topic}[{tp.partition}]": lane.stopped_by for tp, lane in self.lanes.items() if lane.stopped_by}

    @property
    def ready(self) -> bool:
        """True when every topic is there and every assigned lane open; also with no lane, when it stays at that: others
        have all partitions.
        """
        if self._missing:
            return False
        if not self.lanes:
            return time.monotonic() > self._told + 2 * WATCH
        return all(lane.position >= 0 or lane.stopped_by for lane in self.lanes.values())

    @property
    def waits(self) -> list[str]:
        """Why it is not ready."""
        missing = [f"topic {name} is missing: `migrate` of its owner makes it" for name in self._missing]
        return missing or ["no partition is open yet"]

    @property
    def quiet(self) -> bool:
        """True if no lane has anything to do."""
        return all(lane.quiet for lane in self.lanes.values())

    async def stop(self, grace: float = 15.0) -> None:
        """Finish the batches in work, replace the views, leave the group."""
        deadline = asyncio.get_running_loop().time() + grace
        await asyncio.gather(*(lane.drain(deadline) for lane in self.lanes.values()), return_exceptions=True)
        if self._watcher is not None:
            self._watcher.cancel()
        await self.app.stop()


__all__ = ["BATCH", "Mounted", "Topics", "Worker", "make_app"]
