"""Merging entities of one kind, and taking it back: facts travel, states are folded again, nothing is copied or deleted.

An entity that is merged into another is frozen: its state is empty, what it already knows goes to the survivor as one
reference (how many facts of which chain), what arrives later is forwarded. Every fact thereby has a path, the merges it
came by; undoing a merge makes every fact that came by it invisible. The state after any of these is the fold of the
facts that are visible then, in the order of (time, source, id); only the difference is made known.
Ids of merges are used once. Messages between entities may come in any order, and any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis.fold.model import Fact, Key, Rule, Ties

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.fold.rules import Folder

MERGE, UNMERGE, ABSORB, RELEASE, FORWARD = "merge", "unmerge", "absorb", "release", "forward"
REFOLD = "refold"

FORWARDED, ABSORBED, RELEASED = "hearth.forwarded.v1", "hearth.absorbed.v1", "hearth.released.v1"
"""The types of what entities of one kind say to each other."""

HAND, DECLINE = "hand", "decline"
HANDED, DECLINED = "hearth.handed.v1", "hearth.declined.v1"
"""The types by which a command is handed from a merged entity to its survivor, and given up there (`handing`)."""

REFOLDED = "hearth.refolded.v1"
"""The type of an operator's command: what an entity knows is folded once more, by the rules and policies of now."""

FAR = 64
"""More merges than this in a row are a mistake."""


def _named(name: str) -> Callable[..., Any]:
    """The name of a rule; `Standing` does the work."""

    def rule(state: Any, fact: Fact, now: datetime, policy: Any) -> Any:
        raise NotImplementedError

    rule.__name__ = name
    return rule


def merging_rules(kind: str, key: Callable[[Any], str], merged: str, unmerged: str) -> dict[str, Rule]:
    """The rules of a kind whose entities can be merged; `merged` and `unmerged` are the types that say so."""
    between = {
        ABSORBED: ABSORB,
        RELEASED: RELEASE,
        FORWARDED: FORWARD,
        REFOLDED: REFOLD,
        HANDED: HAND,
        DECLINED: DECLINE,
    }
    ties = {merged: MERGE, unmerged: UNMERGE, **between}
    return {type_: Rule(kind, key, _named(tie), tie=tie) for type_, tie in ties.items()}


class Elsewhere(Exception):
    """The entity was merged into another one by this merge: commands belong there. `withdrawn`: no longer; they are to be
    given up there, unless they were carried out.
    """

    def __init__(self, entity: str, merge: str = "", withdrawn: bool = False) -> None:
        super().__init__("merged into another entity")
        self.entity, self.merge, self.withdrawn = entity, merge, withdrawn


class Said(NamedTuple):
    """An effect of the mechanism itself."""

    name: str
    data: Any
    natural: str
    subject: str


class Chains(NamedTuple):
    """What was read for a merge: the entity's own facts up to its head, and those of the chains it refers to."""

    own: Sequence[Fact] = ()
    others: Mapping[str, Sequence[Fact]] = {}


class Change(NamedTuple):
    """What a fact of this mechanism makes of an entity."""

    state: Any
    effects: Sequence[Any]
    ties: Ties


class Entry(NamedTuple):
    """A fact as it was first said, the merges it came by, and what its rule has to do with merging."""

    path: tuple[str, ...]
    tie: str
    fact: Fact


class Standing(NamedTuple):
    """An entity in the middle of a fold: what it knows so far, and how to read it."""

    folder: Folder
    key: Key
    state: Any
    ties: Ties
    known: Sequence[Fact]
    others: Mapping[str, Sequence[Fact]]

    def meet(self, rule: Rule, fact: Fact, now: datetime, policy: Any) -> Change:
        """What a fact does to an entity that is merged, or that a merge is about."""
        if rule.tie == REFOLD:
            return self._again(fact, now, policy)
        if rule.tie in (HAND, DECLINE):
            return Change(self.state, (), self.ties)
        if rule.tie in (MERGE, UNMERGE):
            return self._turn(rule.tie, fact, now, policy)
        if rule.tie in (ABSORB, RELEASE, FORWARD):
            return self._hear(fact, now, policy)
        assert self.ties.into is not None
        return Change(self.state, [self._forward(fact)], self.ties)

    def _again(self, fact: Fact, now: datetime, policy: Any) -> Change:
        """The state that all it knows makes now; the difference is made known. A merged entity has none to make."""
        after = self.state if self.ties.into else self.folder.again(self.key, self.known, self.others)
        if after == self.state:
            return Change(self.state, (), self.ties)
        return Change(after, self.folder.kinds[self.key.kind].correct(self.state, after, fact, now, policy), self.ties)

    def _turn(self, tie: str, fact: Fact, now: datetime, policy: Any) -> Change:
        """A merge of this entity into another, or its end; the other side waits for what this one sends."""
        ties, merge = self.ties, fact.data.merge_id
        if fact.data.merged != self.key.id:
            return Change(self.state, (), ties)
        if tie == UNMERGE:
            into = None if ties.into and ties.into[0] == merge else ties.into
            return self._become(into, ties.without(merge), fact, now, policy)
        into = (merge, fact.data.survivor, fact.data.number)
        if merge in ties.gone or ties.into == into:
            return Change(self.state, (), ties)
        if ties.into is None:
            return self._become(into, ties.gone, fact, now, policy)
        older, newer = sorted((ties.into, into), key=lambda found: found[2])  # the older one's end is still to come
        return self._become(newer, ties.without(older[0], older[1]), fact, now, policy)

    def _become(
        self, into: tuple[str, str, int] | None, gone: dict[str, str], fact: Fact, now: datetime, policy: Any
    ) -> Change:
        """Be merged into `into`, or into nothing."""
        before, ties, effects = self.ties.into, Ties(into, gone, self.ties.parts), list[Any]()
        if into == before:
            return Change(self.state, (), ties)
        if before is not None:
            effects.append(Said("release", self.folder.language.released(before[0]), before[0], before[1]))
        if into is not None:
            reference = self.folder.language.absorbed(into[0], self.key.id, len(self.known))
            effects.append(Said("absorb", reference, into[0], into[1]))
        return self._settled(ties, self.known, effects, fact, now, policy)

    def _hear(self, fact: Fact, now: datetime, policy: Any) -> Change:
        """Something from an entity that is, or was, merged into this one."""
        entry = self.entry(fact)
        ties = self._told(entry)
        if ties.into is not None:
            return Change(self.state, [self._forward(fact)], ties)
        if entry.tie in (ABSORB, RELEASE):
            known = (*self.known, fact)
            given_back = self._give_back(entry, ties, known) if entry.tie == RELEASE else []
            return self._settled(ties, known, given_back, fact, now, policy)
        ended = self._replace(ties=ties)._ended(self._walk(self.known, ()))
        if not ended.isdisjoint(entry.path) or self._sees(entry.fact):
            return Change(self.state, (), ties)
        rule = self.folder.rules[entry.fact.type]
        return Change(*rule.apply(self.state, entry.fact, now, policy), ties)

    def _told(self, entry: Entry) -> Ties:
        """The ties after hearing of a merge with this entity, or of its end."""
        into, gone, parts = self.ties.into, self.ties.gone, self.ties.parts
        if entry.tie == ABSORB and entry.fact.data.merge_id not in gone:
            parts = {**parts, entry.fact.data.merge_id: entry.fact.data.entity}
        elif entry.tie == RELEASE:
            gone = {**gone, entry.fact.data.merge_id: parts.get(entry.fact.data.merge_id, "")}
            parts = {merge: entity for merge, entity in parts.items() if merge not in gone}
        return Ties(into, gone, parts)

    def _give_back(self, entry: Entry, ties: Ties, known: Sequence[Fact]) -> list[Any]:
        """What was decided here about something that came by the merge, and goes with it: it is carried out there."""
        merge, language = entry.fact.data.merge_id, self.folder.language
        if not self.ties.parts.get(merge):
            return []
        before, after = self._misplaced(), self._replace(ties=ties, known=known)._misplaced()
        return [
            Said("forward", language.forwarded(f"{merge}.back", fact), f"{merge}.{fact.id}", self.ties.parts[merge])
            for name, fact in after.items()
            if name not in before
        ]

    def _misplaced(self) -> dict[tuple[str, str], Fact]:
        """Facts that a rule refuses because what they are about is with another entity (`elsewhere` of the refusal)."""
        found: dict[tuple[str, str], Fact] = {}
        replay(
            self.folder, self.key, self.visible(self.known), lambda fact: found.update({(fact.source, fact.id): fact})
        )
        return found

    def _settled(
        self, ties: Ties, known: Sequence[Fact], effects: list[Any], fact: Fact, now: datetime, policy: Any
    ) -> Change:
        """The state folded again, and what is different from before."""
        kind = self.folder.kinds[self.key.kind]
        seen = () if ties.into else self._replace(ties=ties).visible(known)
        after = replay(self.folder, self.key, seen) if seen else kind.empty(self.key.id)
        return Change(after, [*effects, *kind.correct(self.state, after, fact, now, policy)], ties)

    def _forward(self, fact: Fact) -> Said:
        assert self.ties.into is not None
        merge, survivor, _ = self.ties.into
        return Said("forward", self.folder.language.forwarded(merge, fact), merge, survivor)

    def entry(self, fact: Fact, path: tuple[str, ...] = ()) -> Entry:
        """The fact inside all its forwards, with the merges it came by."""
        rule = self.folder.rules[fact.type]
        if rule.tie == FORWARD:
            return self.entry(self.folder.language.inner(fact), (*path, fact.data.merge_id))
        return Entry(path, rule.tie, fact)

    def _sees(self, fact: Fact) -> bool:
        """True if it came before, by another merge whose end has not been heard of yet."""
        return any((seen.source, seen.id) == (fact.source, fact.id) for seen in self.visible(self.known))

    def visible(self, known: Sequence[Fact]) -> list[Fact]:
        """Every fact of this entity and of those merged into it, except what came by a merge that is undone."""
        entries = list(self._walk(known, ()))
        gone = self._ended(entries)
        seen = {
            (entry.fact.source, entry.fact.id): entry.fact
            for entry in reversed(entries)
            if not entry.tie and gone.isdisjoint(entry.path)
        }
        return sorted(seen.values(), key=lambda fact: (fact.time, fact.source, fact.id))

    def _ended(self, entries: Iterable[Entry]) -> set[str]:
        """Merges that are undone: those this entity was told of, and those that one merged into it had been told of before."""
        return {*self.ties.gone, *(entry.fact.data.merge_id for entry in entries if entry.tie == RELEASE)}

    def _walk(self, known: Sequence[Fact], path: tuple[str, ...]) -> Iterator[Entry]:
        for fact in known:
            entry = self.entry(fact, path)
            yield entry
            if entry.tie == ABSORB and entry.fact.data.merge_id not in path and len(entry.path) < FAR:
                past = self.others[entry.fact.data.entity][: entry.fact.data.facts]
                yield from self._walk(past, (*entry.path, entry.fact.data.merge_id))


def replay(
    folder: Folder, key: Key, facts: Sequence[Fact], misplaced: Callable[[Fact], None] = lambda _fact: None
) -> Any:
    """The state that facts make in this order; what a rule refuses now is left out, unless the kind knows better."""
    kind = folder.kinds[key.kind]

    def apply(state: Any, fact: Fact) -> Any:
        _, policy = folder.policies.at(fact.recorded_at)
        try:
            return folder.rules[fact.type].apply(state, fact, fact.recorded_at, policy)[0]
        except Exception as error:
            if getattr(error, "elsewhere", False):
                misplaced(fact)
            raise

    return kind.replay(kind.empty(key.id), facts, apply)


def leaving_out_refusals(state: Any, facts: Sequence[Fact], apply: Callable[[Any, Fact], Any]) -> Any:
    """The usual `Kind.replay`."""
    for fact in facts:
        try:
            state = apply(state, fact)
        except Exception:  # noqa: S112 - what is refused in another order has no effect there
            continue
    return state
