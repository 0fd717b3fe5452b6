"""A relay: the task of a partition whose records are not folded here, but handed to a handler that decides about them.

The handler makes its decisions durable and publishes them before it returns, and repeating a batch changes nothing; so
the watermark moves exactly as a lane's does, and the same repetition after any failure holds here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from chassis.fold.lane import Lane
from chassis.fold.ports import Dead
from chassis.seeing.counts import OTHER


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


class Relay(Lane):
    """Works the batches of one slot as a lane does, but leaves every decision to a handler."""

    def __init__(self, handler: Handler, *parts: Any) -> None:
        """`parts` are those of a lane."""
        super().__init__(*parts)
        self.handler = handler

    def read(self, slot: str, start: int, end: int, records: Iterable[Any]) -> Unread:
        """The batch as `work` takes it."""
        return Unread(slot, start, end, list(records))

    async def work(self, batch: Any) -> int:
        """Settle a batch; returns the offset from which to go on (the batch's end, or where another worker has got to)."""
        return await self._settle(batch)

    async def _try(self, part: Any) -> int:
        mark = await self._mark()
        if not part.start <= mark.settled < part.end:
            self.counts.discarded += 1
            return mark.settled
        records = [record for record in part.records if record.offset >= mark.settled]
        dead = await self.handler.handle(self.slot, records)
        if dead:
            await self.store.bury(dead)
        await self._advance(mark, part, ())
        self.counts.read += len(records)
        self.counts.applied += len(records) - len(dead)
        self.counts.relayed(map(self._type, records), dead)
        self._count([], list(dead))
        return part.end

    def _type(self, record: Any) -> str:
        """The type a record names, if the catalog has it."""
        type_ = self.folder.language.type_of(record.headers, record.value) or ""
        return type_ if self.folder.language.knows(type_) else OTHER
