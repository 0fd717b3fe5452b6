"""The published language as a worker speaks it: records to facts, facts to chains and back, effects to records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from contracts import catalog
from contracts.envelope import decode, encode, encode_data, event_type
from contracts.fact import Effect, Fact
from contracts.merging import BODIES, MOST_BYTES, Absorbed, Declined, Forwarded, Handed, Refolded, Released
from contracts.upcast import Reader, readers_of, stored_data, type_of

Headers = Sequence[tuple[str, bytes]]


def readers_for_bodies(structs: Iterable[type[msgspec.Struct]]) -> dict[str, Reader]:
    """How bodies that are not in the catalog are read."""
    return {name: reader for struct in structs for name, reader in readers_of(struct).items()}


class Language:
    """The language of one service: the catalog's facts, and the service's own commands, which stay in its chains."""

    def __init__(self, source: str, commands: Iterable[type[msgspec.Struct]] = (), namespace: str = "") -> None:
        """`source` is the CloudEvents source of outgoing facts; `namespace` the prefix of topic names."""
        self._source = source
        self._prefix = f"{namespace}." if namespace else ""
        own = readers_for_bodies(commands)
        self._readers = {**catalog.READERS, **_BETWEEN, **own}
        self._self_topic = f"{self._prefix}crm.self.{source.rpartition('/')[2]}"

    def topic(self, name: str) -> str:
        """A topic of the catalog as it is called in this namespace."""
        return self._prefix + name

    def type_of(self, headers: Headers, value: bytes | None) -> str | None:
        """The type that a record names; None if it names none."""
        return event_type(headers, value)

    def knows(self, type_: str) -> bool:
        """Whether the catalog has this type, in any version."""
        return type_ in catalog.READERS or type_ in _BETWEEN

    def decode(self, record: Any) -> Fact:
        """The fact in a record of the log (`key`, `value`, `headers`, `timestamp` in ms); raises `Rejected`."""
        return _decode(record, record.timestamp)

    def heard(self, out: Any) -> Fact:
        """An outgoing fact as its readers decode it."""
        return _decode(out, 1)

    def encode_data(self, data: Any) -> bytes:
        """The canonical bytes of a body, for the chain."""
        return encode_data(data)

    def fact(self, recorded: Any, subject: str = "") -> Fact:
        """A fact of a chain, in its newest form, about `subject`."""
        data = stored_data(recorded.type, recorded.data, self._readers)
        newest = self._readers[recorded.type].newest
        return Fact(recorded.source, recorded.id, newest, subject, recorded.time, recorded.recorded_at, data)

    def forwarded(self, merge: str, fact: Fact) -> Forwarded:
        """The body by which a merged entity hands a fact on."""
        data = encode_data(fact.data)
        return Forwarded(merge, fact.source, fact.id, fact.type, fact.time, fact.recorded_at, data)

    def inner(self, fact: Fact) -> Fact:
        """The fact in a forward, about the forward's subject."""
        return self.fact(fact.data, fact.subject)

    def absorbed(self, merge: str, entity: str, facts: int) -> Absorbed:
        """The body by which a merged entity refers to its first so many facts."""
        return Absorbed(merge, entity, facts)

    def released(self, merge: str) -> Released:
        """The body that says a merge is undone."""
        return Released(merge)

    def handed(self, command: Fact, merge: str, to: str) -> Fact:
        """The fact by which a merged entity hands a command to another."""
        return _about(command, f"{command.id}>{merge}", Handed(merge, to))

    def declined(self, command: Fact, merge: str) -> Fact:
        """The fact by which an entity gives up a command that came to it by a merge."""
        return _about(command, f"{command.id}<{merge}", Declined(merge))

    def refolding(self, run: str, entity: str, now: datetime) -> Fact:
        """The command that folds an entity once more; the same run does it once."""
        return Fact(self._source, run, Refolded.TYPE, entity, now, now, Refolded(run))

    def emit(
        self,
        effect: Effect,
        out_id: str,
        subject: str,
        time: datetime,
        recorded_at: datetime,
        sequence: str,
        previous: str,
    ) -> tuple[str, bytes, bytes, Headers]:
        """An outgoing fact as topic, key, value and headers."""
        fact = Fact(self._source, out_id, type_of(type(effect.data)), subject, time, recorded_at, effect.data)
        own = self._self_topic if fact.type in _BETWEEN else ""
        record = encode(fact, sequence=sequence, previous=previous or None, topic=own)
        return own or self._prefix + record.topic, record.key, record.value, record.headers


def _about(command: Fact, name: str, data: Any) -> Fact:
    return Fact(command.source, name, data.TYPE, command.subject, command.time, command.recorded_at, data)


def _decode(sent: Any, timestamp_ms: int) -> Fact:
    if event_type(sent.headers, None) in _BETWEEN:
        return decode(sent.key, sent.value, sent.headers, timestamp_ms, readers=_BETWEEN, limit=MOST_BYTES)
    return decode(sent.key, sent.value, sent.headers, timestamp_ms)


_BETWEEN = readers_for_bodies(BODIES)
