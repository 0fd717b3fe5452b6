"""An in-memory database and broker whose every call is one step of a scheduler, and may lose its reply.

MongoDB as it is: it accepts any free `_id`; a write is visible to the uniqueness check before a majority has it; what no
majority has is lost when the primary changes.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, NamedTuple

from chassis.fold import Head, Key, Out, Recorded, Transient, Version, Watermark
from chassis.fold.ports import Dead, Known, Link


class Step:
    """Gives control back to the scheduler."""

    def __await__(self):
        yield


class Record(NamedTuple):
    """A record of the log; `value` is the fact itself."""

    offset: int
    key: bytes
    value: Any
    headers: tuple = ()


class Stored:
    """A version document: what a chain holds under one `_id`."""

    def __init__(self, version: Version) -> None:
        self.head, self.slot, self.offset, self.at = version.head, version.slot, version.offset, version.at
        self.facts: list[tuple[int, Recorded, tuple[Out, ...]]] = [
            (version.head.seq, fact, tuple(out for out in version.outs if out.cause == index))
            for index, fact in enumerate(version.facts)
        ]
        self.todo, self.upto, self.stub = version.todo, 0, False
        self.committed = False


class World:
    """All that survives a crash: chains, views, watermarks, dead records, logs. And the dice."""

    def __init__(self, seed: int, faults: frozenset[str]) -> None:
        self.dice, self.faults, self.hits = random.Random(seed), faults, Counter[str]()
        self.chains: dict[Key, dict[int, Stored]] = {}
        self.views: dict[Key, list[Head]] = {}
        self.marks: dict[str, Watermark] = {}
        self.closed: set[str] = set()
        self.dead: dict[tuple[str, int], Dead] = {}
        self.logs: dict[tuple[str, int], list[Record]] = {}
        self.incarnation = {"journal": 1, "self": 1}
        self.published: Counter[str] = Counter()
        self.sent: dict[str, Out] = {}
        self.fresh: list[tuple[dict[int, Stored], int]] = []
        self.epoch, self.generation, self.final = 0, 0, 0
        self.problems: list[str] = []

    def slot(self, topic: str, partition: int) -> str:
        return f"{topic}#{self.incarnation[topic]}:{partition}"

    def append(self, topic: str, partition: int, key: str, fact: Any) -> None:
        log = self.logs.setdefault((topic, partition), [])
        log.append(Record(len(log), key.encode(), fact))

    def chance(self, fault: str, probability: float) -> bool:
        hit = fault in self.faults and self.dice.random() < probability
        self.hits[fault] += hit
        return hit

    def head(self, key: Key) -> Head | None:
        committed = [seq for seq, doc in self.chains.get(key, {}).items() if doc.committed and not doc.stub]
        return self.chains[key][max(committed)].head if committed else None

    def commit(self) -> None:
        """A majority has everything written so far."""
        for chain, seq in self.fresh:
            if seq in chain:
                chain[seq].committed = True
        self.fresh.clear()

    def roll_back(self) -> None:
        """A new primary: what no majority had is gone."""
        for chain in self.chains.values():
            for seq in [seq for seq, doc in chain.items() if not doc.committed]:
                del chain[seq]
                self.hits["rolled back"] += 1
        self.fresh.clear()


class MemoryStore:
    """`chassis.fold.ports.Store` over a world. `law` names laws switched off, to prove that each is needed."""

    def __init__(self, world: World, off: frozenset[str] = frozenset()) -> None:
        self.world, self.off, self.generation = world, off, world.generation
        self.trusted = -1

    async def _reply(self, call: str) -> None:
        if self.world.chance("lost reply", 0.06):
            raise Transient(f"{call}: reply lost")

    async def views(self, keys):
        await Step()
        return {key: self._view(key) for key in keys if key in self.world.views}

    def _view(self, key: Key) -> Head:
        versions = self.world.views[key]
        stale = len(versions) > 1 and self.world.chance("stale view", 0.3)
        return self.world.dice.choice(versions) if stale else versions[-1]

    async def heads(self, keys):
        await Step()
        found = {key: self.world.head(key) for key in keys}
        return {key: head for key, head in found.items() if head is not None}

    async def insert(self, versions):
        lost = set()
        mine = []
        for version in self.world.dice.sample(list(versions), len(versions)):
            await Step()
            chain = self.world.chains.setdefault(version.key, {})
            if version.head.seq in chain and "unique" not in self.off:
                lost.add(version.key)
                self.world.hits["lost race"] += 1
                if self.generation != self.world.generation:
                    self.world.hits["zombie write refused"] += 1
            else:
                stored = chain[version.head.seq] = Stored(version)
                stored.todo = stored.todo and "todo" not in self.off
                self.world.fresh.append((chain, version.head.seq))
                mine.append((chain, version.head.seq, stored))
        for chain, seq, stored in mine:
            while chain.get(seq) is stored and not stored.committed:
                await Step()
            if chain.get(seq) is not stored:
                raise Transient("insert: the primary changed")
        await self._reply("insert")
        return lost

    async def recall(self, wanted):
        await Step()
        found = {}
        for key, causes in wanted.items():
            for seq, recorded, outs, todo in self._facts(key):
                cause = f"{recorded.source} {recorded.id}"
                if cause in causes:
                    found[key, cause] = Known(recorded, outs, seq, todo)
        await self._reply("recall")
        return found

    def _facts(self, key: Key):
        upto = 0
        for seq, doc in sorted(self.world.chains.get(key, {}).items()):
            if doc.committed and not doc.stub and seq > upto:
                for first, recorded, outs in doc.facts:
                    yield first, recorded, outs, doc.todo
            upto = max(upto, doc.upto)

    async def history(self, key):
        await Step()
        return [(seq, recorded) for seq, recorded, _, _ in self._facts(key)]

    async def replace_views(self, heads):
        for head in list(heads):
            await Step()
            kept = self.world.views.setdefault(head.key, [])
            if not kept or kept[-1].seq < head.seq or "newest view" in self.off:
                kept.append(head)
        await self._reply("replace_views")

    async def bury(self, dead):
        await Step()
        for one in dead:
            self.world.dead.setdefault((one.slot, one.offset), one)
        await self._reply("bury")

    async def watermark(self, slot):
        await Step()
        mark = self.world.marks.get(slot)
        return mark._replace(settled=self.trusted) if mark and self.trusted >= 0 else mark

    async def watermarks(self, topic, partition):
        await Step()
        return [
            mark
            for slot, mark in self.world.marks.items()
            if (mark.topic, mark.partition) == (topic, partition) and slot not in self.world.closed
        ]

    async def open_slot(self, mark):
        await Step()
        self.world.marks.setdefault(mark.slot, mark)
        await self._reply("open_slot")

    async def final_table(self):
        await Step()
        return self.world.final

    async def make_final(self, table):
        await Step()
        self.world.final = max(self.world.final, table)

    async def all_watermarks(self):
        await Step()
        return list(self.world.marks.values())

    async def set_table(self, slot, table):
        await Step()
        mark = self.world.marks[slot]
        self.world.marks[slot] = mark._replace(table=max(mark.table, table))
        await self._reply("set_table")

    async def close_slot(self, slot):
        await Step()
        self.world.closed.add(slot)
        await self._reply("close_slot")

    async def advance(self, mark, settled, horizon, *, viewed=False):
        await Step()
        now = self.world.marks[mark.slot]
        if (now.settled, now.token) != (mark.settled, mark.token) and "watermark" not in self.off:
            return False
        self.world.marks[mark.slot] = now._replace(
            settled=settled, token=now.token + 1, table=mark.table, horizon=horizon or now.horizon,
            viewed=settled if viewed else now.viewed,
        )  # fmt: skip
        await self._reply("advance")
        return True

    async def mark_viewed(self, slot, viewed):
        await Step()
        now = self.world.marks[slot]
        self.world.marks[slot] = now._replace(viewed=max(now.viewed, viewed))
        await self._reply("mark_viewed")

    async def touched(self, slot, since):
        await Step()
        return {
            key
            for key, chain in self.world.chains.items()
            for doc in chain.values()
            if doc.committed and doc.slot == slot and doc.offset >= since
        }

    async def outs_since(self, slot, since):
        await Step()
        if "close" in self.off:
            return []
        return [
            out
            for chain in self.world.chains.values()
            for doc in chain.values()
            if doc.committed and doc.slot == slot and not doc.stub
            for _, recorded, outs in doc.facts
            if recorded.slot == slot and recorded.offset >= since
            for out in outs
        ]

    async def unfinished(self, before):
        await Step()
        return [
            (key, seq, tuple(out for _, _, outs in doc.facts for out in outs))
            for key, chain in self.world.chains.items()
            for seq, doc in chain.items()
            if doc.todo and doc.committed
        ]

    async def finish(self, key, seq):
        await Step()
        self.world.chains[key][seq].todo = False
        await self._reply("finish")

    async def links(self, key, below):
        await Step()
        chain = self.world.chains.get(key, {})
        first = max((seq for seq, doc in chain.items() if seq < below and doc.committed and doc.upto), default=0)
        return [
            Link(seq, doc.slot, doc.offset, doc.todo, 100 * len(doc.facts), doc.upto, doc.stub)
            for seq, doc in sorted(chain.items())
            if first <= seq < below and doc.committed
        ]

    async def join(self, key, seqs):
        await Step()
        chain = self.world.chains[key]
        upto = chain[seqs[0]].upto
        facts = [fact for seq in seqs if seq == seqs[0] or seq > upto for fact in chain[seq].facts]
        await Step()
        first = chain[seqs[0]]
        joined = first.upto == upto and not first.stub
        if joined:
            first.facts, first.upto, first.slot = facts, max(upto, seqs[-1]), ""
            self.world.hits["compaction"] += 1
        await self._reply("join")
        return joined

    async def stub(self, key, seqs):
        await Step()
        for seq in seqs:
            if "stub" in self.off:
                del self.world.chains[key][seq]
                continue
            doc = self.world.chains[key][seq]
            doc.facts, doc.stub, doc.slot, doc.todo = [], True, "", False
        await self._reply("stub")


class MemoryBroker:
    """`chassis.fold.ports.Broker` over a world; outgoing facts to `self` come back as facts."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def publish(self, outs):
        for out in outs:
            await Step()
            before = self.world.sent.setdefault(out.id, out)
            if (
                before.value != out.value and not self.world.epoch
            ):  # after a restore, timers decide again, at another time
                self.world.problems.append("one outgoing id, two contents")
            self.world.published[out.id] += 1
            if out.topic == "self":
                self.world.append("self", 0, out.key.decode(), out.value)
        if self.world.chance("lost reply", 0.06):
            raise Transient("publish: reply lost")
