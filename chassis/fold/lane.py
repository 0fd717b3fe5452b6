"""A lane: the one task of a partition, working its batches one after the other. `FOLD.md`, "One batch", steps 2 to 6.

Exactly-once effect rests on four things seen here: the next version is an insert (a lost race is a refused insert) ·
what an entity knows is part of its version · whoever settles a fact publishes what it made the entity say, whoever wrote
it · the watermark moves by compare-and-set from exactly where this lane started.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from chassis.fold.batch import Batch, dead_item, split
from chassis.fold.bringing import bring
from chassis.fold.kept import Kept
from chassis.fold.merging import Chains
from chassis.fold.model import Head, Key, Out, Recorded, Version, Watermark, cause_of
from chassis.fold.ports import Broker, Dead, Known, Store, Transient
from chassis.fold.rules import NOTHING, Conflict, Folded, Folder, Item, empty_head, same_content
from chassis.fold.views import Views
from chassis.seeing.counts import Counts

VERSION_BYTES = 4 << 20


class OutOfStep(Exception):
    """This slot was settled by a newer rule table (a newer release); this worker must not touch it."""


class Moved(Exception):
    """The slot's watermark is no longer where this batch started: another worker settled it."""


class TooLarge(Exception):
    """One fact would make a version that a document cannot hold."""

    code = "version_too_large"
    pointer = ""


class _TooBig(Exception):
    """A version of many facts is too large; halve the batch."""


class Lane:
    """Works the batches of one slot. `pause(attempt)` waits before a repetition; of `kept` a lane takes only its own heads."""

    def __init__(
        self,
        slot: str,
        store: Store,
        broker: Broker,
        folder: Folder,
        kinds: Mapping[str, Any],
        views: Views,
        pause: Callable[[int], Awaitable[None]],
        table: int = 1,
        counts: Counts | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.slot, self.store, self.broker, self.folder, self.kinds = slot, store, broker, folder, kinds
        self.views, self.pause, self.table, self.counts = views, pause, table, counts or Counts()
        self.kept = kept or Kept()
        self.waiting_for = ""

    async def work(self, batch: Batch) -> int:
        """Settle a batch; returns the offset from which to go on (the batch's end, or where another worker has got to)."""
        for part in split(batch):
            settled = await self._settle(part)
            if settled != part.end:
                return settled
        self.counts.read += batch.size
        self.counts.passed += batch.size - len(batch.items) - len(batch.dead)
        return batch.end

    async def _settle(self, part: Batch) -> int:
        attempt = 0
        while True:
            try:
                settled = await self._try(part)
                self.waiting_for = ""
                return settled
            except Transient as error:
                self._doubt()
                self.counts.replays += 1
                self.waiting_for, attempt = str(error), attempt + 1
                await self.pause(attempt)
            except Moved:
                self._doubt()
                self.counts.refused += 1
            except _TooBig:
                first, second = part.halves()
                settled = await self._settle(first)
                return await self._settle(second) if settled == first.end else settled

    async def _try(self, part: Batch) -> int:
        heads = await self._load(part.by_key())
        mark = await self._mark()
        if not part.start <= mark.settled < part.end:
            self._doubt()
            self.counts.discarded += 1
            return mark.settled
        if mark.settled > part.start:  # another worker settled the first facts: their views are not ours to know
            self.views.resync()
            part = part.part(mark.settled, part.end)
        outs, dead, fresh = await self._apply(part, heads, mark)
        if dead:
            await self.store.bury(dead)
        if outs:
            await self.broker.publish(outs)
        await self._advance(mark, part, fresh.values())
        self._count(outs, dead)
        return part.end

    async def _advance(self, mark: Watermark, part: Any, fresh: Collection[Head]) -> None:
        """Step 6; with nothing new to see `viewed` moves in the same write, one write less for each progress."""
        seen = not fresh and self.views.complete(mark.settled)
        if not await self.store.advance(mark, part.end, part.horizon, viewed=seen):
            raise Moved
        if seen:
            self.views.nothing_to_see(part.end)
        else:
            self.views.add(fresh, part.end)

    def _doubt(self) -> None:
        """After any failure: nothing kept is believed, and views are refreshed from the chains."""
        self.kept.clear()
        self.views.resync()

    async def _load(self, keys: Iterable[Key]) -> dict[Key, Head]:
        kept, slot = self.kept.heads, self.slot
        heads = {key: kept[slot, key] for key in keys if (slot, key) in kept}
        missing = [key for key in keys if key not in heads]
        self.counts.looked_up("entities", len(heads), len(missing))
        if missing:
            found = await self.store.views(missing)
            heads.update({key: found.get(key) or empty_head(self.kinds, key) for key in missing})
        return heads

    async def _mark(self) -> Watermark:
        mark = await self.store.watermark(self.slot)
        if mark is None:
            raise Transient("the watermark of this slot is gone")
        if mark.table > self.table:
            raise OutOfStep(f"slot {self.slot} was settled by rule table {mark.table}, this release has {self.table}")
        return mark

    async def _apply(
        self, part: Batch, heads: dict[Key, Head], mark: Watermark
    ) -> tuple[list[Out], list[Dead], dict[Key, Head]]:
        """Step 4: fold and insert until every entity of the batch is in its chain; then what is to be published."""
        round_ = _Round(part, heads)
        while round_.todo:
            chains = await self._bring(heads, round_.todo)
            folded = {
                key: self._fold(heads[key], items, round_.unknown, chains.get(key, NOTHING))
                for key, items in round_.todo.items()
            }
            doubtful = {key for key, got in folded.items() if got.refused and not self._believed(key, round_.fresh)}
            lost = await self._insert(
                [got.version for key, got in folded.items() if got.version is not None and key not in doubtful]
            )
            round_.accept({key: got for key, got in folded.items() if key not in doubtful | lost})
            recalled = await self._recall(round_)
            again = doubtful | lost | recalled
            round_.todo = {key: items for key, items in round_.todo.items() if key in again}
            if again:
                await self._reload(list(round_.todo), heads, round_, mark)
        self.kept.keep(self.slot, round_.heads.values())
        self.counts.folded(part.items, round_.applied, round_.refused)
        outs = round_.outs + await self._unpublished(round_.found, mark)
        dead = [*part.dead, *(dead_item(self.slot, item, error) for item, error in round_.refused)]
        reloaded = [heads[key] for key in sorted(round_.fresh) if heads[key].seq]
        if reloaded:  # others wrote these versions, of a closed slot perhaps: no restart of ours would make their views
            await self.store.replace_views(reloaded)
        return outs, dead, round_.heads

    async def _bring(self, heads: Mapping[Key, Head], todo: Mapping[Key, list[Item]]) -> dict[Key, Chains]:
        """What was read for the entities whose items are about a merge: for few, or none."""
        tied = self.folder.tied
        concerned = [key for key, items in todo.items() if any(item.fact.type in tied for item in items)]
        return {key: await bring(self.store, self.folder, heads[key], todo[key]) for key in concerned}

    def _fold(self, head: Head, items: list[Item], unknown: Collection[str], chains: Chains) -> Folded:
        return _fitting(self.folder.fold(head, items, self.slot, unknown=unknown, chains=chains), items)

    def _believed(self, key: Key, fresh: Collection[Key]) -> bool:
        """A refusal counts only on the newest version: a stale view may lack what the rule needs."""
        return key in fresh

    async def _insert(self, versions: list[Version]) -> set[Key]:
        if not versions:
            return set()
        lost = await self.store.insert(versions)
        self.counts.lost_races += len(lost)
        return lost

    async def _reload(self, keys: list[Key], heads: dict[Key, Head], round_: _Round, mark: Watermark) -> None:
        """After a lost race, a refusal or a false hit: the chain itself, and the watermark once more."""
        found = await self.store.heads(keys)
        heads.update({key: found.get(key) or empty_head(self.kinds, key) for key in keys})
        round_.fresh.update(keys)
        if (await self._mark()).settled != mark.settled:
            raise Moved

    async def _recall(self, round_: _Round) -> set[Key]:
        """Look up the facts that were known; returns the entities with a false hit of the filter (to be folded again)."""
        if not round_.known:
            return set()
        wanted: dict[Key, set[str]] = {}
        for item in round_.known:
            wanted.setdefault(item.key, set()).add(cause_of(item.fact))
        stored = await self.store.recall(wanted)
        false_hits = set()
        for item in round_.known:
            hit = stored.get((item.key, cause_of(item.fact)))
            if hit is None:
                round_.unknown.add(cause_of(item.fact))
                false_hits.add(item.key)
            elif not same_content(self.folder.language, item.fact, hit.recorded):
                round_.refused.append((item, Conflict("this source and id came before with other content")))
            else:
                round_.found.append(hit)
        self.counts.looked_up("facts", len(round_.known) - len(false_hits), len(false_hits))
        round_.known.clear()
        return false_hits

    async def _unpublished(self, found: list[Known], mark: Watermark) -> list[Out]:
        """What known facts made their entities say, unless their own slot is settled beyond them."""
        settled, outs = {self.slot: mark.settled}, list[Out]()
        for hit in found:
            slot = hit.recorded.slot
            if hit.outs and slot and slot not in settled:
                other = await self.store.watermark(slot)
                settled[slot] = -1 if other is None else other.settled
            if hit.outs and (settled[slot] <= hit.recorded.offset if slot else hit.todo):
                outs.extend(hit.outs)
        return outs

    def _count(self, outs: list[Out], dead: list[Dead]) -> None:
        self.counts.buried(dead)
        self.counts.published += len(outs)


class _Round:
    """What is still to be folded of a batch, and what came of the rest."""

    def __init__(self, part: Batch, heads: dict[Key, Head]) -> None:
        self.todo = part.by_key()
        self.fresh: set[Key] = set()
        self.unknown: set[str] = set()
        self.heads: dict[Key, Head] = {}
        self.applied: list[Recorded] = []
        self.outs: list[Out] = []
        self.known: list[Item] = []
        self.found: list[Known] = []
        self.refused: list[tuple[Item, Exception]] = []

    def accept(self, folded: Mapping[Key, Folded]) -> None:
        """These are in their chains now (or needed nothing)."""
        for key, got in folded.items():
            if got.version is not None:
                self.outs.extend(got.version.outs)
                self.applied.extend(got.version.facts)
            if got.version is not None or key in self.fresh:
                self.heads[key] = got.head
            self.known.extend(got.known)
            self.refused.extend(got.refused)


def _fitting(folded: Folded, items: list[Item]) -> Folded:
    """The same, unless the version is too large for a document: then fewer facts at a time, or the one fact is dead."""
    version = folded.version
    if version is None or len(version.facts) * 65_536 + len(version.outs) * 65_536 <= VERSION_BYTES:
        return folded
    size = sum(len(fact.data) for fact in version.facts) + sum(len(out.value) + 300 for out in version.outs)
    if size <= VERSION_BYTES:
        return folded
    if len(items) > 1:
        raise _TooBig
    return Folded(None, version.head, [], [(items[0], TooLarge("this fact makes a version of more than 4 MB"))])
