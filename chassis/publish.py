"""Publishing with confluent-kafka: every producer of ours has the same settings, and waits for every delivery report."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from chassis.seeing.kafka import Hops, sending, with_hop

log = logging.getLogger(__name__)

SETTINGS: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "linger.ms": 5,
    "compression.type": "lz4",
    "delivery.timeout.ms": 30_000,
    "socket.keepalive.enable": True,
}
"""One partitioner for all: the key decides the partition as Kafka's Java client and aiokafka do it."""


FENCED = (KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError._FENCED)
"""Answers after which a producer never sends again, though the client does not call them fatal: seen after a broker that
stood still.
"""

Headers = list[tuple[str, bytes | None]]
Records = Sequence[tuple[str, int | None, bytes | None, bytes | None, Headers]]


class Publisher:
    """`chassis.fold.ports.Broker` over a broker. Use from one event loop; `close` when done."""

    def __init__(self, bootstrap: str, client_id: str, security: Mapping[str, str] | None = None) -> None:
        own = {"bootstrap.servers": bootstrap, "client.id": client_id, "logger": _quiet()}
        self._settings = {**SETTINGS, **own, **(security or {})}
        self._producer = Producer(self._settings)
        self._retired: list[Producer] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="publisher", daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            self._producer.poll(0.05)
            self._retired = [old for old in self._retired if old.flush(0.01)]

    async def publish(self, outs: Sequence[Out]) -> None:
        """Send these bytes; returns when the broker has confirmed each of them, else raises `Transient`."""
        await self._send([(out.topic, None, out.key, out.value, list(out.headers)) for out in outs])

    async def send_to(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> None:
        """Send one record to a given partition (what is meant for a partition, not for a key)."""
        await self._send([(topic, partition, key, value, list(headers))])

    async def _send(self, records: Records) -> None:
        if not records:
            return
        with sending(records) as hops:
            await self._deliver(records, hops or {})

    async def _deliver(self, records: Records, hops: Hops) -> None:
        reports, producer = _Reports(len(records)), self._producer
        for topic, partition, key, value, headers in records:
            place = {} if partition is None else {"partition": partition}
            more = {"headers": with_hop(headers, hops.get(topic)), "on_delivery": reports.one, **place}
            await self._produce(producer, (topic, value, key), more)
        failed = await reports.all
        if failed is not None:
            self._renew_if_fatal(producer, failed)
            raise Transient(f"broker: {failed.name()}")

    async def _produce(self, producer: Producer, record: tuple[Any, ...], more: dict[str, Any]) -> None:
        while True:
            try:
                producer.produce(*record, **more)
                return
            except BufferError:
                await asyncio.sleep(0.01)
            except KafkaException as error:
                self._renew_if_fatal(producer, error.args[0])
                raise Transient(f"broker: {error.args[0].name()}") from error

    def _renew_if_fatal(self, failed: Producer, error: Any) -> None:
        """Make a new producer, once; the reports of what waits in the failed one still come, as errors."""
        if (error.fatal() or error.code() in FENCED) and failed is self._producer:
            log.warning("the producer failed for good and is made again: %s", error.name())
            self._producer = Producer(self._settings)
            failed.purge()
            self._retired = [*self._retired, failed]

    def close(self) -> None:
        """Send what waits, then stop."""
        self._producer.flush(10)
        self._stopped.set()
        self._thread.join(5)


class _Reports:
    """Counts delivery reports; `all` resolves with the first error, or None."""

    def __init__(self, expected: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.all: asyncio.Future[Any] = self._loop.create_future()
        self._left, self._failed = expected, None

    def one(self, error: Any, _message: Any) -> None:
        self._failed = self._failed or error
        self._left -= 1
        if self._left == 0:
            self._loop.call_soon_threadsafe(self._done)

    def _done(self) -> None:
        if not self.all.done():
            self.all.set_result(self._failed)


def _quiet() -> logging.Logger:
    logger = logging.getLogger("chassis.publish.librdkafka")
    logger.setLevel(logging.ERROR)
    return logger
