"""A reader of topics beside the lanes: batches go to a handler, and are committed when it has returned. At least once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException

from chassis.fold.ports import Transient

log = structlog.get_logger()

Handle = Callable[[Sequence[Any]], Awaitable[None]]
MOST = 500
PAUSE = 1.0


class Follower:
    """Reads topics in a consumer group of its own; every process of a service may run one, they share the partitions."""

    def __init__(
        self, connection: Mapping[str, str], group: str, topics: Sequence[str], handle: Handle, silence: float = 6.0
    ) -> None:
        """`connection`: librdkafka's words for where the broker is; `silence`: seconds after which a silent process loses
        its partitions.
        """
        self._topics, self._handle = list(topics), handle
        self._settings = {
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "session.timeout.ms": round(silence * 1_000),
            "heartbeat.interval.ms": round(silence * 250),
            "log_level": 2,
            **connection,
        }
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._run(), name="follower")

    async def stop(self) -> None:
        """End after the batch in hand; what was not committed is read again by whoever comes next."""
        self._stopping = True
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            consumer = Consumer(self._settings)
            try:
                consumer.subscribe(self._topics)
                await self._read(consumer)
            except (KafkaException, Transient) as error:
                log.info("a reader begins again", reason=type(error).__name__)
                await asyncio.sleep(PAUSE)
            except Exception:
                log.exception("a reader failed and begins again")
                await asyncio.sleep(PAUSE)
            finally:
                with contextlib.suppress(KafkaException):
                    await asyncio.to_thread(consumer.close)

    async def _read(self, consumer: Consumer) -> None:
        while not self._stopping:
            found = await asyncio.to_thread(consumer.consume, MOST, 0.25)
            records = [record for record in found if record.error() is None]
            if records:
                await self._handle(records)
                await asyncio.to_thread(consumer.commit, asynchronous=False)
