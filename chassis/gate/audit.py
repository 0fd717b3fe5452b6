"""The audit log: who did what to which thing, why, and from where. Append-only, each entry sealed to the one before it.

An entry's hash is over its content and the hash of the entry before it, so that nothing can be changed, left out or put
in between without every later hash being wrong. Whoever notes the newest hash elsewhere can tell a cut end, too.
Entries hold no personal values: names are the issuer's opaque ids, objects are ids.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from chassis.gate.principal import Principal

FIRST = bytes(32)
"""What the first entry is sealed to."""

LONGEST = 500
"""Characters of a reason, of an id."""

HIDDEN = "(hidden)"
_PERSONAL = re.compile(r"\S+@\S+|\+?\d[\d ()-]{5,}\d[\dXx]?")
"""An address, or a number long enough to be a person's."""

_ID = re.compile(r"(?=.*\d)[A-Za-z0-9._:~-]{1,64}")
"""What an id looks like. One without a digit may be a word, a name."""

_LETTER = re.compile(r"[A-Za-z0-9_+/-]{22}:\d{1,6}@\d{1,19}")
"""A dead letter's: topic's id, partition and offset. It looks like an address, and is none."""

_canonical = msgspec.json.Encoder(order="sorted").encode


class Entry(NamedTuple):
    """One act: at what time (UTC), who (with which roles), from which address, passed on by which service, through which
    door, doing what to what, why, and whether it was `allowed` or `denied`.
    """

    at: datetime
    who: str
    roles: tuple[str, ...]
    address: str
    via: str
    door: str
    operation: str
    what: Mapping[str, str]
    why: str
    outcome: str


class Log(Protocol):
    """Where entries are kept."""

    async def append(self, entry: Entry) -> None:
        """Returns when the entry is durable; raises `Transient` if it may not be."""
        ...


class Broken(NamedTuple):
    """The first entry that does not fit, and what is wrong with it."""

    number: int
    reason: str


def entry_of(at: datetime, by: Principal, door: str, operation: str, what: Mapping[str, str], outcome: str) -> Entry:
    """What is written down of a request; `what` are the ids in it, and `reason` if it gives one."""
    named = {name: _id(value) for name, value in sorted(what.items()) if name != "reason"}
    why = one_line(_PERSONAL.sub(HIDDEN, what.get("reason", "")))
    return Entry(
        at,
        one_line(by.name),
        tuple(map(one_line, sorted(by.roles))),
        by.address,
        by.via,
        door,
        operation,
        named,
        why,
        outcome,
    )


def _id(value: str) -> str:
    """What a request calls an id, if it looks like one and not like a person's number: it may be anything."""
    known = _LETTER.fullmatch(value) or (_ID.fullmatch(value) and not _PERSONAL.fullmatch(value))
    return value if known else HIDDEN


def one_line(text: str) -> str:
    """Text without line breaks or control characters, so that it can never look like an entry of its own."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:LONGEST])


def seal(number: int, entry: Mapping[str, Any], before: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(before + _canonical([number, entry])).digest()


async def check(documents: AsyncIterator[Mapping[str, Any]]) -> tuple[int, bytes, Broken | None]:
    """Follow a chain from its first entry."""
    number, before = 0, FIRST
    async for document in documents:
        content = {name: value for name, value in document.items() if name not in ("_id", "hash")}
        if document["_id"] != number + 1:
            return number, before, Broken(number + 1, "it is missing")
        if bytes(document["hash"]) != seal(document["_id"], content, before):
            return number, before, Broken(number + 1, "it, or the one before it, was changed")
        number, before = document["_id"], bytes(document["hash"])
    return number, before, None
