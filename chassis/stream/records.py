"""What an agent gets: the records of one partition and fetch, as one value."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple


class Record(NamedTuple):
    """One record of the log. `timestamp` is in milliseconds."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class RecordBatch(list[Any]):
    """Records of one partition in offset order, read from position `start` up to `end` (exclusive).

    Holes inside (transaction markers, compacted records) belong to the batch. Set `finished` when their effect is
    durable: only then may the consumer group's offset move past them.
    """

    __slots__ = ("end", "fetched", "finished", "start")

    def __init__(self, records: Sequence[Any], start: int) -> None:
        super().__init__(records)
        self.start = start
        self.end = records[-1].offset + 1
        self.finished = False
        self.fetched = time.time_ns()


def as_batch(message: Any) -> RecordBatch:
    """The batch in a Faust message, also from the stock transport, which delivers one record at a time."""
    if isinstance(message.value, RecordBatch):
        return message.value
    timestamp = int((message.timestamp or 0) * 1000)
    record = Record(message.offset, message.key, message.value, tuple(message.headers or ()), timestamp)
    return RecordBatch([record], message.offset)
