"""Views: what people search, a pure function of the newest version. Replaced beside the lane, many versions at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chassis.fold.model import Head, Key
from chassis.fold.ports import Store, Transient


class Views:
    """The views of one slot that wait to be replaced. The lane adds, a task of the worker flushes."""

    def __init__(self, slot: str, store: Store, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` is called when there may be something to flush."""
        self.slot, self.store, self.wake = slot, store, wake
        self.pending: dict[Key, Head] = {}
        self.upto = -1
        self.viewed = -1
        self.doubtful = True
        self.flushing = False

    def add(self, heads: Iterable[Head], upto: int) -> None:
        """These heads are newer than their views, perhaps; with them everything before `upto` can be seen."""
        for head in heads:
            self.pending[head.key] = head
        self.upto = max(self.upto, upto)
        self.wake()

    def complete(self, upto: int) -> bool:
        """True when everything before `upto` can be seen, and nothing waits."""
        return not self.behind and self.viewed == upto

    def nothing_to_see(self, upto: int) -> None:
        """The batch up to here changed no entity, and `viewed` moved in the very write that settled it."""
        self.viewed = self.upto = upto

    def resync(self) -> None:
        """Something failed: another worker may have written versions that this one never held. Ask the chains."""
        self.doubtful = True
        self.wake()

    @property
    def behind(self) -> bool:
        """True while there is something to replace or to record, or being replaced."""
        return self.flushing or self.doubtful or bool(self.pending) or self.upto > self.viewed

    async def flush(self) -> None:
        """Replace what waits and move `viewed`. On `Transient` nothing is forgotten."""
        upto, pending, doubtful = self.upto, self.pending, self.doubtful
        self.pending, self.doubtful, self.flushing = {}, False, True
        try:
            if doubtful:
                upto = max(upto, await self._ask_the_chains())
            await self.store.replace_views(pending.values())
            if upto > self.viewed:
                await self.store.mark_viewed(self.slot, upto)
                self.viewed = upto
        except Transient:
            self.pending = {**pending, **self.pending}
            self.doubtful = self.doubtful or doubtful
            raise
        finally:
            self.flushing = False

    async def _ask_the_chains(self) -> int:
        """Refresh the entities touched since `viewed`, whoever wrote their versions; returns what was settled before.

        Never more: what the lane adds meanwhile is not in these views, and a crash would leave it so.
        """
        mark = await self.store.watermark(self.slot)
        if mark is None:
            return -1
        touched = sorted(await self.store.touched(self.slot, mark.viewed))
        await self.store.replace_views((await self.store.heads(touched)).values())
        return mark.settled
