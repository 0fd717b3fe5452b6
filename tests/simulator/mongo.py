"""Collections of an in-memory MongoDB whose every call is one step of a scheduler, and may lose its reply.

As MongoDB: a document written is seen by the uniqueness check at once, and by readers (majority) once a majority has it;
what no majority has is lost when the primary changes, and whoever waits for it, or was refused because of it, hears of a
broken connection. Enough of the query language for `services/profile/store`.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from pymongo.errors import AutoReconnect, BulkWriteError

from tests.simulator.world import Step

Document = dict[str, Any]


class Database:
    """Named collections, the dice and what happened."""

    def __init__(self, seed: int, lost_replies: float) -> None:
        self.dice, self.hits, self.lost_replies = random.Random(seed), Counter[str](), lost_replies
        self.collections: dict[str, Collection] = {}

    def __getitem__(self, name: str) -> Collection:
        return self.collections.setdefault(name, Collection(self))

    def commit(self) -> None:
        """A majority has everything written so far."""
        for collection in self.collections.values():
            collection.fresh.clear()

    def roll_back(self) -> None:
        """A new primary: what no majority had is gone."""
        for collection in self.collections.values():
            self.hits["rolled back"] += len(collection.fresh)
            for name in collection.fresh:
                del collection.documents[name]
            collection.fresh.clear()

    def reply(self) -> None:
        """The answer to a call, which may not arrive."""
        if self.dice.random() < self.lost_replies:
            self.hits["lost reply"] += 1
            raise AutoReconnect("reply lost")


class Collection:
    """Documents by `_id`; `fresh` are those that no majority has."""

    def __init__(self, database: Database) -> None:
        self.database, self.documents = database, dict[Any, Document]()
        self.fresh: set[Any] = set()

    def durable(self, query: Mapping[str, Any]) -> list[Document]:
        """What readers see."""
        return [doc for name, doc in self.documents.items() if name not in self.fresh and _fits(doc, query)]

    def find(self, query: Mapping[str, Any], _fields: Any = None, **_options: Any) -> Cursor:
        """The documents that fit."""
        return Cursor(self, query)

    async def find_one(self, query: Mapping[str, Any], _fields: Any = None, **_options: Any) -> Document | None:
        """One that fits."""
        return next(iter(await self.find(query).to_list()), None)

    async def insert_many(self, documents: Sequence[Document], ordered: bool) -> None:
        """Insert those that are free; raises `BulkWriteError` for the others, once a majority has all that was seen."""
        assert not ordered
        errors: list[dict[str, Any]] = []
        seen: list[tuple[Any, Document]] = []
        for index in self.database.dice.sample(range(len(documents)), len(documents)):
            await Step()
            name = documents[index]["_id"]
            if name in self.documents:
                errors.append({"index": index, "code": 11000})
                self.database.hits["came second"] += 1
            else:
                self.documents[name] = copy.deepcopy(documents[index])
                self.fresh.add(name)
            seen.append((name, self.documents[name]))
        await self._majority(seen)
        self.database.reply()
        if errors:
            raise BulkWriteError({"writeErrors": errors})

    async def _majority(self, seen: Iterable[tuple[Any, Document]]) -> None:
        for name, document in seen:
            while name in self.fresh and self.documents.get(name) is document:
                await Step()
            if self.documents.get(name) is not document:
                raise AutoReconnect("the primary changed")

    async def update_many(self, query: Mapping[str, Any], change: Mapping[str, Mapping[str, Any]]) -> None:
        """Set and unset fields of what fits."""
        for document in self.durable(query):
            await Step()
            document |= change.get("$set", {})
            for field in change.get("$unset", {}):
                document.pop(field, None)
        self.database.reply()


class Cursor:
    """The answer to a query, read in one step."""

    def __init__(self, collection: Collection, query: Mapping[str, Any]) -> None:
        self.collection, self.query, self.order, self.most = collection, query, ("", 1), 0

    def sort(self, field: str, direction: int) -> Cursor:
        """In this order."""
        self.order = (field, direction)
        return self

    def limit(self, most: int) -> Cursor:
        """At most so many."""
        self.most = most
        return self

    async def to_list(self) -> list[Document]:
        """All of them."""
        await Step()
        found = copy.deepcopy(self.collection.durable(self.query))
        field, direction = self.order
        if field:
            found.sort(key=lambda document: document[field], reverse=direction < 0)
        self.collection.database.reply()
        return found[: self.most or None]

    async def __aiter__(self) -> AsyncIterator[Document]:
        for document in await self.to_list():
            yield document


def _fits(document: Document, query: Mapping[str, Any]) -> bool:
    return all(
        any(_fits(document, each) for each in wanted) if field == "$or" else _matches(document.get(field), wanted)
        for field, wanted in query.items()
    )


def _matches(value: Any, wanted: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    if not isinstance(wanted, dict):
        return wanted in values
    tests = {
        "$in": lambda some: any(each in some for each in values),
        "$gt": lambda least: value is not None and value > least,
        "$gte": lambda least: value is not None and value >= least,
        "$lt": lambda most: value is not None and value < most,
        "$exists": lambda there: (value is not None) == there,
    }
    return all(tests[name](operand) for name, operand in wanted.items())
