"""`people` and `vault`: each customer's own key, and personal values sealed with it. The only place that knows either.

`people`: `{_id: customer, key: data key under the key-encryption key, fact, at, erased?}`. Without the key nothing of
this customer can be read again. `vault`: `{_id: mark of the fact and its customer, customer, refs, sealed}`: all values of
one person in one fact together, as `{reference: [pointer, value]}`; `refs` are the references, which say nothing.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.seal import NONCE
from chassis.store.connect import transient
from services.profile.store.writing import find_all, insert_new

KEY_BYTES = 32

Keys = dict[str, AESGCM | None]


class Entry(NamedTuple):
    """What one fact says of one person: reference → pointer and value."""

    mark: bytes
    customer: str
    values: Mapping[str, tuple[str, Any]]


class Vault:
    """The vault of a database, under one key-encryption key."""

    def __init__(self, database: Any, kek: bytes) -> None:
        self._people, self._vault, self._kek = database["people"], database["vault"], AESGCM(kek)

    async def keys(self, customers: Collection[str]) -> Keys:
        """The keys of those of these customers whom we know; None for a person who was erased."""
        found = await find_all(self._people, {"_id": {"$in": list(customers)}}) if customers else []
        return {document["_id"]: self._unwrap(document) for document in found}

    async def new_keys(self, customers: Mapping[str, bytes], at: datetime) -> Keys:
        """The keys of customers who seem to be new; `customers` goes to the fact that brings each."""
        made = [
            {"_id": customer, "key": self._wrap(customer), "fact": mark, "at": at}
            for customer, mark in customers.items()
        ]
        lost = await insert_new(self._people, made)
        return {d["_id"]: self._unwrap(d) for d in made if d["_id"] not in lost} | await self.keys(lost)

    async def put(self, entries: Sequence[Entry], keys: Keys) -> None:
        """Keep these, as far as their customers have a key; what is there already stays as it is."""
        sealed = ((entry, keys[entry.customer]) for entry in entries)
        await insert_new(self._vault, [_sealed(entry, key) for entry, key in sealed if key is not None])

    async def reveal(self, customer: str, references: Collection[str]) -> dict[str, Any]:
        """The plain values of a customer's references; those that are not there, or not this customer's, are absent."""
        wanted = set(references)
        key = (await self.keys([customer])).get(customer)
        if key is None or not wanted:
            return {}
        query = {"customer": customer, "refs": {"$in": list(wanted)}}
        return {
            reference: value
            for document in await find_all(self._vault, query)
            for reference, (_, value) in _opened(document, key).items()
            if reference in wanted
        }

    async def everything(self, customers: Collection[str], limit: int) -> list[tuple[str, str, Any]]:
        """Reference, pointer and value of what is kept of these customers, at most `limit` facts; nothing of the erased."""
        keys = await self.keys(customers)
        documents = await find_all(self._vault, {"customer": {"$in": list(customers)}}, limit=limit)
        return [
            (reference, pointer, value)
            for document in documents
            if (key := keys.get(document["customer"])) is not None
            for reference, (pointer, value) in _opened(document, key).items()
        ]

    @transient
    async def destroy(self, customers: Collection[str]) -> dict[str, int]:
        """Destroy the keys of these customers, then what they opened; says how many of each. Doing it again does no harm."""
        names = {"$in": list(customers)}
        gone = {"$set": {"erased": True}, "$unset": {"key": ""}}
        keys = await self._people.update_many({"_id": names, "key": {"$exists": True}}, gone)
        sealed = await self._vault.delete_many({"customer": names})
        return {"keys": keys.modified_count, "sealed": sealed.deleted_count}

    async def count(self, customers: Collection[str]) -> dict[str, int]:
        """How many keys and sealed facts these customers have."""
        sealed = await find_all(self._vault, {"customer": {"$in": list(customers)}}, {"_id": 1})
        return {"keys": sum(key is not None for key in (await self.keys(customers)).values()), "sealed": len(sealed)}

    def _wrap(self, customer: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._kek.encrypt(nonce, os.urandom(KEY_BYTES), customer.encode())

    def _unwrap(self, document: Mapping[str, Any]) -> AESGCM | None:
        wrapped = document.get("key")
        if not wrapped or document.get("erased"):
            return None
        return AESGCM(self._kek.decrypt(wrapped[:NONCE], wrapped[NONCE:], document["_id"].encode()))


def _sealed(entry: Entry, key: AESGCM) -> dict[str, Any]:
    name = entry.mark + entry.customer.encode()
    nonce = os.urandom(NONCE)
    sealed = nonce + key.encrypt(nonce, msgspec.msgpack.encode(entry.values), name)
    return {"_id": name, "customer": entry.customer, "refs": list(entry.values), "sealed": sealed}


def _opened(document: Mapping[str, Any], key: AESGCM) -> dict[str, Any]:
    sealed = document["sealed"]
    return msgspec.msgpack.decode(key.decrypt(sealed[:NONCE], sealed[NONCE:], bytes(document["_id"])))
