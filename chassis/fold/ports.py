"""What the protocol needs from a database, a broker and a language. Adapters: `chassis/store`, `chassis/publish`, the simulator.

Every read is primary and majority, every write majority and journalled. Every call may raise `Transient`, also after its
effect (a lost reply): callers repeat, and everything is made so that repeating is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from chassis.fold.model import Effect, Head, Key, Out, Recorded, Version, Watermark


class Transient(Exception):
    """The database or the broker did not answer as it should; nothing is known about the effect. Try again."""


class Known(NamedTuple):
    """A fact found in a chain: its record, what it made the entity say, and whether a sweep still has to finish it."""

    recorded: Recorded
    outs: tuple[Out, ...]
    seq: int
    todo: bool


class Link(NamedTuple):
    """What compaction needs to know of a version. `upto`: it already holds the facts of versions up to this number."""

    seq: int
    slot: str
    offset: int
    todo: bool
    bytes: int
    upto: int = 0
    stub: bool = False


class Dead(NamedTuple):
    """A record that could not be processed. `payload` is sealed before it is stored; no other field is personal."""

    slot: str
    offset: int
    code: str
    pointer: str
    detail: str
    type: str
    fact: str
    key: str
    at: datetime
    payload: bytes


class Store(Protocol):
    """A service's database."""

    async def views(self, keys: Collection[Key]) -> dict[Key, Head]:
        """The views of these entities; they may be older than the chains, and absent for new ones."""
        ...

    async def heads(self, keys: Collection[Key]) -> dict[Key, Head]:
        """The newest version of each of these entities, from the chain itself."""
        ...

    async def insert(self, versions: Sequence[Version]) -> set[Key]:
        """Insert all versions at once; returns the entities whose sequence number was already taken."""
        ...

    async def recall(self, wanted: Mapping[Key, Collection[str]]) -> dict[tuple[Key, str], Known]:
        """Find facts (by `cause_of`) in the chains of their entities; what is not there is absent from the answer."""
        ...

    async def replace_views(self, heads: Iterable[Head]) -> None:
        """Replace each view that is older than the given head; a newer view stays."""
        ...

    async def bury(self, dead: Sequence[Dead]) -> None:
        """Keep dead records; the same slot and offset a second time changes nothing."""
        ...

    async def watermark(self, slot: str) -> Watermark | None:
        """The stored watermark of a slot."""
        ...

    async def watermarks(self, topic: str, partition: int) -> list[Watermark]:
        """All open slots of a topic's partition: the present incarnation and older ones not closed yet."""
        ...

    async def open_slot(self, mark: Watermark) -> None:
        """Record a new slot; if it is there already, nothing changes."""
        ...

    async def final_table(self) -> int:
        """The rule table that was made final: workers with an older one take no slot. 0 until there is one."""
        ...

    async def set_table(self, slot: str, table: int) -> None:
        """Raise the number of the rule table that may settle a slot; never lowers it."""
        ...

    async def close_slot(self, slot: str) -> None:
        """Mark an older incarnation's slot as closed: everything it settled is published and viewed."""
        ...

    async def advance(self, mark: Watermark, settled: int, horizon: datetime | None, *, viewed: bool = False) -> bool:
        """Move `settled` from exactly this mark (its token included), and `viewed` with it if told so; False, and
        nothing moved, if somebody else moved it.
        """
        ...

    async def mark_viewed(self, slot: str, viewed: int) -> None:
        """Raise `viewed`; never lowers it."""
        ...

    async def touched(self, slot: str, since: int) -> set[Key]:
        """The entities of versions that hold facts of this slot at or after an offset."""
        ...

    async def outs_since(self, slot: str, since: int) -> list[Out]:
        """What the facts of this slot at or after an offset made their entities say."""
        ...

    async def unfinished(self, before: datetime) -> list[tuple[Key, int, tuple[Out, ...]]]:
        """Versions of doors and timers not finished by their writer, older than a time."""
        ...

    async def finish(self, key: Key, seq: int) -> None:
        """Take the `todo` mark off a version."""
        ...

    async def links(self, key: Key, below: int) -> list[Link]:
        """The versions of an entity from the newest joined one on, else from the first, up to a sequence number, oldest
        first, without what they hold. However long a chain is, this much of it is all that compaction looks at.
        """
        ...

    async def join(self, key: Key, seqs: Sequence[int]) -> bool:
        """Move the facts and outgoing facts of these versions into the first of them, which gives up its state.

        By compare-and-set: False, and nothing done, if somebody else joined into the first one meanwhile.
        """
        ...

    async def stub(self, key: Key, seqs: Sequence[int]) -> None:
        """Empty these versions; their `_id` stays taken for ever."""
        ...

    async def history(self, key: Key) -> list[tuple[int, Recorded]]:
        """All facts of an entity with the sequence number of the version that first held them, in the order applied."""
        ...


class Broker(Protocol):
    """What publishes."""

    async def publish(self, outs: Sequence[Out]) -> None:
        """Send these bytes and return when every delivery is reported without error."""
        ...


class Language(Protocol):
    """The published language, as far as the fold must speak it."""

    def type_of(self, headers: Sequence[tuple[str, bytes]], value: bytes | None) -> str | None:
        """The type named by a record, cheaply; None if it names none."""
        ...

    def knows(self, type_: str) -> bool:
        """True if the catalog has this type."""
        ...

    def decode(self, record: Any) -> Any:
        """A record of the log as a fact; raises an error with `code`, `pointer` and a detail without personal data."""
        ...

    def encode_data(self, data: Any) -> bytes:
        """The canonical bytes of a fact's body: the same content always gives the same bytes."""
        ...

    def fact(self, recorded: Recorded, subject: str = "") -> Any:
        """A recorded fact as it was, in its newest form, about `subject`."""
        ...

    def forwarded(self, merge: str, fact: Any) -> Any:
        """The body by which an entity that is merged hands a fact on."""
        ...

    def inner(self, fact: Any) -> Any:
        """The fact in a forward, about the forward's subject."""
        ...

    def absorbed(self, merge: str, entity: str, facts: int) -> Any:
        """The body by which a merged entity refers to its first so many facts."""
        ...

    def released(self, merge: str) -> Any:
        """The body that says a merge is undone."""
        ...

    def handed(self, command: Any, merge: str, to: str) -> Any:
        """The fact by which a merged entity hands a command to another; its id is made of the command and the merge."""
        ...

    def declined(self, command: Any, merge: str) -> Any:
        """The fact by which an entity gives up a command that came to it by a merge."""
        ...

    def emit(
        self,
        effect: Effect,
        out_id: str,
        subject: str,
        time: datetime,
        recorded_at: datetime,
        sequence: str,
        previous: str,
    ) -> tuple[str, bytes, bytes, Sequence[tuple[str, bytes]]]:
        """An outgoing fact as (topic, key, value, headers)."""
        ...


class Policies(Protocol):
    """The numbers people change, by time."""

    def at(self, now: datetime) -> tuple[int, Any]:
        """The version number and the content in force at a time."""
        ...
