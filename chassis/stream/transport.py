"""Record batches for Faust: a subclass of its stock aiokafka driver, registered as `records://`.

Stock Faust makes several tasks per record; here each partition's fetched records are one message, so the cost is per
fetch. What an agent did is judged by `RecordBatch.finished`, not by Faust's acknowledgement (which also comes when an
agent raises or is cancelled): the group's committed offset, used for lag figures only, never runs ahead of the truth.
Where to start is the worker's matter: after every assignment all partitions are `full` (not fetched) until the worker
has asked the database and called `go_to`. A consumer without `on_seek` starts at committed offsets, as stock Faust does.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, cast

from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as stock
from faust.types import TP, ConsumerMessage

from chassis.stream.records import RecordBatch

SCHEME = "records"

COMMIT = 5.0
"""Most seconds for a commit of offsets."""

log = logging.getLogger(__name__)


class ConsumerThread(stock.AIOKafkaConsumerThread):
    """Reads committed records only, and never jumps silently to another offset."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._auto_offset_reset = "none"
        consumer._fetch_max_wait_ms = 500
        return consumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._next: dict[TP, int] = {}

    async def _seek_wait(self, consumer: Any, partitions: Any) -> None:
        self._next.update(partitions)
        await super()._seek_wait(consumer, partitions)

    async def _fetch_records(
        self, consumer: Any, active_partitions: Any, timeout: Any = None, max_records: Any = None
    ) -> Any:
        """Batches that know where they were read from.

        Only here, between two seeks, is that certain: outside, a seek and records fetched before it can cross, and what
        lies between would pass for a hole of the log.
        """
        _Fetched.into(consumer._fetcher)
        try:
            found = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
            return {tp: self._batch(tp, records) for tp, records in found.items() if records}
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            self.consumer.lost.update(  # type: ignore[attr-defined]
                error.args[0] if error.args and isinstance(error.args[0], dict) else ()
            )
            return {}

    def _batch(self, tp: TP, records: Any) -> RecordBatch:
        first = records[0].offset
        batch = RecordBatch(records, min(self._next.get(tp, first), first))
        self._next[tp] = batch.end
        return batch

    async def _commit(self, offsets: Any) -> bool:
        """Committed offsets are only for lag figures: a failure is no reason to stop, and a topic that is gone (aiokafka
        tries again for ever) no reason to wait: a rebalance waits for this.
        """
        try:
            owned = {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items() if tp in self.assignment()}
            if owned:
                await asyncio.wait_for(self._ensure_consumer().commit(owned), COMMIT)
            return True
        except Exception as error:
            log.info("offsets were not committed, lag figures are late: %s", type(error).__name__)
            return False


class _Fetched(OrderedDict[Any, Any]):
    """What a fetcher has fetched: records stay as the decoder made them (offset, key, value, headers, timestamp).

    aiokafka would copy each into an object with eleven fields, which costs more than everything else on the way.
    """

    @classmethod
    def into(cls, fetcher: Any) -> None:
        """Make a fetcher keep its results here; doing it again changes nothing."""
        if not isinstance(fetcher._records, cls):
            kept, fetcher._records = fetcher._records, cls()
            fetcher._records.update(kept)

    def __setitem__(self, tp: Any, result: Any) -> None:
        unpacked = getattr(result, "_partition_records", None)
        if unpacked is not None:
            unpacked._consumer_record = _as_it_is
        super().__setitem__(tp, result)


def _as_it_is(_tp: Any, record: Any) -> Any:
    return record


class Consumer(stock.Consumer):
    """Hands over whole batches, in order, and stops fetching a partition whose lane is full."""

    on_seek: Callable[[set[TP]], None] | None = None
    sated: Callable[[], bool] = staticmethod(lambda: False)
    """Whether the worker holds as many records as it may, of all partitions: then nothing is fetched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_flight: dict[TP, deque[RecordBatch]] = defaultdict(deque)
        self.full: set[TP] = set()
        self.lost: set[TP] = set()
        """Partitions whose next offset the log does not have; the worker opens them again."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if self.sated():
            await self.sleep(0.02)
            return {}
        wanted = active_partitions
        if wanted is not None and self.full:
            wanted = {tp for tp in wanted if tp not in self.full}
            if not wanted:
                await self.sleep(0.02)
                return {}
        records = await super()._getmany(wanted, min(timeout, 0.2) if self.full else timeout)
        return {tp: [batch] for tp, batch in records.items()}

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        batch: RecordBatch = record
        last = batch[-1]
        self._in_flight[tp].append(batch)
        place = (tp.topic, tp.partition, last.offset, last.timestamp / 1000.0, last.timestamp_type)
        generation = self.app.consumer_generation_id
        return ConsumerMessage(*place, [], None, cast(Any, batch), None, 0, 0, tp, generation_id=generation)

    def ack(self, message: Any) -> bool:
        """Faust is done with the message; whether its work is, only `finished` says."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        if message.value.finished:
            self._acked[message.tp].append(message.offset)
            self._n_acked += 1
        return True

    def _new_offset(self, tp: TP) -> int | None:
        end, queue = None, self._in_flight[tp]
        while queue and queue[0].finished:
            end = queue.popleft().end
        self._acked[tp].clear()
        return end

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter([tp for tp, queue in list(self._in_flight.items()) if queue and queue[0].finished])

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no bookkeeping: batches are committed whole."""

    async def go_to(self, tp: TP, offset: int) -> None:
        """Read on from this offset; what was fetched before is forgotten."""
        self._in_flight.pop(tp, None)
        self._read_offset[tp] = offset or None
        await self._thread.seek_wait({tp: offset})

    async def perform_seek(self) -> None:
        """After a rebalance: wait for the worker to say where each partition goes on."""
        self._in_flight.clear()
        if self.on_seek is None:
            await super().perform_seek()
            return
        assigned = set(self.assignment())
        self.full.update(assigned)
        await self._thread.seek_wait(dict.fromkeys(assigned, 0))
        self.on_seek(assigned)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit finished work before its bookkeeping is dropped."""
        await self.commit()
        for tp in revoked:
            self._in_flight.pop(tp, None)
            self.full.discard(tp)
        await super().on_partitions_revoked(revoked)


class Transport(stock.Transport):
    """The transport of `records://` brokers."""

    Consumer = Consumer
    default_port = 9092


def register() -> None:
    """Make `records://` known to Faust; calling it again does nothing."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
