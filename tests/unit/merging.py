"""One service in memory, with nothing but its rules: facts, merges and their ends in any order, messages in any order.

`World` folds with the chassis' own folder; what entities say to each other waits in a box out of which the test takes
in the order it likes.
"""

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from chassis.fold.merging import Chains
from chassis.fold.model import Head, Key, Kind, Out, Recorded, Rule
from chassis.fold.rules import Folder, Item, empty_head
from contracts.fact import Fact
from contracts.facts.identity import CustomerMerged, CustomerUnmerged
from tests.unit.facts import day, fact


class Turn(NamedTuple):
    """A merge in force: its id, who was merged into whom."""

    merge_id: str
    merged: str
    survivor: str
    number: int


class World:
    """The entities of one kind."""

    def __init__(self, rules: Mapping[str, Rule], kind: Kind, language: Any, policies: Any) -> None:
        self.kind, self.language = kind, language
        self.folder = Folder(rules, language, policies, kinds={kind.name: kind})
        self.heads: dict[str, Head] = {}
        self.chains: dict[str, list[Recorded]] = {}
        self.said: dict[str, list[Out]] = {}
        self.box: list[Fact] = []

    def fold(self, given: Fact) -> None:
        """Apply one fact to the entity of its key, as a lane would."""
        key = Key(self.kind.name, given.subject)
        head = self.heads.get(key.id) or empty_head({self.kind.name: self.kind}, key)
        chains = Chains(self._facts(key.id), {name: self._facts(name) for name in self.chains})
        folded = self.folder.fold(head, [Item(0, key, given)], "slot", chains=chains)
        assert not folded.refused, folded.refused
        if folded.version is not None:
            self.heads[key.id] = folded.head
            self.chains.setdefault(key.id, []).extend(folded.version.facts)
            for out in folded.version.outs:
                self._hear(key.id, out)

    def _facts(self, entity: str) -> list[Fact]:
        return [self.language.fact(recorded, entity) for recorded in self.chains.get(entity, [])]

    def _hear(self, entity: str, out: Out) -> None:
        if ".self." in out.topic:
            self.box.append(self.language.heard(out))
        else:
            self.said.setdefault(entity, []).append(out)

    def play(self, facts: list[Fact], dice: random.Random) -> None:
        """All facts and everything they set off, each at least once, in an order that the dice decide."""
        waiting = [*facts, *dice.sample(facts, len(facts) // 3)]
        dice.shuffle(waiting)
        while waiting or self.box:
            source = dice.choice([box for box in (waiting, self.box) if box])
            given = source.pop(dice.randrange(len(source)))
            self.fold(given)
            if dice.random() < 0.1:
                self.fold(given)

    def state(self, entity: str) -> Any:
        """The state of an entity; empty if nothing ever happened to it."""
        head = self.heads.get(entity)
        return self.kind.empty(entity) if head is None else head.state


class Turns:
    """Merges as identity decides them: roots only, the larger id into the smaller."""

    def __init__(self, entities: str) -> None:
        self.entities, self.into = entities, dict[str, Turn]()
        self.numbers: dict[str, int] = {}
        self.facts: list[Fact] = []

    def merge(self, name: str, dice: random.Random) -> None:
        """Merge two roots, if there are two."""
        roots = [entity for entity in self.entities if entity not in self.into]
        if len(roots) > 1:
            survivor, merged = sorted(dice.sample(roots, 2))
            number = self.numbers[merged] = self.numbers.get(merged, 0) + 1
            self.into[merged] = turn = Turn(name, merged, survivor, number)
            self._say(turn, CustomerMerged(name, merged, survivor, number))

    def unmerge(self, dice: random.Random) -> None:
        """Undo one merge, if there is one."""
        if self.into:
            turn = self.into.pop(dice.choice(sorted(self.into)))
            self._say(turn, CustomerUnmerged(turn.merge_id, turn.merged, turn.survivor))

    def _say(self, turn: Turn, data: Any) -> None:
        for side in (turn.merged, turn.survivor):
            name = f"{turn.merge_id}.{type(data).__name__}.{side}"
            self.facts.append(fact(data, day(3), name, subject=side, source="/hearth/profile"))

    def root(self, entity: str) -> str:
        """Whom an entity is part of in the end."""
        while entity in self.into:
            entity = self.into[entity].survivor
        return entity
