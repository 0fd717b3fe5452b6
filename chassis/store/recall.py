"""Finding facts in chains: first near the heads (where a replay finds them), then through the whole chain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chassis.fold.model import Key, cause_of
from chassis.fold.ports import Known
from chassis.store.documents import Document, Torn, facts_of, link_id, outs_of

if TYPE_CHECKING:
    from chassis.store.mongo import MongoStore

NEAR = range(-2, 4)
"""How far around a view's number the first look goes."""

FIELDS = {"state": 0, "ids": 0, "old": 0}


async def find_known(store: MongoStore, wanted: Mapping[Key, Collection[str]]) -> dict[tuple[Key, str], Known]:
    """The facts (by cause) that are in the chains of their entities."""
    found: dict[tuple[Key, str], Known] = {}
    await _look_near(store, wanted, found)
    for key, causes in wanted.items():
        left = {cause for cause in causes if (key, cause) not in found}
        if left:
            await _look_through(store, key, left, found)
    return found


async def _look_near(store: MongoStore, wanted: Mapping[Key, Collection[str]], found: dict[Any, Known]) -> None:
    for kind in {key.kind for key in wanted}:
        mine = {key.id: key for key in wanted if key.kind == kind}
        views = await store.view(kind).find({"_id": {"$in": list(mine)}}, {"s": 1}).to_list()
        seqs = {**dict.fromkeys(mine, 0), **{view["_id"]: view["s"] for view in views}}
        places = [(key, seqs[id_] + step) for id_, key in mine.items() for step in NEAR]
        ids = [link_id(key.prefix(), seq) for key, seq in places if seq > 0]
        for document in await store.chain(kind).find({"_id": {"$in": ids}}, FIELDS, batch_size=10_000).to_list():
            key = mine[document["e"]]
            found.update(_known(key, document, wanted[key]))


async def _look_through(store: MongoStore, key: Key, causes: set[str], found: dict[Any, Known]) -> None:
    """From the newest version back. What compaction emptied (as many versions as there were batches) is left out at first:
    only who does not find a fact must know that he missed none.
    """
    prefix, emptied = key.prefix(), list[int]()
    ids = {"$gte": link_id(prefix, 0), "$lte": link_id(prefix, 2**63)}
    for which in ({"stub": None}, {}):
        async for document in store.chain(key.kind).find({"_id": ids, **which}, FIELDS).sort("_id", -1):
            for place, known in _known(key, document, causes):
                found[place] = known
                causes.discard(place[1])
            if not causes:
                return
            if document.get("stub"):
                emptied.append(document["s"])
            elif "upto" in document:
                emptied = [seq for seq in emptied if seq > document["upto"]]  # none is below it
    if emptied:
        raise Torn("a chain was compacted while a fact was looked for in it")


def _known(key: Key, document: Document, causes: Collection[str]) -> Iterable[tuple[tuple[Key, str], Known]]:
    outs = None
    for index, fact in enumerate(facts_of(document)):
        if cause_of(fact) in causes:
            outs = outs_of(document) if outs is None else outs
            mine = tuple(out for out in outs if out.cause == index)
            yield (key, cause_of(fact)), Known(fact, mine, document["s"], "todo" in document)
