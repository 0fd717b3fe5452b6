"""After a database was restored from a copy, and other repairs that an operator starts. Workers are stopped meanwhile."""

from __future__ import annotations

from typing import Any

from chassis.fold.model import EPOCH_BITS, Watermark


async def renew(store: Any) -> int:
    """Begin a new epoch: every watermark gets a new token, and sequence numbers go on where no old version can be.

    A worker of before the restore that still runs loses every race: its tokens are old, and its numbers are taken for
    older ones. Returns the epoch.
    """
    epoch = await store.begin_epoch()
    for mark in await store.all_watermarks():
        await store.set_watermark(mark._replace(token=mark.token + (epoch << EPOCH_BITS), viewed=mark.settled))
    return epoch


async def rebuild_views(store: Any, page: int = 1_000) -> int:
    """Drop all views and make them again from the newest versions; returns how many."""
    made = 0
    for kind in store.kinds:
        await store.drop_views(kind)
        async for keys in store.entities(kind, page):
            heads = await store.heads(keys)
            await store.replace_views(heads.values())
            made += len(heads)
    return made


async def finalize(store: Any, table: int) -> int:
    """Make a rule table final: from now on no older release takes a slot, whether it is there or still to come. Returns
    how many slots were raised. After a restore the copy may be older than this: do it again.
    """
    await store.make_final(table)
    older = [mark for mark in await store.all_watermarks() if mark.table < table]
    for mark in older:
        await store.set_table(mark.slot, table)
    return len(older)


async def accept_gap(store: Any, slot: str, offset: int) -> Watermark:
    """Move a slot past facts that its log no longer has. What is given up is named by the two offsets."""
    mark = await store.watermark(slot)
    if mark is None or mark.settled > offset:
        raise LookupError(f"slot {slot} is not before offset {offset}")
    moved = mark._replace(settled=offset, viewed=max(mark.viewed, offset), token=mark.token + 1)
    await store.set_watermark(moved)
    return moved
