"""Reading what merges need: an entity's own facts, and every chain that they refer to, directly or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from chassis.fold.merging import ABSORB, FAR, Chains, Standing
from chassis.fold.model import Fact, Head, Key

if TYPE_CHECKING:
    from chassis.fold.ports import Language, Store
    from chassis.fold.rules import Folder, Item


async def bring(store: Store, folder: Folder, head: Head, items: Iterable[Item]) -> Chains:
    """Read what the items, one of which is about a merge, need to be folded on a head."""
    facts = [item.fact for item in items]
    standing = Standing(folder, head.key, head.state, head.ties, (), {})
    own = await _facts(store, folder.language, head.key, head.seq)
    return Chains(own, await _others(store, standing, [*own, *facts]))


async def _others(store: Store, standing: Standing, facts: Sequence[Fact]) -> dict[str, Sequence[Fact]]:
    """Every chain that these facts refer to, and that those refer to."""
    found: dict[str, Sequence[Fact]] = {}
    unread = list(facts)
    while unread:
        entry = standing.entry(unread.pop())
        if entry.tie == ABSORB and entry.fact.data.entity not in found:
            key = Key(standing.key.kind, entry.fact.data.entity)
            found[key.id] = await _facts(store, standing.folder.language, key)
            unread += found[key.id]
    return found


async def _facts(store: Store, language: Language, key: Key, upto: int = 2**63) -> list[Fact]:
    return [language.fact(recorded, key.id) for seq, recorded in await store.history(key) if seq <= upto]


async def facts_of(store: Store, folder: Folder, key: Key) -> list[Fact]:
    """Every fact that is visible at an entity now: its own, and those of entities merged into it, by time."""
    head = (await store.heads([key])).get(key)
    if head is None:
        return []
    own = await _facts(store, folder.language, key, head.seq)
    standing = Standing(folder, key, head.state, head.ties, own, {})
    return standing._replace(others=await _others(store, standing, own)).visible(own)


async def head_of(store: Store, key: Key) -> Head | None:
    """The newest version of an entity, or of the one that it is merged into; None if there is none."""
    head = (await store.heads([key])).get(key)
    for _ in range(FAR):
        if head is None or head.ties.into is None:
            break
        survivor = Key(key.kind, head.ties.into[1])
        head = (await store.heads([survivor])).get(survivor)
    return head
