"""`inbox`: every event accepted, with what was decided about it. Insert-only; the row is the decision.

`{_id: mark of source and id, source, id, type, customer, recorded_at, content, out, slot, o, todo?}`. `out` is the
journal's record, byte for byte; `slot` and `o` say where the event was read ("" = a door). An event of a door carries
`todo` until it is published; one of the log is published before its slot is settled beyond it.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from chassis.fold.model import Out
from chassis.store.connect import streamed, transient
from services.profile.store.writing import Document, find_all, insert_new

encode_outs = msgspec.msgpack.Encoder().encode
decode_outs = msgspec.msgpack.Decoder(list[Out]).decode


class Row(NamedTuple):
    """One accepted event."""

    mark: bytes
    source: str
    id: str
    type: str
    customer: str
    recorded_at: datetime
    content: bytes
    out: bytes
    slot: str = ""
    offset: int = -1
    todo: bool = False

    @property
    def outs(self) -> list[Out]:
        """The journal's record."""
        return decode_outs(self.out)


class Inbox:
    """The inbox of a database."""

    def __init__(self, database: Any) -> None:
        self._inbox = database["inbox"]

    async def rows(self, marks: Collection[bytes]) -> dict[bytes, Row]:
        """The rows of these events, as far as there are any."""
        if not marks:
            return {}
        return {row.mark: row for row in map(_row, await find_all(self._inbox, {"_id": {"$in": list(marks)}}))}

    async def add(self, rows: Sequence[Row]) -> set[bytes]:
        """Insert rows; returns the marks of those that somebody else decided first."""
        return {bytes(mark) for mark in await insert_new(self._inbox, [_document(row) for row in rows])}

    @transient
    async def published(self, marks: Iterable[bytes]) -> None:
        """These are in the journal."""
        await self._inbox.update_many({"_id": {"$in": list(marks)}}, {"$unset": {"todo": ""}})

    @transient
    async def unpublished(self, before: datetime, limit: int = 500) -> list[Row]:
        """Events of doors that were recorded before a time and are not in the journal yet, the oldest first."""
        query = {"todo": 1, "recorded_at": {"$lt": before}}
        return [_row(d) async for d in self._inbox.find(query).sort("recorded_at", 1).limit(limit)]

    @transient
    async def oldest_unpublished(self) -> datetime | None:
        """When the oldest event that is not in the journal was recorded."""
        found = await self._inbox.find_one({"todo": 1}, {"recorded_at": 1}, sort=[("recorded_at", 1)])
        return None if found is None else found["recorded_at"]

    @transient
    async def latest(self, limit: int, since: datetime | None) -> list[Row]:
        """The last events accepted, the oldest of them first; or the first ones accepted at a time or after it."""
        query = {} if since is None else {"recorded_at": {"$gte": since}}
        order = -1 if since is None else 1
        rows = [_row(d) async for d in self._inbox.find(query).sort("recorded_at", order).limit(limit)]
        return rows[::order]

    async def recorded_since(self, since: datetime) -> AsyncIterator[Row]:
        """Every event accepted at a time or after it, the oldest first, however many."""
        async for document in streamed(self._inbox.find({"recorded_at": {"$gte": since}}).sort("recorded_at", 1)):
            yield _row(document)

    async def read_since(self, slot: str, offset: int) -> list[Row]:
        """The events that were read from a slot at or after an offset."""
        return [_row(d) for d in await find_all(self._inbox, {"slot": slot, "o": {"$gte": offset}})]


def _document(row: Row) -> Document:
    document: Document = {
        "_id": row.mark,
        "source": row.source,
        "id": row.id,
        "type": row.type,
        "customer": row.customer,
        "recorded_at": row.recorded_at,
        "content": row.content,
        "out": row.out,
        "slot": row.slot,
        "o": row.offset,
    }
    return document | {"todo": 1} if row.todo else document


def _row(document: Document) -> Row:
    return Row(
        bytes(document["_id"]),
        document["source"],
        document["id"],
        document["type"],
        document["customer"],
        document["recorded_at"],
        bytes(document["content"]),
        bytes(document["out"]),
        document["slot"],
        document["o"],
        "todo" in document,
    )
