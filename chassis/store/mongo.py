"""`chassis.fold.ports.Store` over MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from chassis.fold.model import Head, Key, Kind, Out, Recorded, Version, Watermark, next_seq
from chassis.fold.ports import Dead, Known, Link, Transient
from chassis.store.connect import DURABLE, transient
from chassis.store.documents import (
    CHUNK_DOCUMENTS,
    Document,
    HeadReader,
    chunks,
    facts_of,
    joined_document,
    link_id,
    link_of,
    outs_of,
    version_document,
    view_document,
)
from chassis.store.recall import find_known
from chassis.store.repairs import Repairs, watermark_of

AHEAD = 4
"""How many versions past its view an entity is looked for at once, when many heads are asked for."""

DUPLICATE_KEY = 11000
ENCODED_KEPT = 50_000


class MongoStore(Repairs):
    """The chains, views, watermarks and dead letters of one service."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        kinds: Mapping[str, Kind],
        seal: Callable[[bytes], bytes],
        epoch: int = 0,
    ) -> None:
        self.database, self.kinds, self.seal, self.epoch = database, kinds, seal, epoch
        self.readers = {name: HeadReader(kind) for name, kind in kinds.items()}
        self.slots, self.topics = database["slots"], database["topics"]
        self.dead = database["dead"]
        self._encoded: dict[Key, tuple[Head, bytes]] = {}
        self.stretches: dict[str, int] = {}

    def chain(self, kind: str) -> Any:
        """The collection of a kind's versions."""
        return self.database[self.kinds[kind].collection + ".chain"]

    def view(self, kind: str) -> Any:
        """The collection of a kind's views."""
        return self.database[self.kinds[kind].collection]

    # ---- reading ----------------------------------------------------------------------------------------------------

    @transient
    async def views(self, keys: Collection[Key]) -> dict[Key, Head]:
        found: dict[Key, Head] = {}
        fields = {"s": 1, "f": 1, "state": 1, "ids": 1, "old": 1, "last": 1, "ties": 1}
        for kind, ids in _by_kind(keys).items():
            reader = self.readers[kind]
            for document in await self.view(kind).find({"_id": {"$in": ids}}, fields, batch_size=10_000).to_list():
                head = reader.head(document["_id"], document)
                found[head.key] = head
        return found

    @transient
    async def heads(self, keys: Collection[Key]) -> dict[Key, Head]:
        sure = await self._heads_ahead_of_views(keys) if len(keys) > 8 else {}
        missing = [key for key in keys if key not in sure]
        for group in _groups(missing, 32):
            for head in await asyncio.gather(*(self._head(key) for key in group)):
                if head is not None:
                    sure[head.key] = head
        return sure

    async def _head(self, key: Key) -> Head | None:
        view = await self.view(key.kind).find_one({"_id": key.id}, {"s": 1}) or {}
        for first in sorted({0, view.get("s", 0)}, reverse=True):  # not every database is quick at the end of a range
            ids = {"$gte": link_id(key.prefix(), first), "$lte": link_id(key.prefix(), 2**63)}
            if document := await self.chain(key.kind).find_one({"_id": ids}, sort=[("_id", -1)]):
                return self.readers[key.kind].head(key.id, document)
        return None

    async def _heads_ahead_of_views(self, keys: Collection[Key]) -> dict[Key, Head]:
        """Heads found a few numbers past their views; an entity that is further ahead is left to `_head`."""
        heads = await self.views(keys)
        ids = {
            kind: [i for id_ in group for i in self._next_ids(heads, Key(kind, id_))]
            for kind, group in _by_kind(keys).items()
        }
        ahead: dict[Key, list[Document]] = {}
        for kind, wanted in ids.items():
            for document in await self.chain(kind).find({"_id": {"$in": wanted}}, batch_size=10_000).to_list():
                ahead.setdefault(Key(kind, document["e"]), []).append(document)
        for key, documents in ahead.items():
            heads.pop(key, None)
            if len(documents) < AHEAD:
                heads[key] = self.readers[key.kind].head(key.id, max(documents, key=lambda found: found["s"]))
        return heads

    def _next_ids(self, heads: Mapping[Key, Head], key: Key) -> list[bytes]:
        seq, prefix = heads[key].seq if key in heads else 0, key.prefix()
        start = next_seq(seq, self.epoch)
        numbers = {*range(seq + 1, seq + 1 + AHEAD), *range(start, start + AHEAD)}
        return [link_id(prefix, number) for number in numbers]

    @transient
    async def recall(self, wanted: Mapping[Key, Collection[str]]) -> dict[tuple[Key, str], Known]:
        return await find_known(self, wanted)

    @transient
    async def history(self, key: Key) -> list[tuple[int, Recorded]]:
        documents = await self._whole(key, {"state": 0, "ids": 0, "old": 0, "out": 0})
        return [(document["s"], fact) for document in documents for fact in facts_of(document)]

    async def _links(
        self, key: Key, below: int, fields: Mapping[str, int] | None = None, first: int = 0
    ) -> list[Document]:
        ids = {"$gte": link_id(key.prefix(), first), "$lt": link_id(key.prefix(), below)}
        return await self.chain(key.kind).find({"_id": ids}, fields).sort("_id", 1).to_list()

    # ---- writing ----------------------------------------------------------------------------------------------------

    @transient
    async def insert(self, versions: Sequence[Version]) -> set[Key]:
        lost: set[Key] = set()
        for kind in {version.key.kind for version in versions}:
            mine = [version for version in versions if version.key.kind == kind]
            whole = [version_document(version) for version in mine]
            self._keep_encoded(mine, whole)
            for start, documents in chunks(whole):
                errors = await self._write("insert", self.chain(kind).name, "documents", documents)
                lost.update(mine[start + error["index"]].key for error in errors)
        return lost

    def _keep_encoded(self, versions: Sequence[Version], documents: Sequence[Document]) -> None:
        """The state of a version is that of its view: encoded once, for this very head and no other of its number."""
        if len(self._encoded) > ENCODED_KEPT:
            self._encoded.clear()
        for version, document in zip(versions, documents, strict=True):
            self._encoded[version.key] = version.head, document["state"]

    def _view_document(self, head: Head) -> Document:
        kept = self._encoded.pop(head.key, None)
        return view_document(self.kinds[head.key.kind], head, kept[1] if kept is not None and kept[0] is head else b"")

    async def _write(self, command: str, collection: str, field: str, items: list[Document]) -> list[Document]:
        """One unordered bulk; returns duplicate keys, raises `Transient` for any other error."""
        reply = await self.database.command(
            {command: collection, field: items, "ordered": False, "writeConcern": DURABLE}
        )
        errors: list[Document] = reply.get("writeErrors", [])
        if "writeConcernError" in reply or any(error["code"] != DUPLICATE_KEY for error in errors):
            raise Transient(f"database: {command} was not carried out for all")
        return errors

    @transient
    async def replace_views(self, heads: Iterable[Head]) -> None:
        for kind, group in _heads_by_kind(heads).items():
            for _, documents in chunks([self._view_document(head) for head in group]):
                updates = [{"q": {"_id": d["_id"], "s": {"$lt": d["s"]}}, "u": d, "upsert": True} for d in documents]
                errors = await self._write("update", self.view(kind).name, "updates", updates)
                again = [{**updates[error["index"]], "upsert": False} for error in errors]
                if again:
                    await self._write("update", self.view(kind).name, "updates", again)

    @transient
    async def bury(self, dead: Sequence[Dead]) -> None:
        documents = [
            {**one._asdict(), "_id": f"{one.slot}@{one.offset}", "payload": self.seal(one.payload), "attempts": 0}
            for one in dead
        ]
        for start in range(0, len(documents), CHUNK_DOCUMENTS):
            await self._write("insert", "dead", "documents", documents[start : start + CHUNK_DOCUMENTS])

    # ---- watermarks -------------------------------------------------------------------------------------------------

    @transient
    async def watermark(self, slot: str) -> Watermark | None:
        document = await self.slots.find_one({"_id": slot})
        return None if document is None else watermark_of(document)

    @transient
    async def watermarks(self, topic: str, partition: int) -> list[Watermark]:
        query = {"topic": topic, "partition": partition, "closed": False}
        return [watermark_of(document) async for document in self.slots.find(query)]

    @transient
    async def open_slot(self, mark: Watermark) -> None:
        fields = {key: value for key, value in mark._asdict().items() if key != "slot"}
        await self.slots.update_one({"_id": mark.slot}, {"$setOnInsert": {**fields, "closed": False}}, upsert=True)

    @transient
    async def close_slot(self, slot: str) -> None:
        await self.slots.update_one({"_id": slot}, {"$set": {"closed": True}})

    @transient
    async def advance(self, mark: Watermark, settled: int, horizon: datetime | None, *, viewed: bool = False) -> bool:
        change: Document = {"settled": settled, "token": mark.token + 1}
        if horizon is not None:
            change["horizon"] = horizon
        if viewed:
            change["viewed"] = settled
        was = {"_id": mark.slot, "settled": mark.settled, "token": mark.token}
        now = await self.slots.find_one_and_update(was, {"$set": change}, return_document=ReturnDocument.AFTER)
        return now is not None

    @transient
    async def mark_viewed(self, slot: str, viewed: int) -> None:
        await self.slots.update_one({"_id": slot}, {"$max": {"viewed": viewed}})

    @transient
    async def touched(self, slot: str, since: int) -> set[Key]:
        found: set[Key] = set()
        for kind in self.kinds:
            query = {"slot": slot, "o": {"$gte": since}}
            found |= {Key(kind, document["e"]) async for document in self.chain(kind).find(query, {"e": 1})}
        return found

    @transient
    async def outs_since(self, slot: str, since: int) -> list[Out]:
        found: list[Out] = []
        for kind in self.kinds:
            async for document in self.chain(kind).find({"slot": slot, "o": {"$gte": since}}):
                facts = facts_of(document)
                found += [out for out in outs_of(document) if facts[out.cause].offset >= since]
        return found

    # ---- doors and compaction ---------------------------------------------------------------------------------------

    @transient
    async def unfinished(self, before: datetime) -> list[tuple[Key, int, tuple[Out, ...]]]:
        return [
            (Key(kind, document["e"]), document["s"], tuple(outs_of(document)))
            for kind in self.kinds
            async for document in self.chain(kind).find({"todo": 1, "at": {"$lt": before}}).limit(200)
        ]

    @transient
    async def finish(self, key: Key, seq: int) -> None:
        await self.chain(key.kind).update_one({"_id": link_id(key.prefix(), seq)}, {"$unset": {"todo": ""}})

    @transient
    async def links(self, key: Key, below: int) -> list[Link]:
        prefix = key.prefix()
        joined = {"_id": {"$gte": link_id(prefix, 0), "$lt": link_id(prefix, below)}, "upto": {"$exists": True}}
        newest = await self.chain(key.kind).find_one(joined, {"s": 1}, sort=[("_id", -1)])
        found = await self._links(key, below, {"state": 0, "ids": 0, "old": 0}, newest["s"] if newest else 0)
        return [link_of(document) for document in found]

    @transient
    async def join(self, key: Key, seqs: Sequence[int]) -> bool:
        prefix = key.prefix()
        documents = (
            await self.chain(key.kind)
            .find({"_id": {"$in": [link_id(prefix, seq) for seq in seqs]}})
            .sort("_id", 1)
            .to_list()
        )
        first = documents[0]
        joined = joined_document(documents, seqs[-1])
        was = {"_id": first["_id"], "upto": first.get("upto"), "stub": None}
        return (await self.chain(key.kind).replace_one(was, joined)).matched_count == 1

    @transient
    async def stub(self, key: Key, seqs: Sequence[int]) -> None:
        prefix = key.prefix()
        gone = dict.fromkeys(("facts", "out", "ties", "state", "ids", "old", "slot", "o", "last", "todo", "upto"), "")
        await self.chain(key.kind).update_many(
            {"_id": {"$in": [link_id(prefix, seq) for seq in seqs]}}, {"$set": {"stub": True}, "$unset": gone}
        )


def _by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key.kind, []).append(key.id)
    return groups


def _heads_by_kind(heads: Iterable[Head]) -> dict[str, list[Head]]:
    groups: dict[str, list[Head]] = {}
    for head in heads:
        groups.setdefault(head.key.kind, []).append(head)
    return groups


def _groups(items: Sequence[Key], size: int) -> Iterable[Sequence[Key]]:
    return (items[start : start + size] for start in range(0, len(items), size))
