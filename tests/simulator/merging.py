"""The simulator with merges: entities that are merged and parted again, in any interleaving with facts and commands.

The oracle knows nothing of forwarding: a fact belongs to the person of the entity in whose chain it first stood, and a
person is what the merges in force hold together. The state of each person must be the set of its facts.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from chassis.fold import Key, Kind, Rule, handing
from chassis.fold.doors import Command, Door, carried
from chassis.fold.merging import Elsewhere
from tests.simulator import script
from tests.simulator.check import _facts, _published, _settled, _views
from tests.simulator.run import Run
from tests.simulator.script import Effect, Fact

FAULTS = frozenset(
    {"duplicates", "crash", "zombie", "lost reply", "stale view", "hot key", "compaction", "failover", "jump", "doors"}
)


class Turn(NamedTuple):
    """The body of a merge and of its end."""

    merge_id: str
    merged: str
    survivor: str
    number: int


class Forwarded(NamedTuple):
    merge_id: str
    source: str
    id: str
    type: str
    time: datetime
    recorded_at: datetime
    data: bytes


class Absorbed(NamedTuple):
    merge_id: str
    entity: str
    facts: int


class Released(NamedTuple):
    merge_id: str


class Handed(NamedTuple):
    merge_id: str
    to: str


class Declined(NamedTuple):
    merge_id: str


BODIES = (Turn, Forwarded, Absorbed, Released, Handed, Declined)
NAMES = {each.__name__: each for each in BODIES} | {"datetime": dt}
TYPES = {Forwarded: "forward", Absorbed: "absorb", Released: "release"}


class Language(script.Language):
    """Bodies between entities are written as they are read."""

    def fact(self, recorded, subject=""):
        data = eval(recorded.data, dict(NAMES))
        return Fact(recorded.source, recorded.id, recorded.type, subject, recorded.time, recorded.recorded_at, data)

    def emit(self, effect, out_id, subject, time, recorded_at, sequence, previous):
        type_ = TYPES.get(type(effect.data), "")
        fact = Fact("service", out_id, type_ or effect.name, subject, time, recorded_at, effect.data)
        return "self" if type_ else "facts", subject.encode(), fact, ()

    def forwarded(self, merge, fact):
        encoded = self.encode_data(fact.data)
        return Forwarded(merge, fact.source, fact.id, fact.type, fact.time, fact.recorded_at, encoded)

    def inner(self, fact):
        return self.fact(fact.data, fact.subject)

    def absorbed(self, merge, entity, facts):
        return Absorbed(merge, entity, facts)

    def released(self, merge):
        return Released(merge)

    def handed(self, command, merge, to):
        return command._replace(id=f"{command.id}>{merge}", type="hand", data=Handed(merge, to))

    def declined(self, command, merge):
        return command._replace(id=f"{command.id}<{merge}", type="decline", data=Declined(merge))


def add(state: frozenset, fact: Fact, now: datetime, policy: Any):
    return state | {fact.id}, [Effect("added", fact.id)]


def stand(state: frozenset, fact: Fact, now: datetime, policy: Any):
    return state, []


def correct(before: frozenset, after: frozenset, fact: Fact, now: datetime, policy: Any):
    """A ledger of facts: what a merge changed is said, so that all that was said sums to the state."""
    return [Effect("corrected", (tuple(sorted(after - before)), tuple(sorted(before - after))))]


KINDS = {"account": Kind("account", "accounts", frozenset, lambda _id: frozenset(), lambda _s: {}, correct=correct)}
RULES = {
    "add": Rule("account", lambda fact: fact.subject, add),
    "command": Rule("account", lambda fact: fact.subject, add, answer=lambda state, fact: fact.id),
    "merge": Rule("account", lambda fact: fact.subject, stand, tie="merge"),
    "unmerge": Rule("account", lambda fact: fact.subject, stand, tie="unmerge"),
    "absorb": Rule("account", lambda fact: fact.subject, stand, tie="absorb"),
    "release": Rule("account", lambda fact: fact.subject, stand, tie="release"),
    "forward": Rule("account", lambda fact: fact.subject, stand, tie="forward"),
    "hand": Rule("account", lambda fact: fact.subject, stand, tie="hand"),
    "decline": Rule("account", lambda fact: fact.subject, stand, tie="decline"),
}


class MergingRun(Run):
    """Facts of five entities; merges of roots, larger into smaller, as identity decides them; some of them undone."""

    rules, kinds, language = RULES, KINDS, Language
    find_problems = staticmethod(lambda run: check(run))

    def _write_log(self) -> None:
        self.into: dict[str, tuple[str, str]] = {}
        self.times: Counter[str] = Counter()
        keys, number = "abcde", 0
        for number in range(self.dice.randint(10, 24)):
            what = self.dice.random()
            if what < 0.22:
                self._merge(f"m{number}", keys)
            elif what < 0.36 and self.into:
                self._unmerge(f"u{number}")
            else:
                self._append(self._fact(f"f{number}", "add", self.dice.choice(keys)))
        for number in range(4 if "doors" in self.faults else 0):
            fact = self._fact(f"c{number}", "command", self.dice.choice(keys))
            self.commands[fact.id] = fact

    def _merge(self, name: str, keys: str) -> None:
        roots = [key for key in keys if key not in self.into]
        if len(roots) > 1:
            survivor, merged = sorted(self.dice.sample(roots, 2))
            self.into[merged] = (name, survivor)
            self.times[merged] += 1
            for side in (merged, survivor):
                turn = Turn(name, merged, survivor, self.times[merged])
                self._append(self._fact(f"{name}.{side}", "merge", side)._replace(data=turn))

    def _unmerge(self, name: str) -> None:
        merged = self.dice.choice(sorted(self.into))
        merge, survivor = self.into.pop(merged)
        for side in (merged, survivor):
            turn = Turn(merge, merged, survivor, self.times[merged])
            self._append(self._fact(f"{name}.{side}", "unmerge", side)._replace(data=turn))

    def _append(self, fact: Fact) -> None:
        """Anywhere: facts of one key may be read in any order."""
        self.facts[fact.id] = fact
        self.world.append("journal", self.dice.randrange(2), fact.subject, fact)
        if "duplicates" in self.faults and self.dice.random() < 0.35:
            again = self.facts[self.dice.choice(sorted(self.facts))]
            self.world.append("journal", self.dice.randrange(2), again.subject, again)

    def _start_all(self) -> None:
        self.later = sorted(self.commands)
        commands, self.commands = self.commands, {}
        super()._start_all()
        self.commands = commands

    def _start_command(self) -> None:
        """Commands come at any time: before, between and after merges."""
        name = self.later.pop()
        self._start(("door", name), self._command(self.commands[name]))

    def _faults(self) -> None:
        super()._faults()
        if self.later and self.dice.random() < 0.01:
            self._start_command()

    def _mend(self) -> bool:
        return False

    def _finish(self) -> bool:
        heads = [self.world.head(key) for key in self.world.chains]
        if any(head is not None and head.ties.into for head in heads):
            self.world.hits["merged at the end"] += 1
        if any(head is not None and head.ties.gone for head in heads):
            self.world.hits["undone"] += 1
        if self.later:
            self._start_command()
            return True
        return self._zombies_end()

    def _zombies_end(self) -> bool:
        if self.zombies and self.zombie_steps < 2_000:
            self.zombie_steps += 1
            self._advance_zombie(self.dice.randrange(len(self.zombies)))
        elif any(doc.todo for chain in self.world.chains.values() for doc in chain.values()):
            self._start(("sweep",), self._sweep())
        else:
            return False
        return True

    async def _command(self, fact: Fact) -> None:
        store, broker, folder = self._ports()
        door = Door(store, broker, folder, KINDS)
        done = await carried(partial(self._asked, door), Key("account", fact.subject), Command(fact))
        assert done.error is None, done.error
        self.answers.setdefault(fact.id, []).append((done.answer, done.seq))

    async def _asked(self, door: Door, key: Key, command: Command) -> Any:
        (done,) = await self._patiently(lambda: door.execute(key, [command]))
        if isinstance(done.error, Elsewhere):
            self.world.hits["command withdrawn" if done.error.withdrawn else "command followed a merge"] += 1
        if isinstance(done.error, handing.Declined):
            self.world.hits["command given up"] += 1
        return done


def check(run: MergingRun) -> list[str]:
    """Everything wrong at the end, in words."""
    facts = {key: list(_facts(run, key)) for key in run.world.chains}
    return [
        problem for find in (_once, _people, _ledgers, _views, _published, _settled) for problem in find(run, facts)
    ]


def _own(held: Any) -> list[str]:
    return [recorded.id for _, recorded, _ in held if recorded.type in ("add", "command")]


def _once(run: MergingRun, facts: Any):
    seen = Counter((key.id, name) for key, held in facts.items() for name in _own(held))
    for name, fact in run.facts.items():
        if fact.type == "add" and seen[fact.subject, name] != 1:
            yield f"{name} is {seen[fact.subject, name]} times in the chain of its key"
    commands = Counter(name for _, name in seen.elements() if name in run.commands)
    for name in run.commands:
        if name in run.answers and commands[name] < 1:
            yield f"{name} was answered and not carried out"
        if commands[name] > 1:
            yield f"{name} was carried out {commands[name]} times"


def _people(run: MergingRun, facts: Any):
    """Each root's state is the set of the facts that stand first in the chains of its person; aliases are empty."""
    expected: dict[str, set[str]] = {}
    for key, held in facts.items():
        root = key.id
        while root in run.into:
            root = run.into[root][1]
        expected.setdefault(root, set()).update(_own(held))
    for key in facts:
        head = run.world.head(key)
        wanted = set() if key.id in run.into else expected.get(key.id, set())
        if head is None or head.state != wanted:
            yield f"{key.id} is {sorted(head.state if head else ())}, must be {sorted(wanted)}"
        if head is not None and (head.ties.into or ("", ""))[1] != run.into.get(key.id, ("", ""))[1]:
            yield f"{key.id} is merged into {head.ties.into}, must be {run.into.get(key.id)}"


def _ledgers(run: MergingRun, facts: Any):
    """What an entity said, added up, is its state."""
    for key, held in facts.items():
        total: Counter[str] = Counter()
        for _, _, outs in held:
            for out in outs:
                said = out.value
                if said.type == "added":
                    total[said.data] += 1
                elif said.type == "corrected":
                    total.update(said.data[0])
                    total.subtract(said.data[1])
        head = run.world.head(key)
        if head is not None and {name for name, times in total.items() if times} != set(head.state):
            yield f"{key.id} said {dict(total)}"


def run(seed: int, faults: frozenset[str] = FAULTS) -> tuple[list[str], MergingRun]:
    """Run one seed; returns the problems and the run."""
    one = MergingRun(seed, faults)
    return one.run(), one
