"""The published language as a worker speaks it: records to facts, facts to chains and back, effects to records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from contracts import catalog
from contracts.envelope import decode, encode, encode_data, event_type
from contracts.fact import Effect, Fact
from contracts.upcast import readers_of, stored_data, type_of

Headers = Sequence[tuple[str, bytes]]


class Language:
    """The language of one service: the catalog's facts, and the service's own commands, which stay in its chains."""

    def __init__(self, source: str, commands: Iterable[type[msgspec.Struct]] = (), namespace: str = "") -> None:
        """`source` is the CloudEvents source of outgoing facts; `namespace` the prefix of topic names."""
        self._source = source
        self._prefix = f"{namespace}." if namespace else ""
        own = {name: reader for struct in commands for name, reader in readers_of(struct).items()}
        self._readers = {**catalog.READERS, **own}

    def topic(self, name: str) -> str:
        """A topic of the catalog as it is called in this namespace."""
        return self._prefix + name

    def type_of(self, headers: Headers, value: bytes | None) -> str | None:
        """The type that a record names; None if it names none."""
        return event_type(headers, value)

    def knows(self, type_: str) -> bool:
        """Whether the catalog has this type, in any version."""
        return type_ in catalog.READERS

    def decode(self, record: Any) -> Fact:
        """The fact in a record of the log (`key`, `value`, `headers`, `timestamp` in ms); raises `Rejected`."""
        return decode(record.key, record.value, record.headers, record.timestamp)

    def heard(self, out: Any) -> Fact:
        """An outgoing fact as its readers decode it."""
        return decode(out.key, out.value, out.headers, 1)

    def encode_data(self, data: Any) -> bytes:
        """The canonical bytes of a body, for the chain."""
        return encode_data(data)

    def fact(self, recorded: Any) -> Fact:
        """A fact of a chain, in its newest form."""
        data = stored_data(recorded.type, recorded.data, self._readers)
        newest = self._readers[recorded.type].newest
        return Fact(recorded.source, recorded.id, newest, "", recorded.time, recorded.recorded_at, data)

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
        record = encode(fact, sequence=sequence, previous=previous or None)
        return self._prefix + record.topic, record.key, record.value, record.headers
