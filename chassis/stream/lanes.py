"""One lane's task in a worker: opens its slot, works its batches, keeps its views fresh, says how it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from chassis.fold.batch import Reader
from chassis.fold.kept import Kept
from chassis.fold.lane import Lane, OutOfStep
from chassis.fold.model import Kind, Watermark
from chassis.fold.ports import Broker, Store, Transient
from chassis.fold.relay import Handler, Relay
from chassis.fold.rules import Folder
from chassis.fold.slots import Gap, open_slot, slot_name
from chassis.fold.views import Views
from chassis.seeing.counts import Counts
from chassis.seeing.kafka import processing
from chassis.seeing.tracing import OFF
from chassis.stream.records import RecordBatch
from chassis.stream.topics import Topics

log = structlog.get_logger()

WAITING = 2
"""Batches that may wait in a lane before its partition is not fetched any more."""

VIEW_PAUSE, LONGEST_PAUSE = 1.0, 4.0
"""Seconds for which versions gather before their views are replaced, while a lane is busy; and while it is late."""

GATHERED = 8_000
"""Views that may wait for more of the same entities; among so many others hardly any comes again."""


def pause_of_views(late: float) -> float:
    """Seconds for which views gather in a busy lane that works on what came `late` seconds ago.

    Half of that, so that nobody sees a fact more than half as late again; a replaced view costs what three versions cost.
    """
    return min(max(late / 2, VIEW_PAUSE), LONGEST_PAUSE)


@dataclass
class Mounted:
    """What all lanes of a service share."""

    store: Store
    view_store: Store
    broker: Broker
    folder: Folder
    kinds: dict[str, Kind]
    reader: Reader
    topics: Topics
    table: int
    on_written: Callable[[Any], None]
    counts: Counts = field(default_factory=Counts)
    kept: Kept = field(default_factory=Kept)
    group: str = ""
    """The name of the consumer group."""
    handler: Handler | None = None
    relayed: frozenset[str] = frozenset()
    """Topics whose records go to `handler` instead of being folded."""


class LaneTask:
    """The task of one assigned partition. `go_to(offset)` and `set_full(bool)` steer its consumer."""

    def __init__(
        self,
        topic: str,
        partition: int,
        mounted: Mounted,
        go_to: Callable[[int], Any],
        set_full: Callable[[bool], None],
    ) -> None:
        self.topic, self.partition, self.mounted = topic, partition, mounted
        self._go_to, self._set_full = go_to, set_full
        self.queue: asyncio.Queue[RecordBatch] = asyncio.Queue()
        self.mark: Watermark | None = None
        self.lane: Lane | None = None
        self.reader: Reader | Relay = mounted.reader
        self.views: Views | None = None
        self._to_view = asyncio.Event()
        self.position = -1
        self.horizon: datetime | None = None
        self.incarnation = ""
        self.stopped_by = ""
        self.failed = False
        """True if it stopped for a reason that nobody foresaw: a restart may help, an operator need not decide."""
        self.waiting_for = ""
        self.moved_at = time.monotonic()
        self.oldest = time.time()
        """The timestamp of what is worked on, or was last: nothing that is not settled is older, as far as is known."""
        self.busy = False
        self._held = 0
        self._task = asyncio.create_task(self._run(), name=f"lane {topic}[{partition}]")

    def offer(self, batch: RecordBatch) -> None:
        """Queue a batch; at two waiting ones the partition is not fetched until one is done."""
        self.queue.put_nowait(batch)
        self._held += len(batch)
        if self.queue.qsize() >= WAITING:
            self._set_full(True)

    async def _run(self) -> None:
        viewer = None
        try:
            await self._open()
            viewer = asyncio.create_task(self._keep_views(), name=f"views {self.topic}[{self.partition}]")
            while True:
                batch = await self.queue.get()
                await self._work(batch)
                self._held -= len(batch)
        except (Gap, OutOfStep) as error:
            self.stopped_by = str(error)
            log.error("lane stopped", topic=self.topic, partition=self.partition, reason=self.stopped_by)
        except Exception as error:
            self.stopped_by, self.failed = f"{type(error).__name__} in the lane", True
            log.exception("lane failed", topic=self.topic, partition=self.partition)
        finally:
            if viewer is not None:
                viewer.cancel()

    async def _open(self) -> None:
        self._set_full(True)
        attempt = 0
        while self.mark is None:
            try:
                self.mark = await self._find_slot()
            except Transient as error:
                self.waiting_for, attempt = str(error), attempt + 1
                await self._pause(attempt)
        self.waiting_for = ""
        self._mount(self.mark.slot)
        self.horizon = self.mark.horizon
        await self._move_to(self.mark.settled)

    def _mount(self, slot: str) -> None:
        shared = self.mounted
        self.views = Views(slot, shared.view_store, self._to_view.set)
        store, broker, folder, kinds = shared.store, shared.broker, shared.folder, shared.kinds
        common = (shared.table, shared.counts, shared.kept)
        parts = (slot, store, broker, folder, kinds, self.views, self._pause, *common)
        if self.topic in shared.relayed and shared.handler is not None:
            self.lane = self.reader = Relay(shared.handler, *parts)
        else:
            self.lane = Lane(*parts)

    async def _find_slot(self) -> Watermark:
        found = (await self.mounted.topics.find([self.topic])).get(self.topic)
        if found is None:
            raise Transient(f"topic {self.topic} does not exist")
        place = (self.topic, self.partition)
        start = (await self.mounted.topics.starts([place]))[place]
        self.incarnation = found.id
        slot, shared = slot_name(found.id, self.partition), self.mounted
        return await open_slot(shared.store, shared.broker, slot, *place, start, shared.table)

    async def _move_to(self, offset: int) -> None:
        while not self.queue.empty():
            self._held -= len(self.queue.get_nowait())
        self.position = offset
        await self._go_to(offset)
        self._set_full(False)

    async def _work(self, batch: RecordBatch) -> None:
        assert self.lane is not None and self.mark is not None and self.views is not None
        self.busy = True
        if batch.start > self.position:
            await self._move_to(self.position)
        elif batch.end > self.position:
            settled, read = await self._settle(batch, self.lane, self.mark.slot)
            if settled != batch.end:
                await self._move_to(settled)
            else:
                self.position, batch.finished = settled, True
                self.horizon = read.horizon or self.horizon
        else:
            batch.finished = True
        self.moved_at = time.monotonic()
        self.busy = not self.queue.empty()
        if self.queue.qsize() < WAITING:
            self._set_full(False)

    async def _settle(self, batch: RecordBatch, lane: Lane, slot: str) -> tuple[int, Any]:
        self.oldest, began, counts = batch[0].timestamp / 1000, time.perf_counter(), self.mounted.counts
        read: Any = self.reader.read(slot, batch.start, batch.end, batch)
        with self._seen(batch, read):
            settled = await lane.work(read)
        self._note_written()
        counts.fold.observe(time.perf_counter() - began)
        counts.age.observe(time.time() - self.oldest)
        counts.batch.observe(len(batch))
        self.oldest = batch[-1].timestamp / 1000
        return settled, read

    def _seen(self, batch: RecordBatch, read: Any) -> AbstractContextManager[Any]:
        """The spans of a batch; none of one in which nothing is for us."""
        ours = getattr(read, "items", True) or read.dead
        group = self.mounted.group
        return processing(self.topic, self.partition, group, batch, batch.fetched) if ours else OFF

    def _note_written(self) -> None:
        assert self.views is not None
        for head in self.views.pending.values():
            self.mounted.on_written(head)

    async def _keep_views(self) -> None:
        assert self.views is not None
        while True:
            while self.views.behind:
                await self._gather()
                try:
                    await self.views.flush()
                except Transient:
                    await asyncio.sleep(0.2)
            await self._to_view.wait()
            self._to_view.clear()

    async def _gather(self) -> None:
        """While the lane is busy, let versions of the same entities come together; at rest, do not wait."""
        assert self.views is not None
        began = time.monotonic()
        while self.busy and len(self.views.pending) < GATHERED:
            if time.monotonic() - began > pause_of_views(time.time() - self.oldest):
                break
            await asyncio.sleep(0.02)

    async def _pause(self, attempt: int) -> None:
        if attempt in (1, 10) or attempt % 100 == 0:
            place = {"topic": self.topic, "partition": self.partition}
            log.warning("waiting", **place, attempt=attempt, reason=self.waits)
        await asyncio.sleep(min(2.0, 0.02 * 2 ** min(attempt, 8)))

    @property
    def waits(self) -> str:
        """What the lane waits for outside itself (database, broker), or ""."""
        return self.waiting_for or (self.lane.waiting_for if self.lane else "")

    @property
    def quiet(self) -> bool:
        """True if nothing is queued or in work and all views are replaced."""
        return self.stopped_by != "" or (
            self.queue.empty() and not self.busy and self.views is not None and not self.views.behind
        )

    @property
    def held(self) -> int:
        """Records that are worked on or wait; a lane that has stopped holds nobody up."""
        return 0 if self.stopped_by else self._held

    async def drain(self, deadline: float) -> None:
        """Let the batch in work end and the views catch up, until a loop time; then end."""
        loop = asyncio.get_running_loop()
        self._set_full(True)
        while not self.quiet and loop.time() < deadline:
            await asyncio.sleep(0.02)
        await self.abandon()

    async def abandon(self) -> None:
        """End at once; whatever was half done is done again by whoever comes next."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
