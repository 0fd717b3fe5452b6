"""Every entity of a kind, page by page, from the chains themselves; and single views, compared and put right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import bson
from pymongo.errors import DuplicateKeyError

from chassis.fold.model import Head, Key
from chassis.store.connect import transient
from chassis.store.documents import view_document
from chassis.store.repairs import behind


class Entities(NamedTuple):
    """Some entities of a kind, and the place after which the next ones stand ("" = there are none)."""

    keys: Sequence[Key]
    after: str


def place_after(key: Key) -> str:
    """The place after which the entities after this one stand."""
    return behind(key).hex()


async def entities(store: Any, kind: str, after: str, limit: int) -> Entities:
    """Entities with at least one version, in the order of their marks; `after` is the place of an earlier answer."""
    keys, place = await store.entities_after(kind, bytes.fromhex(after), limit)
    return Entities(keys, place.hex())


AT_ONCE = 8
"""Entities that are looked at together: each waits for the database most of the time, and while facts flow new ones come."""

SLOW = 0.5
"""Seconds: after a group that took longer, entities are looked at one by one, so that a page ends in time."""

LONGEST = 3.0
"""Seconds after which a page of many ends early: a request has fifteen."""

T = TypeVar("T")


class Looked(NamedTuple, Generic[T]):
    """What was found of some entities, in their order, and the place after which the next ones stand ("" = there are none)."""

    found: Mapping[Key, T]
    after: str


async def look(store: Any, kind: str, after: str, limit: int, one: Callable[[Key], Awaitable[T]]) -> Looked[T]:
    """Look at the next entities, a few at a time: at `limit` of them, or as many as a request has time for."""
    page = await entities(store, kind, after, limit)
    found, began, size, done = dict[Key, T](), time.monotonic(), 1, 0
    while done < len(page.keys):
        group, asked = page.keys[done : done + size], time.monotonic()
        found |= zip(group, await asyncio.gather(*map(one, group)), strict=True)
        done, now = done + len(group), time.monotonic()
        if now > began + LONGEST and done < len(page.keys):
            return Looked(found, place_after(group[-1]))
        size = min(AT_ONCE, 2 * size) if now - asked < SLOW else 1
    return Looked(found, page.after)


FEW = 8
"""So many heads at most are read from the chains alone; of more the store asks the views first, which may be wrong here."""


async def newest(store: Any, keys: Sequence[Key]) -> dict[Key, Head]:
    """The newest versions of entities, from the chains alone."""
    found: dict[Key, Head] = {}
    for start in range(0, len(keys), FEW):
        found.update(await store.heads(keys[start : start + FEW]))
    return found


@transient
async def view_differs(store: Any, head: Head) -> bool:
    """Whether the view of an entity is missing, or not what its newest version makes; a newer one is fine."""
    views = store.view(head.key.kind)
    as_kept = views.codec_options  # the database keeps milliseconds of a time
    made = bson.decode(bson.encode(view_document(store.kinds[head.key.kind], head), codec_options=as_kept), as_kept)
    found = await views.find_one({"_id": head.key.id})
    if found is None or found["s"] != head.seq:
        return found is None or found["s"] < head.seq
    return found.keys() != made.keys() or any(found[name] != made[name] for name in made)


@transient
async def put_view(store: Any, head: Head) -> None:
    """Replace a view that is older or of the same version; a newer one stays. Readers see the old one or the new one."""
    made = view_document(store.kinds[head.key.kind], head)
    older = {"_id": head.key.id, "s": {"$lte": head.seq}}
    try:
        await store.view(head.key.kind).replace_one(older, made, upsert=True)
    except DuplicateKeyError:
        return  # a newer one is there


@transient
async def views_without_chain(store: Any, kind: str, after: str, limit: int) -> tuple[list[Key], str]:
    """Views, some of them, that no version stands behind; and the id after which the next ones are looked at."""
    found = await store.view(kind).find({"_id": {"$gt": after}}, {"s": 1}).sort("_id", 1).limit(limit).to_list()
    keys = [Key(kind, document["_id"]) for document in found]
    heads = await newest(store, keys)
    return [key for key in keys if key not in heads], keys[-1].id if len(keys) == limit else ""


@transient
async def remove_view(store: Any, key: Key) -> None:
    """Remove a view that nothing stands behind."""
    await store.view(key.kind).delete_one({"_id": key.id})
