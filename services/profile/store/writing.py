"""Decisions are inserts: who comes second learns it by a duplicate key and takes the first one's word."""

from collections.abc import Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from chassis.fold.ports import Transient
from chassis.store.connect import transient

Document = dict[str, Any]
DUPLICATE_KEY = 11000


@transient
async def insert_new(collection: Any, documents: Sequence[Document]) -> set[Any]:
    """Insert what is not there yet; returns the `_id`s that somebody else inserted first."""
    if not documents:
        return set()
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        failed = (error.details or {}).get("writeErrors", [])
        if (error.details or {}).get("writeConcernErrors") or any(one["code"] != DUPLICATE_KEY for one in failed):
            raise Transient("database: an insert was not carried out for all") from None
        return {documents[one["index"]]["_id"] for one in failed}
    return set()


@transient
async def find_all(collection: Any, query: Document, fields: Any = None, limit: int = 0) -> list[Document]:
    """Every document that fits, or at most `limit`."""
    return await collection.find(query, fields, batch_size=10_000, limit=limit).to_list()
