"""One run of the simulator: a seed decides the log, the interleaving and every fault. The same seed replays exactly."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from chassis.fold import Due, Key, Rule, Transient, Watermark
from chassis.fold.batch import PROGRESS, Reader
from chassis.fold.compaction import compact
from chassis.fold.doors import Command, Door, Timers
from chassis.fold.kept import Kept
from chassis.fold.lane import Lane, Moved, OutOfStep
from chassis.fold.memory import Memory
from chassis.fold.rules import Folder
from chassis.fold.slots import open_slot
from chassis.fold.views import Views
from tests.simulator.check import check
from tests.simulator.script import BROKEN, KINDS, RULES, START, Fact, Language, Policies, make_due
from tests.simulator.world import MemoryBroker, MemoryStore, Step, World

SHARED = "shared heads"
"""Not in all faults, whose seeds have found what they found with lanes that begin with nothing."""

ALL_FAULTS = frozenset(
    {
        "duplicates",
        "crash",
        "zombie",
        "lost reply",
        "stale view",
        "hot key",
        "poison",
        "conflict",
        "doors",
        "timers",
        "compaction",
        "failover",
        "restore",
        "recreate",
        "jump",
        "releases",
    }
)
MAX_STEPS = 60_000
OLD, NEW = 1, 2
"""Rule tables of the two releases that run side by side; the newer one has a rule for notes."""


class Progress:
    """The body of a progress record: everything up to this time has been read."""

    def __init__(self, up_to: datetime) -> None:
        self.up_to = up_to


class Run:
    """The tasks of a service over a world, scheduled one step at a time."""

    rules, kinds, language, find_problems = RULES, KINDS, Language, staticmethod(check)

    def __init__(self, seed: int, faults: frozenset[str], off: frozenset[str] = frozenset()) -> None:
        self.world, self.off = World(seed, faults), off
        self.dice, self.faults = self.world.dice, faults
        self.tasks: dict[Any, Coroutine] = {}
        self.zombies: list[Coroutine] = []
        self.answers: dict[str, list[tuple[bytes, int]]] = {}
        self.disputed: set[str] = set()
        self.abandoned: set[str] = set()
        self.kept: dict[tuple[int, int], Kept] = {}
        self.lanes = 0
        self.facts: dict[str, Fact] = {}
        self.commands: dict[str, Fact] = {}
        self.snapshot: Any = None
        self.once: set[str] = set()
        self.steps = self.zombie_steps = 0
        BROKEN.clear()
        self._write_log()

    # ---- what happens in the business -------------------------------------------------------------------------------

    def _write_log(self) -> None:
        keys = ["a"] if "hot key" in self.faults and self.dice.random() < 0.5 else ["a", "b", "c"]
        last: dict[tuple[int, str], str] = {}
        for number in range(self.dice.randint(8, 18)):
            self._write_fact(f"f{number}", self.dice.choice(keys), last)
        if "poison" in self.faults:
            needed = {f.data[0] for f in self.facts.values() if f.data} | self.disputed
            free = sorted(set(self.facts) - needed)
            BROKEN.update(self.dice.sample(free, min(1, len(free))))
        for number in range(4 if "doors" in self.faults else 0):
            fact = self._fact(f"c{number}", "command", self.dice.choice(keys))
            self.commands[fact.id] = fact
        for partition in (0, 1):
            self._progress(partition, 60)

    def _fact(self, name: str, type_: str, key: str, data: tuple = ()) -> Fact:
        minute = START + timedelta(minutes=len(self.facts))
        return Fact("test", name, type_, key, minute, minute, data)

    def _write_fact(self, name: str, key: str, last: dict[tuple[int, str], str]) -> None:
        partition = self.dice.randrange(2)
        if "releases" in self.faults and self.dice.random() < 0.15:
            fact = self._fact(name, "note", key)
        elif "timers" in self.faults and self.dice.random() < 0.2:
            fact = self._fact(name, "wait", key, (20 + len(self.facts),))
        else:
            needs = last.get((partition, key)) if self.dice.random() < 0.4 else None
            fact = self._fact(name, "add", key, (needs,) if needs else ())
            last[partition, key] = name
        self.facts[name] = fact
        self.world.append("journal", partition, key, fact)
        if "duplicates" in self.faults and self.dice.random() < 0.35:
            self._repeat()
        if "conflict" in self.faults and fact.type == "add" and self.dice.random() < 0.1:
            self.disputed.add(name)
            self.world.append("journal", partition, key, fact._replace(data=(*(fact.data or (None,)), "other")))

    def _repeat(self) -> None:
        again = self.facts[self.dice.choice(sorted(self.facts))]
        if again.type in ("wait", "note") or not again.data:
            self.world.append("journal", self.dice.randrange(2), again.subject, again)

    def _progress(self, partition: int, minutes: int) -> None:
        fact = Fact("profile", f"p{minutes}", PROGRESS, "", START, START, Progress(START + timedelta(minutes=minutes)))  # type: ignore[arg-type]
        self.world.append("journal", partition, "", fact)

    # ---- the tasks of a service -------------------------------------------------------------------------------------

    def _release(self) -> int:
        """The release of a worker that starts: the older one too, even after the newer one is final (a forgotten pod)."""
        return OLD if "releases" in self.faults and self.dice.random() < 0.3 else NEW

    def _kept(self, release: int) -> Kept:
        """A lane's own heads; or of two workers in turn, where lanes that end leave theirs behind for the next ones, and
        one has room for two or three. (A lane finds only what its own slot left.)
        """
        if SHARED not in self.faults:
            return Kept()
        self.lanes += 1
        return self.kept.setdefault((release, self.lanes % 2), Kept(6_000) if self.lanes % 2 else Kept())

    def _ports(self, release: int = NEW) -> tuple[MemoryStore, MemoryBroker, Folder]:
        folder = Folder(self._rules(release), self.language(), Policies(), self.world.epoch, self.kinds)
        return MemoryStore(self.world, self.off), MemoryBroker(self.world), folder

    def _rules(self, release: int) -> Mapping[str, Rule]:
        return self.rules if release == NEW else {type_: rule for type_, rule in self.rules.items() if type_ != "note"}

    async def _lane(self, topic: str, partition: int) -> None:
        release = self._release()
        store, broker, folder = self._ports(release)
        mark = await self._patiently(
            lambda: open_slot(store, broker, self.world.slot(topic, partition), topic, partition, 0, release)
        )
        views = Views(mark.slot, store)
        self._start(("views", topic, partition), self._viewer(views))
        lane = Lane(
            mark.slot, store, broker, folder, self.kinds, views, self._pause, release, None, self._kept(release)
        )
        _switch_off(lane, self.off)
        reader, position = Reader(folder.rules, _spoken(self.language(), release)), mark.settled
        while records := self.world.logs.get((topic, partition), [])[position:][: self.dice.randint(1, 6)]:
            if len(records) > 1 and self.world.chance("jump", 0.03):  # a client that skips, without a word
                position, records = records[0].offset + 1, records[1:]
            batch = reader.read(mark.slot, position, records[-1].offset + 1, records)
            position = await lane.work(batch)
        self.world.hits["replays"] += lane.counts.replays
        self.world.hits["duplicate dropped"] += lane.counts.duplicate
        while views.behind:
            await Step()

    async def _viewer(self, views: Views) -> None:
        while True:
            try:
                await views.flush()
            except Transient:
                self.world.hits["view retried"] += 1
            while not views.behind:
                await Step()
            await Step()

    async def _command(self, fact: Fact) -> None:
        store, broker, folder = self._ports()
        door = Door(store, broker, folder, self.kinds)
        (done,) = await self._patiently(lambda: door.execute(Key("account", fact.subject), [Command(fact)]))
        assert done.error is None, done.error
        self.answers.setdefault(fact.id, []).append((done.answer, done.seq))

    async def _timers(self) -> None:
        store, broker, folder = self._ports()
        now = START + timedelta(minutes=self.dice.randint(0, 80))
        marks = [self.world.marks.get(self.world.slot("journal", p)) for p in (0, 1)]
        horizon = min((mark.horizon or START if mark else START) for mark in marks)

        def make(key: Key, due: Due, at: datetime) -> Fact:
            if due.at > min(horizon, at):
                self.world.problems.append("a timer fired beyond its horizon or before its time")
            return make_due(key, due, at)

        timers = Timers(Door(store, broker, folder, self.kinds), make)
        for key in sorted(self.world.views):
            if key.kind == "account":
                self.world.hits["timer fired"] += await self._patiently(lambda k=key: timers.fire(k, horizon, now))

    async def _sweep(self) -> None:
        store, broker, folder = self._ports()
        await self._patiently(lambda: Door(store, broker, folder, self.kinds).sweep(START))

    async def _compact(self) -> None:
        store, _, _ = self._ports()
        for key in sorted(self.world.chains):
            await self._patiently(lambda k=key: compact(store, k, 2))

    async def _pause(self, attempt: int) -> None:
        await Step()

    async def _patiently(self, call: Any) -> Any:
        while True:
            try:
                return await call()
            except Transient:
                await Step()

    # ---- the scheduler ----------------------------------------------------------------------------------------------

    def _start(self, name: Any, task: Coroutine) -> None:
        if self.world.generation < 0:  # started by a zombie: its own task, not a live one
            self.zombies.append(task)
            return
        old = self.tasks.pop(name, None)
        if old is not None:
            old.close()
        self.tasks[name] = task

    def _start_all(self) -> None:
        for topic, partition in (("journal", 0), ("journal", 1), ("self", 0)):
            self._start(("lane", topic, partition), self._lane(topic, partition))
        for fact in self.commands.values():
            if fact.id not in self.answers and fact.id not in self.abandoned:
                self._start(("door", fact.id), self._command(fact))

    def run(self) -> list[str]:
        """Run to the end; returns what is wrong (empty: nothing)."""
        self._start_all()
        while self._step():
            self.steps += 1
            if self.steps > MAX_STEPS:
                return ["livelock"]
        return self.world.problems + self.find_problems(self)

    def _step(self) -> bool:
        self._faults()
        busy = [name for name in self.tasks if name[0] != "views" or len(self.tasks) > 1]
        lanes = [name for name in self.tasks if name[0] != "views"]
        if not lanes and not self._more():
            for task in [*self.tasks.values(), *self.zombies]:
                task.close()
            return False
        zombie = self.zombies and self.dice.random() < 0.15
        if zombie:
            self._advance_zombie(self.dice.randrange(len(self.zombies)))
        elif busy:
            self._advance(self.dice.choice(busy))
        return True

    def _advance(self, name: Any) -> None:
        task = self.tasks[name]
        try:
            task.send(None)
        except StopIteration:
            if self.tasks.get(name) is task:
                del self.tasks[name]
        except OutOfStep:  # it says so and stops; the partition goes to another worker
            self.world.hits["older release stopped"] += 1
            self._restart_lane(name)
        except Moved as error:
            self.world.problems.append(repr(error))
            del self.tasks[name]

    def _advance_zombie(self, index: int) -> None:
        generation, self.world.generation = self.world.generation, -1
        try:
            self.zombies[index].send(None)
        except (StopIteration, Moved, OutOfStep):
            self.zombies.pop(index)
        finally:
            self.world.generation = generation

    def _more(self) -> bool:
        """All lanes are at rest: what is still to come? Every branch happens at most once, or as long as logs grow."""
        settle = [
            (topic, p) for (topic, p), log in sorted(self.world.logs.items()) if self._viewed(topic, p) < len(log)
        ]
        for topic, partition in settle:
            self._start(("lane", topic, partition), self._lane(topic, partition))
        if settle:
            return True
        return self._mend() or self._finish()

    def _viewed(self, topic: str, partition: int) -> int:
        mark = self.world.marks.get(self.world.slot(topic, partition))
        return min(mark.settled, mark.viewed) if mark else 0

    def _mend(self) -> bool:
        """An operator makes the newer release final, mends the rule, and sends again what is dead; the last progress comes."""
        if "mend" in self.once:
            return False
        self.once.add("mend")
        self._finalize()
        notes = {fact.id for fact in self.facts.values() if fact.type == "note"}
        for name in sorted(BROKEN | notes):
            self.world.append("journal", self._partition_of(name), self.facts[name].subject, self.facts[name])
        BROKEN.clear()
        for partition in (0, 1):
            self._progress(partition, 10_000)
        return True

    def _partition_of(self, name: str) -> int:
        """Where a fact was read: a dead letter is sent again to where it came from."""
        read = {record.value.id for record in self.world.logs.get(("journal", 0), [])}
        return 0 if name in read else 1

    def _finish(self) -> bool:
        """Timers catch up, zombies come to their end, and the sweep finishes what nobody else will."""
        heads = [self.world.head(key) for key in self.world.chains if key.kind == "account"]
        if any(head is not None and head.state.waits for head in heads):
            self._start(("timers",), self._last_timers())
        elif self.zombies and self.zombie_steps < 2_000:
            self.zombie_steps += 1
            self._advance_zombie(self.dice.randrange(len(self.zombies)))
        elif any(doc.todo for chain in self.world.chains.values() for doc in chain.values()):
            self._start(("sweep",), self._sweep())
        else:
            return False
        return True

    async def _last_timers(self) -> None:
        store, broker, folder = self._ports()
        timers = Timers(Door(store, broker, folder, self.kinds), make_due)
        late = START + timedelta(minutes=9_000)
        for key in sorted(k for k in self.world.chains if k.kind == "account"):
            self.world.hits["timer fired"] += await self._patiently(lambda k=key: timers.fire(k, late, late))

    # ---- faults -----------------------------------------------------------------------------------------------------

    def _faults(self) -> None:
        if self.dice.random() < 0.5 or "failover" not in self.faults:
            self.world.commit()
        if self.steps < 700:
            if self.world.chance("crash", 0.012):
                self._crash()
            if self.world.chance("failover", 0.01):
                self.world.roll_back()
            self._maybe_finalize()
            self._maybe_restore()
            self._maybe_recreate()
        if self.steps > 3_000:
            return
        if "timers" in self.faults and self.dice.random() < 0.01:
            self._start(("timers",), self._timers())
        if "doors" in self.faults and self.dice.random() < 0.005:
            self._start(("sweep",), self._sweep())
        if "compaction" in self.faults and self.dice.random() < 0.01:
            self._start(("compact",), self._compact())

    def _crash(self) -> None:
        if not self.tasks:
            return
        name = self.dice.choice(sorted(self.tasks, key=str))
        task = self.tasks.pop(name)
        if self.world.chance("zombie", 0.4):
            self.zombies.append(task)
        else:
            task.close()
        if name[0] in ("lane", "views"):
            self._restart_lane(name)
        elif name[0] == "door":
            self._retry_or_abandon(name[1])

    def _restart_lane(self, name: Any) -> None:
        viewer = self.tasks.pop(("views", *name[1:]), None)
        if viewer is not None:
            viewer.close()
        self._start(("lane", *name[1:]), self._lane(*name[1:]))

    def _retry_or_abandon(self, command: str) -> None:
        if self.dice.random() < 0.5:
            self._start(("door", command), self._command(self.commands[command]))
        else:
            self.abandoned.add(command)

    def _finalize(self) -> None:
        """From now on no slot is for the older release."""
        self.world.final = NEW
        for slot, mark in self.world.marks.items():
            self.world.marks[slot] = mark._replace(table=NEW)

    def _maybe_finalize(self) -> None:
        if "releases" in self.faults and "finalized" not in self.once and self.dice.random() < 0.005:
            self.once.add("finalized")
            self.world.hits["finalized"] += 1
            self._finalize()

    def _maybe_restore(self) -> None:
        if "restore" not in self.faults or "restored" in self.once:
            return
        if self.snapshot is None and self.dice.random() < 0.01:
            self.snapshot = self._copy()
        elif self.snapshot is not None and self.dice.random() < 0.006:
            self.once.add("restored")
            self._restore()

    def _copy(self) -> Any:
        import copy

        return copy.deepcopy((self.world.chains, self.world.marks, self.world.closed, self.world.dead))

    def _restore(self) -> None:
        """With workers stopped: views dropped and rebuilt, tokens renewed, a new epoch of sequence numbers."""
        world = self.world
        world.hits["restore"] += 1
        for task in [*self.tasks.values(), *self.zombies]:
            task.close()
        self.tasks.clear()
        self.zombies.clear()
        self.kept.clear()
        world.chains, marks, world.closed, world.dead = self.snapshot
        world.roll_back()
        world.epoch += 1
        world.marks = {slot: mark._replace(token=mark.token + (world.epoch << 40)) for slot, mark in marks.items()}
        world.views = {key: [head] for key in world.chains if (head := world.head(key)) is not None}
        world.sent = dict(world.sent)
        if self.once & {"finalized", "mend"}:  # the copy may be older than that
            self._finalize()
        self.answers.clear()
        self._start_all()

    def _need_not_be_sent_again(self, record: Any) -> bool:
        """Its owner may know that a fact is in its chain; not while an older database may still come back."""
        sure = "restore" not in self.faults or "restored" in self.once
        key = Key("account", record.key.decode())
        held = {fact.id for doc in self.world.chains.get(key, {}).values() if doc.committed for _, fact, _ in doc.facts}
        return sure and record.value.id in held and self.dice.random() < 0.7

    def _maybe_recreate(self) -> None:
        """The journal is deleted and made again; its owner sends everything again, in another order."""
        if "recreate" not in self.faults or "recreated" in self.once or self.dice.random() > 0.003:
            return
        self.once.add("recreated")
        self.world.hits["recreate"] += 1
        self.world.incarnation["journal"] += 1
        old = {p: self.world.logs.pop(("journal", p), []) for p in (0, 1)}
        for partition, log in old.items():
            for record in log:
                if not self._need_not_be_sent_again(record):
                    self.world.append("journal", partition, record.key.decode(), record.value)
        for name in [n for n in self.tasks if n[0] in ("lane", "views") and n[1] == "journal"]:
            self.tasks.pop(name).close()
        for partition in (0, 1):
            self._start(("lane", "journal", partition), self._lane("journal", partition))


def _spoken(language: Any, release: int) -> Any:
    """The language as a release knows it."""
    return Older(language) if release == OLD else language


class Older:
    """The language before there were notes: to the older release they are of an unknown type."""

    def __init__(self, language: Any) -> None:
        self._language = language

    def __getattr__(self, name: str) -> Any:
        return getattr(self._language, name)

    def knows(self, type_: str) -> bool:
        return type_ != "note"

    def decode(self, record: Any) -> Any:
        if record.value.type == "note":
            raise Unknown
        return self._language.decode(record)


class Unknown(Exception):
    code = "unknown_type"


def _switch_off(lane: Lane, off: frozenset[str]) -> None:
    """Laws of the lane that a run may be made without."""
    if "table" in off:
        lane.table = NEW
    if "republish" in off:

        async def nothing(found: Any, mark: Watermark) -> list:
            return []

        lane._unpublished = nothing  # type: ignore[method-assign]
    if "watermark" in off:
        work, store = lane._try, cast(MemoryStore, lane.store)

        async def trusting(part: Any) -> int:
            store.trusted = part.start
            return await work(part)

        lane._try = trusting  # type: ignore[method-assign]
    if "resync" in off:
        lane.views.resync = lambda: None  # type: ignore[method-assign]
    if "reload before dead" in off:
        lane._believed = lambda refused, fresh: True  # type: ignore[method-assign]
    if "memory" in off:
        fold = lane.folder.fold
        lane.folder.fold = lambda head, *a, **k: fold(head._replace(memory=Memory()), *a, **k)  # type: ignore[method-assign]


def run_sharing(seed: int) -> tuple[list[str], Run]:
    """The same with lanes that share what they keep in memory, as those of one worker do."""
    return run(seed, ALL_FAULTS | {SHARED})


def run(seed: int, faults: frozenset[str] = ALL_FAULTS, off: frozenset[str] = frozenset()) -> tuple[list[str], Run]:
    """Run one seed; returns the problems and the run (its world has the hits of every fault)."""
    one = Run(seed, faults, off)
    return one.run(), one
