"""Compaction: old versions give up their state and join their facts. It never frees an `_id`, and changes no answer.

Only versions below the view, settled in their slot and finished by their writer are touched: nobody can still need their
state, and a stale writer that would insert at a lower number still finds it taken.
"""

from __future__ import annotations

from itertools import accumulate, takewhile

from chassis.fold.model import Key
from chassis.fold.ports import Link, Store

SEGMENT_BYTES = 1 << 20
"""A joined version holds at most this many bytes of facts."""

MIN_LINKS = 8
"""Fewer versions than this are not worth two writes."""


async def compact(store: Store, key: Key, least: int = MIN_LINKS) -> int:
    """Join what can be joined of one entity; returns how many versions became stubs."""
    view = (await store.views([key])).get(key)
    if view is None:
        return 0
    links = await _quiet(store, await store.links(key, view.seq))
    left = _left_over(links)
    if left:
        await store.stub(key, left)
        return len(left)
    seqs = [link.seq for link in _run([link for link in links if not link.stub], least)]
    if not seqs or not await store.join(key, seqs):
        return 0
    await store.stub(key, seqs[1:])
    return len(seqs) - 1


def _left_over(links: list[Link]) -> list[int]:
    """Versions whose facts are joined already, but which a crash left before they were emptied."""
    upto, left = 0, []
    for link in links:
        if link.seq <= upto and not link.stub:
            left.append(link.seq)
        upto = max(upto, link.upto)
    return left


async def _quiet(store: Store, links: list[Link]) -> list[Link]:
    """The oldest links, up to the first that somebody may still have to publish."""
    settled: dict[str, int] = {}
    for slot in sorted({link.slot for link in links if link.slot}):
        mark = await store.watermark(slot)
        settled[slot] = -1 if mark is None else mark.settled
    return list(takewhile(lambda link: not link.todo and (not link.slot or link.offset < settled[link.slot]), links))


def _run(links: list[Link], least: int) -> list[Link]:
    """The first stretch of so many links that fits one segment: what is before the newest one is not looked at again."""
    for start in range(len(links) - least + 1):
        sizes = accumulate(link.bytes for link in links[start:])
        if (fitting := sum(1 for _ in takewhile(lambda size: size <= SEGMENT_BYTES, sizes))) >= least:
            return links[start : start + fitting]
    return []
