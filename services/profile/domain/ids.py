"""Ids that two copies of a fact make alike, and marks that say nothing without the key."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from contracts.fact import Fact
from contracts.upcast import encode_data

MERGES = UUID("3f1c8a0e-52d7-5a4b-9c61-7d2e4b8f0a15")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK_BYTES = 16


def proposed_id(fact: Fact, pointer: str) -> str:
    """The id a new customer gets from the fact that brought it: a UUIDv7, the same for every copy of the fact."""
    digest = sha256("\n".join((fact.source, fact.id, pointer)).encode()).digest()
    moment = max(0, (fact.time - EPOCH) // timedelta(milliseconds=1)) & 0xFFFFFFFFFFFF
    made = moment.to_bytes(6, "big") + bytes((0x70 | digest[0] & 0x0F, digest[1], 0x80 | digest[2] & 0x3F))
    return str(UUID(bytes=made + digest[3:10]))


def cause_of(fact: Fact) -> str:
    """The identity of a fact for ever, as text."""
    return f"{fact.source} {fact.id}"


def mark_of(source: str, fact_id: str) -> bytes:
    """The identity of a fact for ever, in 16 bytes."""
    return sha256(f"{source}\n{fact_id}".encode()).digest()[:MARK_BYTES]


def blind_index(key: bytes, type_: str, issuer: str, value: str) -> bytes:
    """What stands for a normalised identifier: to be found again, never to be read back."""
    return hmac.digest(key, f"{type_}|{issuer}|{value}".encode(), "sha256")[:MARK_BYTES]


def content_mark(key: bytes, fact: Fact) -> bytes:
    """What stands for what a fact says, so that other content under the same id is noticed; keyed, as phones are few."""
    return hmac.digest(key, b"content|" + fact.type.encode() + b"|" + encode_data(fact.data), "sha256")[:MARK_BYTES]


def merge_id(loser: str, survivor: str, cause: str) -> str:
    """The id of a merge: the same two and the same evidence always give the same."""
    return str(uuid5(MERGES, f"{loser} {survivor} {cause}"))


def told_id(merge: str, kind: str, side: str) -> str:
    """The id of the fact that tells one side of a merge."""
    return str(uuid5(UUID(merge), f"{kind} {side}"))
