"""Step 1 of a batch: records of one slot become facts with their entity, or dead letters; cut where they grow too large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from chassis.fold.model import Key, Rule, cause_of
from chassis.fold.ports import Dead, Language
from chassis.fold.rules import Item

PROGRESS = "crm.progress.v1"
"""The type by which the owner of intake says up to what time it has read; it moves the horizon and changes no entity."""

FACTS_PER_ENTITY = 500
BYTES_PER_ENTITY = 1 << 20
FEW = 16
"""So many facts of one entity never need a cut: a record has at most 64 KiB."""


class Batch(NamedTuple):
    """What was read of a slot from offset `start` up to `end` (exclusive). `size` counts records, passed ones too."""

    slot: str
    start: int
    end: int
    items: tuple[Item, ...]
    dead: tuple[Dead, ...] = ()
    horizon: datetime | None = None
    size: int = 0
    groups: dict[Key, list[Item]] | None = None

    def by_key(self) -> dict[Key, list[Item]]:
        """The facts of each entity, in offset order; made once for a whole batch, it is asked for several times."""
        if self.groups is not None:
            return self.groups
        groups: dict[Key, list[Item]] = {}
        for item in self.items:
            group = groups.get(item.key)
            if group is None:
                groups[item.key] = [item]
            else:
                group.append(item)
        return groups

    def part(self, start: int, end: int) -> Batch:
        """The part between two offsets."""
        return self._replace(
            start=start,
            end=end,
            items=tuple(i for i in self.items if start <= i.offset < end),
            dead=tuple(d for d in self.dead if start <= d.offset < end),
            horizon=self.horizon if end == self.end else None,
            groups=None,
        )

    def halves(self) -> tuple[Batch, Batch]:
        """Two parts with about the same number of facts; needs at least two facts."""
        middle = self.items[len(self.items) // 2].offset
        return self.part(self.start, middle), self.part(middle, self.end)


class Reader:
    """Makes batches of records, with the rule table and the language of one service."""

    def __init__(self, rules: Mapping[str, Rule], language: Language) -> None:
        self.rules = rules
        self.language = language

    def read(self, slot: str, start: int, end: int, records: Iterable[Any]) -> Batch:
        """Decode the records of a slot; never raises for what a record contains."""
        items: list[Item] = []
        dead: list[Dead] = []
        horizon, size = None, 0
        for record in records:
            size += 1
            type_ = self.language.type_of(record.headers, record.value)
            if type_ not in self.rules and type_ != PROGRESS and type_ is not None and self.language.knows(type_):
                continue
            try:
                fact = self.language.decode(record)
                if type_ == PROGRESS:
                    horizon = fact.data.up_to
                    continue
                rule = self.rules[fact.type]
                items.append(Item(record.offset, Key(rule.kind, rule.key(fact)), fact, record.value, record))
            except Exception as error:
                dead.append(dead_record(slot, record, type_ if type_ and self.language.knows(type_) else "", error))
        batch = Batch(slot, start, end, tuple(items), tuple(dead), horizon, size)
        return batch._replace(groups=batch.by_key())


def dead_record(slot: str, record: Any, type_: str, error: Exception) -> Dead:
    """A record that could not be decoded, with the reason; its key may be anything, so only the log has it."""
    return _dead(slot, record.offset, error, type_, "", "", record_bytes(record))


def dead_item(slot: str, item: Item, error: Exception) -> Dead:
    """A fact that its rule refused, with the reason."""
    return _dead(slot, item.offset, error, item.fact.type, cause_of(item.fact), item.key.id, record_bytes(item.record))


def record_bytes(record: Any) -> bytes:
    """What a dead letter keeps of a record: all that it takes to send it again."""
    return b"" if record is None else msgspec.msgpack.encode((record.key, record.value, list(record.headers)))


def record_of(kept: bytes) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of a record that a dead letter kept."""
    return _kept.decode(kept)


_kept = msgspec.msgpack.Decoder(tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]])


def _dead(slot: str, offset: int, error: Exception, type_: str, fact: str, key: str, payload: bytes) -> Dead:
    code = getattr(error, "code", None)
    detail = str(getattr(error, "detail", "") or error) if code else f"the rule raised {type(error).__name__}"
    why = (code or "rule_failed", getattr(error, "pointer", ""), detail)
    return Dead(slot, offset, *why, type_, fact, key, datetime.now(UTC), payload)


def split(batch: Batch) -> Iterator[Batch]:
    """Cut where one entity reaches 500 facts or 1 MB."""
    fits = all(len(group) <= FEW for group in batch.by_key().values())
    start, cuts = batch.start, [] if fits else list(_cuts(batch.items))
    for end in [*cuts, batch.end]:
        yield batch.part(start, end) if cuts else batch
        start = end


def _cuts(items: Sequence[Item]) -> Iterator[int]:
    facts, sizes = Counter[Key](), Counter[Key]()
    for item in items:
        if facts[item.key] >= FACTS_PER_ENTITY or sizes[item.key] + len(item.payload) > BYTES_PER_ENTITY:
            yield item.offset
            facts.clear()
            sizes.clear()
        facts[item.key] += 1
        sizes[item.key] += len(item.payload)
