"""A relay: the task of a partition whose records are not folded here, but handed to a handler that decides about them.

The handler makes its decisions durable and publishes them before it returns, and repeating a batch changes nothing; so
the watermark moves exactly as a lane's does, and the same repetition after any failure holds here too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from chassis.fold.lane import Counts, Moved, OutOfStep
from chassis.fold.model import Watermark
from chassis.fold.ports import Dead, Store, Transient
from chassis.fold.views import Views


class Handler(Protocol):
    """What decides about records."""

    async def handle(self, slot: str, records: Sequence[Any]) -> Sequence[Dead]:
        """Decide, write down and publish; returns what could not be processed. Raises `Transient` to be asked again."""
        ...


class Unread(NamedTuple):
    """Records of one slot from offset `start` up to `end` (exclusive), as they came."""

    slot: str
    start: int
    end: int
    records: Sequence[Any]
    horizon: None = None


class Relay:
    """Works the batches of one slot. `pause(attempt)` waits before a repetition."""

    def __init__(
        self,
        slot: str,
        store: Store,
        handler: Handler,
        views: Views,
        pause: Callable[[int], Awaitable[None]],
        table: int = 1,
        counts: Counts | None = None,
    ) -> None:
        self.slot, self.store, self.handler, self.views = slot, store, handler, views
        self.pause, self.table, self.counts = pause, table, counts or Counts()
        self.waiting_for = ""

    def read(self, slot: str, start: int, end: int, records: Iterable[Any]) -> Unread:
        """The batch as `work` takes it."""
        return Unread(slot, start, end, list(records))

    async def work(self, batch: Unread) -> int:
        """Settle a batch; returns the offset from which to go on (the batch's end, or where another worker has got to)."""
        attempt = 0
        while True:
            try:
                settled = await self._try(batch)
                self.waiting_for = ""
                return settled
            except Transient as error:
                self.counts.replays += 1
                self.waiting_for, attempt = str(error), attempt + 1
                await self.pause(attempt)
            except Moved:
                self.views.resync()

    async def _try(self, batch: Unread) -> int:
        mark = await self._mark()
        if not batch.start <= mark.settled < batch.end:
            self.counts.discarded += 1
            return mark.settled
        records = [record for record in batch.records if record.offset >= mark.settled]
        dead = await self.handler.handle(self.slot, records)
        if dead:
            await self.store.bury(dead)
        if not await self.store.advance(mark, batch.end, None):
            raise Moved
        self.counts.read += len(records)
        self.counts.applied += len(records) - len(dead)
        self.counts.dead += len(dead)
        self.views.add((), batch.end)
        return batch.end

    async def _mark(self) -> Watermark:
        mark = await self.store.watermark(self.slot)
        if mark is None:
            raise Transient("the watermark of this slot is gone")
        if mark.table > self.table:
            raise OutOfStep(f"slot {self.slot} was settled by rule table {mark.table}, this release has {self.table}")
        return mark
