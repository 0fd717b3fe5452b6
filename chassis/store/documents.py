"""How versions and views look in MongoDB. Facts, outgoing facts and state are msgpack inside BSON: encoded once, fast.

A version: `{_id: 16 bytes entity + 8 bytes number, e, s, f, at, slot, o, facts, out, state, ids, old, last, todo?}`.
A joined version has `upto` and no state; a stub has `stub: true` and nothing else.
A view: `{_id: entity id, s, f, state, ids, old, last, ...what lists and timers search}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chassis.fold.memory import Memory
from chassis.fold.model import FORMAT, UNTIED, Head, Key, Kind, Out, Recorded, Ties, Version
from chassis.fold.ports import Link, Transient

Document = dict[str, Any]

CHUNK_BYTES = 8 << 20
CHUNK_DOCUMENTS = 2_000

encode = msgspec.msgpack.Encoder().encode
_facts = msgspec.msgpack.Decoder(list[Recorded])
_outs = msgspec.msgpack.Decoder(list[Out])
_ties = msgspec.msgpack.Decoder(Ties)


class NewerFormat(Exception):
    """A document was written by a newer release than this code; it is never extended."""


class Torn(Transient):
    """A chain was read while it was compacted, and facts may be missing: read it again."""


def link_id(prefix: bytes, seq: int) -> bytes:
    """The `_id` of a version: ordered by number inside an entity."""
    return prefix + seq.to_bytes(8, "big")


def version_document(version: Version) -> Document:
    """A version as it is inserted."""
    head = version.head
    document: Document = {
        "_id": link_id(head.key.prefix(), head.seq),
        "e": head.key.id,
        "s": head.seq,
        "f": FORMAT,
        "at": version.at,
        "slot": version.slot,
        "o": version.offset,
        "facts": encode(version.facts),
        "state": encode(head.state),
        "ids": head.memory.recent,
        "old": head.memory.older,
        "last": head.last,
    }
    if version.outs:
        document["out"] = encode(version.outs)
    if head.ties is not UNTIED and head.ties != UNTIED:
        document["ties"] = encode(head.ties)
    if version.todo:
        document["todo"] = 1
    return document


def view_document(kind: Kind, head: Head, state: bytes = b"") -> Document:
    """The view of a head: what the next fold needs, and what lists and timers search. `state`: if it is encoded already."""
    due = kind.due(head.state)
    return {
        "_id": head.key.id,
        "s": head.seq,
        "f": head.format,
        "state": state or encode(head.state),
        "ids": head.memory.recent,
        "old": head.memory.older,
        "last": head.last,
        "due": None if due is None else due.at,
        **kind.searched(head.state),
        **({} if head.ties == UNTIED else {"ties": encode(head.ties)}),
    }


def weight(document: Document) -> int:
    """About how many bytes a document has on the wire."""
    return 250 + sum(len(document.get(name, b"")) for name in ("facts", "out", "state", "ids", "old"))


def chunks(documents: list[Document]) -> Iterator[tuple[int, list[Document]]]:
    """Stretches that fit one command, each with the index of its first document."""
    start, bytes_ = 0, 0
    for index, document in enumerate(documents):
        bytes_ += weight(document)
        if index > start and (bytes_ > CHUNK_BYTES or index - start >= CHUNK_DOCUMENTS):
            yield start, documents[start:index]
            start, bytes_ = index, weight(document)
    if documents:
        yield start, documents[start:]


class HeadReader:
    """Makes heads of versions and views of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.state = msgspec.msgpack.Decoder(kind.state)

    def head(self, entity: str, document: Mapping[str, Any]) -> Head:
        """The head in a version or a view."""
        if document["f"] > FORMAT:
            raise NewerFormat(f"{self.kind.name} has format {document['f']}, this release writes {FORMAT}")
        state, memory = self.state.decode(document["state"]), Memory(document["ids"], document["old"])
        ties = _ties.decode(document["ties"]) if "ties" in document else UNTIED
        key = Key(self.kind.name, entity)
        return Head(key, document["s"], state, memory, document["last"], document["f"], ties)


def facts_of(document: Mapping[str, Any]) -> list[Recorded]:
    """The facts a version holds."""
    return _facts.decode(document["facts"]) if document.get("facts") else []


def outs_of(document: Mapping[str, Any]) -> list[Out]:
    """What the facts of a version made the entity say; `cause` is an index into its facts."""
    return _outs.decode(document["out"]) if document.get("out") else []


def uncovered(documents: list[Document]) -> Iterator[Document]:
    """The versions of a chain in order, without those whose facts a joined one before them already holds.

    Raises `Torn` if the chain was compacted while it was read: an emptied version, and before it none with its facts.
    """
    upto = 0
    for document in documents:
        upto = max(upto, document.get("upto", 0))
        if document.get("stub"):
            if document["s"] > upto:
                raise Torn("a chain was compacted while it was read")
        elif document["s"] > upto or "upto" in document:
            yield document


def joined_document(documents: Sequence[Document], upto: int) -> Document:
    """The first version with the facts and outgoing facts of all of them, without state."""
    facts: list[Recorded] = []
    outs: list[Out] = []
    for document in uncovered(list(documents)):
        outs += [Out(o.id, o.cause + len(facts), o.topic, o.key, o.value, o.headers) for o in outs_of(document)]
        facts += facts_of(document)
    first = documents[0]
    return {
        "_id": first["_id"],
        "e": first["e"],
        "s": first["s"],
        "f": first["f"],
        "at": first["at"],
        "upto": max(upto, first.get("upto", 0)),  # another compactor may have joined more meanwhile
        "facts": encode(facts),
        "out": encode(outs),
    }


def link_of(document: Document) -> Link:
    """What compaction needs to know of a version."""
    place = document["s"], document.get("slot", ""), document.get("o", -1)
    held = len(document.get("facts", b"")) + len(document.get("out", b""))
    return Link(*place, "todo" in document, held, document.get("upto", 0), bool(document.get("stub")))
