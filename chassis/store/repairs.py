"""What people and operators ask of a service's database beyond the protocol: ledgers, due work, epochs, rebuilding."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from chassis.fold.model import Key, Kind, Out, Watermark
from chassis.store.connect import streamed, transient
from chassis.store.documents import Document, Torn, link_id, outs_of, uncovered

READINGS = 5
"""So often a chain is read that is being compacted, before somebody has to wait."""


class Repairs:
    """The part of `MongoStore` that the fold itself does not need."""

    kinds: Mapping[str, Kind]
    slots: Any
    topics: Any
    epoch: int
    stretches: dict[str, int]
    """How many marks the last look for entities of a kind went over at a time."""

    def chain(self, kind: str) -> Any:
        """The collection of a kind's versions."""
        raise NotImplementedError

    def view(self, kind: str) -> Any:
        """The collection of a kind's views."""
        raise NotImplementedError

    async def _links(self, key: Key, below: int, fields: Mapping[str, int] | None = None) -> list[Document]:
        raise NotImplementedError

    @transient
    async def said(self, key: Key) -> list[Out]:
        """Everything an entity has made known to others, in order: its ledger, if it keeps one."""
        documents = await self._whole(key, {"state": 0, "ids": 0, "old": 0, "facts": 0})
        return [out for document in documents for out in outs_of(document)]

    async def _whole(self, key: Key, fields: Mapping[str, int]) -> list[Document]:
        """A chain in order, once it could be read without somebody compacting it meanwhile; else raises `Torn`."""
        for attempt in range(READINGS):
            try:
                return list(uncovered(await self._links(key, 2**63, fields)))
            except Torn:
                if attempt == READINGS - 1:
                    raise
        raise AssertionError("unreachable")

    async def due(self, kind: str, upto: datetime, limit: int = 0) -> AsyncIterator[tuple[Key, datetime]]:
        """Entities whose view says that they wait for a time up to this one, earliest first; 0 is all, however many."""
        query = {"due": {"$type": "date", "$lte": upto}}
        found = self.view(kind).find(query, {"due": 1}, batch_size=500).sort("due", 1).limit(limit)
        async for document in streamed(found):
            yield Key(kind, document["_id"]), document["due"]

    @transient
    async def oldest_unfinished(self) -> datetime | None:
        """Since when the oldest version waits that its writer has not finished; None if there is none."""
        found = [await self.chain(kind).find_one({"todo": 1}, {"at": 1}, sort=[("at", 1)]) for kind in self.kinds]
        return min((document["at"] for document in found if document is not None), default=None)

    async def said_since(self, since: datetime) -> AsyncIterator[list[Out]]:
        """What entities made known from a time on, version by version; of joined versions, everything."""
        query = {"out": {"$exists": True}, "$or": [{"at": {"$gte": since}}, {"upto": {"$exists": True}}]}
        for kind in self.kinds:
            async for document in streamed(self.chain(kind).find(query, {"out": 1})):
                yield outs_of(document)

    @transient
    async def incarnations(self) -> dict[str, str]:
        """Each of our topics with its incarnation that has got all we ever said."""
        return {document["_id"]: document["incarnation"] async for document in self.topics.find()}

    @transient
    async def note_incarnations(self, of: Mapping[str, str]) -> None:
        """These have got everything."""
        for name, incarnation in of.items():
            await self.topics.update_one({"_id": name}, {"$set": {"incarnation": incarnation}}, upsert=True)

    @transient
    async def begin_epoch(self) -> int:
        """Count a restore; from now on this store numbers versions in the new epoch."""
        document = await self.slots.find_one_and_update(
            {"_id": "epoch"}, {"$inc": {"epoch": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        self.epoch = document["epoch"]
        return self.epoch

    @transient
    async def all_watermarks(self) -> list[Watermark]:
        """Every slot, open or closed."""
        return [watermark_of(document) async for document in self.slots.find({"topic": {"$exists": True}})]

    @transient
    async def set_watermark(self, mark: Watermark) -> None:
        """Overwrite a watermark; only while no worker runs."""
        fields = {key: value for key, value in mark._asdict().items() if key != "slot"}
        await self.slots.update_one({"_id": mark.slot}, {"$set": fields})

    @transient
    async def set_table(self, slot: str, table: int) -> None:
        """Raise the number of the rule table that may settle a slot; never lowers it. Workers may run."""
        await self.slots.update_one({"_id": slot}, {"$max": {"table": table}})

    @transient
    async def make_final(self, table: int) -> None:
        """Remember the final rule table; never lowers it."""
        await self.slots.update_one({"_id": "final"}, {"$max": {"table": table}}, upsert=True)

    @transient
    async def final_table(self) -> int:
        """The rule table that was made final; 0 until there is one."""
        found = await self.slots.find_one({"_id": "final"})
        return 0 if found is None else int(found["table"])

    @transient
    async def drop_views(self, kind: str) -> None:
        """Remove all views of a kind, keeping the indexes."""
        await self.view(kind).delete_many({})

    async def entities(self, kind: str, page: int) -> AsyncIterator[list[Key]]:
        """All entities of a kind that have a chain, in pages."""
        keys, place = await self.entities_after(kind, b"", page)
        while keys:
            yield keys
            keys, place = await self.entities_after(kind, place, page) if place else ([], b"")

    @transient
    async def entities_after(self, kind: str, place: bytes, limit: int) -> tuple[list[Key], bytes]:
        """The next entities in the order of their marks, and the place after the last of them (empty: there are no more).
        Fewer than `limit`, if that has taken some seconds.

        Read in stretches with an end, as long as was enough for the page before, and some versions of each at once: not every
        engine stops at a limit before it has sorted all.
        """
        keys: list[Key] = []
        width, last, ends = self.stretches.get(kind, END), _further(b"", END), time.monotonic() + 2.0
        while len(keys) < limit and place < last and not (keys and time.monotonic() > ends):
            upto, most = _further(place, width), 8 * limit
            stretch = {"_id": {"$gt": place, "$lte": upto}}
            found = await self.chain(kind).find(stretch, {"e": 1}).sort("_id", 1).limit(most).to_list()
            names = list(dict.fromkeys(document["e"] for document in found))
            keys += [Key(kind, name) for name in names[: limit - len(keys)]]
            whole = len(found) < most and len(keys) < limit
            place, width = (upto, min(4 * width, END)) if whole else (behind(keys[-1]), width // 16 + 1)
        self.stretches[kind] = width
        return keys, place if place < last else b""


END = 2**128 - 1
"""Marks are spread evenly over 128 bits; this is the last one there can be."""


def _further(place: bytes, width: int) -> bytes:
    """The place so many marks further on, at most the last one."""
    mark = int.from_bytes(place[:16].ljust(16, b"\0"), "big")
    return link_id(min(mark + width, END).to_bytes(16, "big"), 2**64 - 1)


def behind(key: Key) -> bytes:
    """The place after all versions of an entity."""
    return link_id(key.prefix(), 2**63)


def watermark_of(document: Document) -> Watermark:
    """The watermark in a document of `slots`."""
    named = {"slot": document["_id"], **document}
    return Watermark._make(named.get(field) for field in Watermark._fields)
