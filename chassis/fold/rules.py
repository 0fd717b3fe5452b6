"""Folding one entity: pure, no I/O. Facts in offset order in, at most one new version out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from chassis.fold.memory import Memory, fact_mark
from chassis.fold.merging import REFOLDED, Chains, Elsewhere, Standing
from chassis.fold.model import Effects, Fact, Head, Key, Kind, Out, Recorded, Rule, Version, cause_of, next_seq, out_id
from chassis.fold.ports import Language, Policies
from chassis.seeing.semconv import ORIGIN


class Item(NamedTuple):
    """A fact at its place in a slot (offset -1 = it came by a door or a timer), and the entity it changes."""

    offset: int
    key: Key
    fact: Fact
    payload: bytes = b""
    record: Any = None


class Conflict(Exception):
    """The same source and id with other content: set aside, never applied."""

    code = "conflict"
    pointer = "/id"
    status = 409
    title = "The same id was used with other content"


class Folded(NamedTuple):
    """What folding gave: a new version (or none), the head after it, facts already known, facts refused with the error."""

    version: Version | None
    head: Head
    known: list[Item]
    refused: list[tuple[Item, Exception]]


NOTHING = Chains()


class Folder:
    """The rule table of a service, applied."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        language: Language,
        policies: Policies,
        epoch: int = 0,
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:
        self.rules = rules
        self.kinds = kinds or {}
        self.tied = frozenset(type_ for type_, rule in rules.items() if rule.tie)
        self.language = language
        self.policies = policies
        self.epoch = epoch

    def fold(
        self,
        head: Head,
        items: Sequence[Item],
        slot: str,
        *,
        unknown: Collection[str] = (),
        todo: bool = False,
        chains: Chains = NOTHING,
    ) -> Folded:
        """Apply the items that the head does not know. `unknown` are causes that the chain says were never applied;
        `chains` is what `bringing.bring` read for these items.
        """
        work = _Work(self, head, slot, chains)
        for item in items:
            work.take(item, unknown)
        return work.result(todo)

    def again(self, key: Key, facts: Sequence[Fact], others: Mapping[str, Sequence[Fact]]) -> Any:
        """The state that an entity's facts make by the rules and policies of now, in the order they were applied in. What
        a rule refuses now has no effect; `others` are the chains that merges among the facts refer to.
        """
        items = [Item(0, key, fact) for fact in facts if fact.type != REFOLDED]
        return self.fold(empty_head(self.kinds, key), items, "", chains=Chains((), others)).head.state


class _Work:
    """The folding of one entity: state, memory and outgoing facts as they grow."""

    def __init__(self, folder: Folder, head: Head, slot: str, chains: Chains) -> None:
        self.folder, self.head, self.slot, self.chains = folder, head, slot, chains
        self.ties = head.ties
        self.seq = next_seq(head.seq, folder.epoch)
        self.prefix, self.seen = head.key.prefix(), head.memory.known()
        self.state, self.last = head.state, head.last
        self.here: dict[str, Recorded] = {}
        self.marks: list[int] = []
        self.outs: list[Out] = []
        self.known: list[Item] = []
        self.refused: list[tuple[Item, Exception]] = []

    def take(self, item: Item, unknown: Collection[str]) -> None:
        fact = item.fact
        mark = fact_mark(self.prefix, fact.source, fact.id)
        if mark in self.seen or (self.head.memory.older and self.head.memory.perhaps(mark)):
            cause = cause_of(fact)
            if cause in self.here:
                return self._compare(item, self.here[cause])
            if cause not in unknown:
                self.known.append(item)
                return None
        try:
            self._apply(item, mark)
        except Exception as error:
            self.refused.append((item, error))

    def _compare(self, item: Item, first: Recorded) -> None:
        if not same_content(self.folder.language, item.fact, first):
            self.refused.append((item, Conflict("this source and id came before with other content")))

    def _apply(self, item: Item, mark: int) -> None:
        fact, folder = item.fact, self.folder
        rule = folder.rules[fact.type]
        number, policy = folder.policies.at(fact.recorded_at)
        ties = self.ties
        if rule.tie or ties.into is not None:
            if item.offset < 0 and not rule.tie:
                raise Elsewhere(ties.into[1] if ties.into else "")
            state, effects, ties = self._standing().meet(rule, fact, fact.recorded_at, policy)
        else:
            state, effects = rule.apply(self.state, fact, fact.recorded_at, policy)
        answer = b"" if rule.answer is None else folder.language.encode_data(rule.answer(state, fact))
        recorded = Recorded(
            fact.source,
            fact.id,
            fact.type,
            fact.time,
            fact.recorded_at,
            self.slot,
            item.offset,
            number,
            folder.language.encode_data(fact.data),
            answer,
        )
        outs, last = self._say(fact, rule, effects)
        self.state, self.last, self.ties = state, last, ties
        self.here[cause_of(fact)] = recorded
        self.seen.add(mark)
        self.marks.append(mark)
        self.outs.extend(outs)

    def _standing(self) -> Standing:
        facts = [self.folder.language.fact(recorded, self.head.key.id) for recorded in self.here.values()]
        return Standing(
            self.folder, self.head.key, self.state, self.ties, (*self.chains.own, *facts), self.chains.others
        )

    def _say(self, fact: Fact, rule: Rule, effects: Effects) -> tuple[list[Out], str]:
        outs, last = [], self.last
        trace = getattr(fact, "trace", "")  # its origin is that of all it causes
        carried = ((ORIGIN, trace.encode()),) if trace else ()
        for effect in effects:
            name = out_id(self.head.key, cause_of(fact), rule.name, effect)
            sequence = f"{self.seq:016x}.{len(self.outs) + len(outs):04x}"
            topic, key, value, headers = self.folder.language.emit(
                effect, name, effect.subject or self.head.key.id, fact.time, fact.recorded_at, sequence, last
            )
            outs.append(Out(name, len(self.here), topic, key, value, (*headers, *carried)))
            last = name
        return outs, last

    def result(self, todo: bool) -> Folded:
        if not self.here:
            return Folded(None, self.head, self.known, self.refused)
        facts = tuple(self.here.values())
        head = Head(self.head.key, self.seq, self.state, self.head.memory.adding(self.marks), self.last, ties=self.ties)
        version = Version(head, facts, tuple(self.outs), self.slot, facts[-1].offset, facts[-1].recorded_at, todo)
        return Folded(version, head, self.known, self.refused)


def same_content(language: Language, fact: Fact, recorded: Recorded) -> bool:
    """True if a fact says what was recorded under its identity."""
    return fact.type == recorded.type and language.encode_data(fact.data) == recorded.data


def may_know(head: Head, fact: Fact) -> bool:
    """False if the entity certainly never applied this fact; True must be confirmed from the chain."""
    mark = fact_mark(head.key.prefix(), fact.source, fact.id)
    return mark in head.memory.known() or head.memory.perhaps(mark)


def empty_head(kinds: Mapping[str, Any], key: Key) -> Head:
    """The head of an entity that has no version yet."""
    return Head(key, 0, kinds[key.kind].empty(key.id), Memory())
