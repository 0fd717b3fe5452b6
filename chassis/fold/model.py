"""The words of the fold: entity keys, versions, heads, outgoing facts, watermarks. Data only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid5

import msgspec

from chassis.fold.memory import Memory

FORMAT = 1
"""The document format this release writes; a head with a larger one is never extended."""

EPOCH_BITS = 40
"""A restore starts a new epoch: sequence numbers go on at `epoch << EPOCH_BITS`, so no old version looks like a new one."""


@lru_cache(maxsize=65_536)
def _prefix(kind: str, id_: str) -> bytes:
    return blake2b(f"{kind}\0{id_}".encode(), digest_size=16).digest()


class Key(NamedTuple):
    """Which entity: its kind and its id (the key of its facts)."""

    kind: str
    id: str

    def prefix(self) -> bytes:
        """16 bytes that start the `_id` of every version of this entity."""
        return _prefix(self.kind, self.id)


class Fact(Protocol):
    """What the fold needs of a fact; the published language brings the real class. Times are UTC."""

    @property
    def source(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def time(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def data(self) -> Any: ...


class Effect(Protocol):
    """What a rule says to others: name inside the rule, body, natural key, record key ("" = the entity itself)."""

    @property
    def name(self) -> str: ...
    @property
    def data(self) -> Any: ...
    @property
    def natural(self) -> str: ...
    @property
    def subject(self) -> str: ...


Effects = Sequence[Effect]


class Rule(NamedTuple):
    """One line of a rule table: which entity a fact changes, and the pure function that changes it.

    `apply(state, fact, now, policy) -> (state, effects)`; `answer(state, fact)` makes what a caller of a door is told.
    """

    kind: str
    key: Callable[[Any], str]
    apply: Callable[[Any, Any, datetime, Any], tuple[Any, Effects]]
    answer: Callable[[Any, Any], Any] | None = None
    tie: str = ""
    """What the fact has to do with merging entities (`chassis.fold.merging`), "" for almost all."""

    @property
    def name(self) -> str:
        """The rule's name in ids of outgoing facts; renaming the function would change them, so a test pins it."""
        return self.apply.__name__


class Due(NamedTuple):
    """Work an entity wants done at a time: what, and when (UTC)."""

    name: str
    at: datetime


def _corrects_nothing(*_: Any) -> Effects:
    return ()


def _replays(state: Any, facts: Sequence[Any], apply: Callable[[Any, Any], Any]) -> Any:
    from chassis.fold.merging import leaving_out_refusals

    return leaving_out_refusals(state, facts, apply)


def waits_for_nothing(_state: Any) -> Due | None:
    """What is due of a kind whose entities wait for nothing; nobody asks the database for it."""
    return None


class Kind(NamedTuple):
    """One kind of entity: where it is kept, how it starts, what people search, what it waits for.

    `correct(before, after, fact, now, policy)` says what others must know when a merge made `after` of `before`;
    `replay(empty, facts, apply)` folds facts again that were applied before, by time.
    """

    name: str
    collection: str
    state: type
    empty: Callable[[str], Any]
    searched: Callable[[Any], Mapping[str, Any]]
    due: Callable[[Any], Due | None] = waits_for_nothing
    correct: Callable[[Any, Any, Any, datetime, Any], Effects] = _corrects_nothing
    replay: Callable[[Any, Sequence[Any], Callable[[Any, Any], Any]], Any] = _replays


class Recorded(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A fact as its entity's chain keeps it. `slot` and `offset` say where it was read ("" = a door or a timer)."""

    source: str
    id: str
    type: str
    time: datetime
    recorded_at: datetime
    slot: str
    offset: int
    policy: int
    data: bytes
    answer: bytes = b""


class Out(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An outgoing fact as it is stored and sent, byte for byte; `cause` is the index of its fact in the version."""

    id: str
    cause: int
    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Ties(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What merges did to an entity: the one in force, and those undone.

    `into`: the merge's id, the entity it was merged into, and which of this entity's merges it is (they are counted).
    `gone`: id of an undone merge → the entity it was with, "" if only its end was heard of. `parts`: id of a merge in
    force → the entity that was merged into this one.
    """

    into: tuple[str, str, int] | None = None
    gone: dict[str, str] = {}
    parts: dict[str, str] = {}

    @property
    def others(self) -> set[str]:
        """Every entity this one is, or was, merged with directly."""
        return {*self.gone.values(), *self.parts.values(), self.into[1] if self.into else ""} - {""}

    def without(self, merge: str, entity: str = "") -> dict[str, str]:
        """What is undone when this merge (into `entity`, if that is known) is, too."""
        if self.into and self.into[0] == merge:
            entity = self.into[1]
        return {**self.gone, merge: entity or self.gone.get(merge, "")}


UNTIED = Ties()


class Head(NamedTuple):
    """The newest known version of an entity, without its facts: what the next version is built on."""

    key: Key
    seq: int
    state: Any
    memory: Memory
    last: str = ""
    format: int = FORMAT
    ties: Ties = UNTIED


class Version(NamedTuple):
    """The next link of a chain: the facts applied, what they say to others, and the state after them."""

    head: Head
    facts: tuple[Recorded, ...]
    outs: tuple[Out, ...]
    slot: str
    offset: int
    at: datetime
    todo: bool = False

    @property
    def key(self) -> Key:
        """The entity."""
        return self.head.key


class Watermark(NamedTuple):
    """How far a slot is: `settled` applied and published, `viewed` views replaced (offsets, exclusive).

    `token` changes with every advance; `table` is the number of the rule table that settled it; `horizon` is the time
    up to which everything that feeds this partition has been read.
    """

    slot: str
    topic: str
    partition: int
    settled: int
    viewed: int
    token: int
    table: int
    horizon: datetime | None = None


def cause_of(fact: Fact | Recorded) -> str:
    """The identity of a fact for ever: its source and id."""
    return f"{fact.source} {fact.id}"


def out_id(key: Key, cause: str, rule: str, effect: Effect) -> str:
    """The id of an outgoing fact: the same entity, cause, rule, effect and natural key always give the same id."""
    return str(uuid5(UUID(bytes=key.prefix()), "|".join((cause, rule, effect.name, effect.natural))))


def next_seq(seq: int, epoch: int) -> int:
    """The number after `seq`, never below the current epoch."""
    return max(seq, epoch << EPOCH_BITS) + 1
