"""How old versions of a fact become the newest, and how data is read and written as bytes.

A breaking change is a new type name with an upcast beside it: keep the old struct, write a function to the next one.
Rules see only the newest.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec


class Upcast(NamedTuple):
    """One step: `old` is the struct of an older version, `convert` makes the next version's struct of it."""

    old: type[msgspec.Struct]
    convert: Callable[[Any], msgspec.Struct]


class Reader(NamedTuple):
    """How one wire type is read: from JSON, from stored msgpack, and by which steps it becomes `newest`."""

    json: Callable[[bytes | msgspec.Raw], Any]
    stored: Callable[[bytes], Any]
    newest: str
    steps: tuple[Callable[[Any], Any], ...]


Readers = Mapping[str, Reader]


def readers_of(struct: type[msgspec.Struct], upcasts: Iterable[Upcast] = ()) -> dict[str, Reader]:
    """Readers for `struct` and its older versions; `upcasts` go from the oldest to the last before the newest."""
    steps = tuple(upcasts)
    newest = type_of(struct)
    readers = {newest: _reader(struct, newest, ())}
    for position, step in enumerate(steps):
        later = tuple(after.convert for after in steps[position:])
        readers[type_of(step.old)] = _reader(step.old, newest, later)
    return readers


def type_of(struct: type[msgspec.Struct]) -> str:
    """The wire type a struct names in `TYPE`; a struct without one is a mistake of the programmer."""
    name = getattr(struct, "TYPE", "")
    if not name:
        raise TypeError(f"{struct.__name__} has no TYPE")
    return name


def encode_data(data: msgspec.Struct) -> bytes:
    """Canonical bytes of a fact's data (msgpack): equal content gives equal bytes, a field left at its default none."""
    return _encode(data)


def stored_data(type_name: str, raw: bytes, readers: Readers) -> Any:
    """Data from its canonical bytes, brought to the newest version; `type_name` is the type they were stored under."""
    reader = readers[type_name]
    data = reader.stored(raw)
    for step in reader.steps:
        data = step(data)
    return data


def _reader(struct: type[msgspec.Struct], newest: str, steps: tuple[Callable[[Any], Any], ...]) -> Reader:
    json, stored = msgspec.json.Decoder(struct), msgspec.msgpack.Decoder(struct)
    return Reader(json.decode, stored.decode, newest, steps)


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
