"""The simulator of identity: tasks that resolve the same events, in any interleaving, with every fault.

The oracle knows who sent what: a person is all events made of one person's identifiers. At the end each person must be one
component, each event one record with one key and one form, each merge told to both sides, and every value in the vault
readable with its owner's key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Coroutine, Iterator, Sequence
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import patch

import msgspec

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from contracts.fact import Fact
from services.profile.store.claims import ClaimStore
from services.profile.store.inbox import Inbox
from services.profile.store.links import Links
from services.profile.store.vault import Vault
from services.profile.worker.binder import Binder
from services.profile.worker.deciding import Decider
from services.profile.worker.resolver import Arrival, Resolver
from tests.integration.identity import INDEX_KEY, KEK, NOW, book, described, five_identifiers, policy
from tests.simulator.mongo import Database
from tests.simulator.world import Step

DRIVER = import_module("chassis.store.connect")
FAULTS = frozenset({"crash", "zombie", "lost reply", "failover"})
PEOPLE, TASKS, MAX_STEPS = 3, 4, 40_000


class Journal:
    """A broker that keeps what is published: id → forms."""

    def __init__(self, database: Database) -> None:
        self.database, self.sent = database, defaultdict[tuple[str, str], set[tuple[Any, ...]]](set)

    async def publish(self, outs: Sequence[Out]) -> None:
        for out in outs:
            await Step()
            self.sent[dict(out.headers)["ce_source"].decode(), out.id].add((out.key, out.value, out.headers))
        if self.database.dice.random() < self.database.lost_replies:
            raise Transient("publish: reply lost")


class Town:
    """People, their events, tasks that resolve them, and the world they do it in."""

    def __init__(self, seed: int, faults: frozenset[str]) -> None:
        self.database = Database(seed, 0.04 if "lost reply" in faults else 0.0)
        self.dice, self.hits, self.faults = self.database.dice, self.database.hits, faults
        self.journal = Journal(self.database)
        self.people = [self._events(person) for person in range(PEOPLE)]
        self.tasks: dict[int, Coroutine[Any, Any, None]] = {}
        self.zombies: list[Coroutine[Any, Any, None]] = []
        self.batches = [self._batches(task) for task in range(TASKS)]
        self.problems: list[str] = []
        self.steps = 0

    def _events(self, person: int) -> list[Fact]:
        """Events that together tie all identifiers of a person, each with two of them or more."""
        count = self.dice.randint(2, 4)
        order = self.dice.sample(range(5), 5)
        cuts = [order[0:2], order[1:3], order[2:4], order[3:5]][:count]
        return [_event(person, place, tuple(chunk)) for place, chunk in enumerate(cuts)]

    def _batches(self, task: int) -> list[list[Arrival]]:
        """What a task is given: a share of everything, in an order of its own; some of it others are given too."""
        events = [event for person in self.people for event in person]
        mine = [event for place, event in enumerate(events) if place % TASKS == task or self.dice.random() < 0.3]
        self.dice.shuffle(mine)
        slot = f"slot-{task}" if self.dice.random() < 0.7 else ""  # the others are doors
        now = NOW + timedelta(seconds=task)  # each process decodes at its own time
        mine = [msgspec.structs.replace(event, recorded_at=now) for event in mine]
        arrivals = [Arrival(event, slot, place if slot else -1) for place, event in enumerate(mine)]
        size = self.dice.randint(1, 4)
        return [arrivals[start : start + size] for start in range(0, len(arrivals), size)]

    def resolver(self) -> Resolver:
        """A resolver of its own, as each process has one."""
        claims, vault = ClaimStore(self.database), Vault(self.database, KEK)
        decider = Decider(claims, vault, Binder(Links(self.database), claims, str))
        return Resolver(Inbox(self.database), vault, decider, self.journal, _book(), INDEX_KEY, str)

    async def _work(self, batches: list[list[Arrival]]) -> None:
        while batches:
            try:
                outcomes = await self.resolver().resolve(batches[0], NOW)
            except Transient:
                await Step()
                continue
            self.problems += [str(outcome.error) for outcome in outcomes if outcome.error is not None]
            if batches:  # a zombie may have done the last one
                batches.pop(0)

    async def _sweep(self) -> None:
        while True:
            try:
                await self.resolver().sweep(NOW.replace(year=2030))
                return
            except Transient:
                await Step()

    def run(self) -> list[str]:
        """Run to the end; returns what is wrong (empty: nothing)."""
        self.tasks = {task: self._work(batches) for task, batches in enumerate(self.batches)}
        self._finish()
        self.tasks = {TASKS: self._sweep()}
        self._finish()
        self.database.commit()
        self.database.lost_replies = 0.0
        return self.problems + list(self._wrong())

    def _finish(self) -> None:
        while self.tasks or self.zombies:
            self.steps += 1
            if self.steps > MAX_STEPS:
                self.problems.append("livelock")
                return
            self._fault()
            if self.zombies and (not self.tasks or self.dice.random() < 0.2):
                self._advance_zombie()
            else:
                self._advance(self.dice.choice(sorted(self.tasks)))

    def _advance(self, task: int) -> None:
        try:
            self.tasks[task].send(None)
        except StopIteration:
            del self.tasks[task]

    def _advance_zombie(self) -> None:
        zombie = self.dice.choice(self.zombies)
        try:
            zombie.send(None)
        except StopIteration:
            self.zombies.remove(zombie)

    def _fault(self) -> None:
        if self.dice.random() < 0.5 or "failover" not in self.faults:
            self.database.commit()
        if self.steps > 1_500:
            return
        if "failover" in self.faults and self.dice.random() < 0.01:
            self.database.roll_back()
        if "crash" in self.faults and self.tasks and self.dice.random() < 0.01:
            self._crash(self.dice.choice(sorted(self.tasks)))

    def _crash(self, task: int) -> None:
        """A process dies, or is taken for dead and goes on; another one is given the same."""
        self.hits["crash"] += 1
        old = self.tasks[task]
        if "zombie" in self.faults and self.dice.random() < 0.4:
            self.hits["zombie"] += 1
            self.zombies.append(old)
        else:
            old.close()
        if task == TASKS:
            self.tasks[task] = self._sweep()
        else:
            self.batches[task] = list(self.batches[task])
            self.tasks[task] = self._work(self.batches[task])

    # ---- what must be true ------------------------------------------------------------------------------------------

    def _wrong(self) -> Iterator[str]:
        rows = {(row["source"], row["id"]): row for row in self.database["inbox"].documents.values()}
        edges = [doc for doc in self.database["links"].documents.values() if doc["kind"] == "edge"]
        self.hits["merges"] += len(edges)
        up = {edge["loser"]: edge["survivor"] for edge in edges}
        roots: list[set[str]] = []
        for person in self.people:
            names = {rows[event.source, event.id]["customer"] for event in person if (event.source, event.id) in rows}
            if any((event.source, event.id) not in rows for event in person):
                yield "an event is in no row"
            roots.append({_root(up, name) for name in names})
        if any(len(each) != 1 for each in roots) or len(set.union(*roots)) != len(self.people):
            yield f"people are {roots}"
        told = {key: forms for key, forms in self.journal.sent.items() if key[0] == "/test"}
        if set(told) != set(rows):
            yield "not every event, or another one, is in the journal"
        yield from (f"{key} has {len(forms)} forms" for key, forms in self.journal.sent.items() if len(forms) != 1)
        if len(self.journal.sent) - len(told) != 2 * len(edges):
            yield f"{len(edges)} merges, told in {len(self.journal.sent) - len(told)} records"
        for name in ("inbox", "links"):
            if any("todo" in document for document in self.database[name].documents.values()):
                yield f"something in {name} is still to be published"
        yield from self._vault(rows)

    def _vault(self, rows: Any) -> Iterator[str]:
        for (source, id_), row in rows.items():
            entries = [
                d for n, d in self.database["vault"].documents.items() if n == row["_id"] + row["customer"].encode()
            ]
            if not entries:
                yield f"{source} {id_} has no entry in the vault under its customer"
        vault = Vault(self.database, KEK)
        for document in self.database["vault"].documents.values():
            if not _now(vault.reveal(document["customer"], document["refs"])):
                yield "something in the vault cannot be read"


def _now(call: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that only takes steps."""
    while True:
        try:
            call.send(None)
        except StopIteration as done:
            return done.value


def _root(up: dict[str, str], name: str) -> str:
    while name in up:
        name = up[name]
    return name


@cache
def _book() -> Any:
    return book(policy())


@cache
def _event(person: int, place: int, chunk: tuple[int, ...]) -> Fact:
    five = five_identifiers(person)
    return described(f"e{person}-{place}", *(five[each] for each in chunk), occupation="architect")


def run(seed: int, faults: frozenset[str] = FAULTS) -> tuple[list[str], Town]:
    """Run one seed; returns the problems and the town (its hits count every fault)."""
    town = Town(seed, faults)
    with patch.object(DRIVER, "shield", lambda call: call):  # no event loop here: the scheduler takes the steps
        return town.run(), town
