"""Dead letters, for people: what is among them, without what they hold; and the mark that one was sent again."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from chassis.store.connect import transient
from chassis.store.system import Database


@transient
async def count_dead(database: Database) -> dict[str, int]:
    """How many dead letters wait, by code; those sent again do not wait."""
    return Counter([document["code"] async for document in database["dead"].find({"redriven_at": None}, {"code": 1})])


@transient
async def list_dead(database: Database, limit: int) -> list[dict[str, Any]]:
    """The newest dead letters, without what they hold."""
    newest = database["dead"].find({}, {"payload": 0}).sort([("at", -1), ("_id", -1)])
    return [_shown(document) async for document in newest.limit(limit)]


@transient
async def show_dead(database: Database, letter: str) -> dict[str, Any] | None:
    """One dead letter with the topic and the partition it was read from, without what it holds."""
    document = await database["dead"].find_one({"_id": letter}, {"payload": 0})
    if document is None:
        return None
    slot = await database["slots"].find_one({"_id": document["slot"]}) or {}
    return _shown(document) | {"topic": slot.get("topic"), "partition": slot.get("partition")}


@transient
async def begin_redrive(database: Database, letter: str) -> bytes:
    """Count an attempt to send a letter again; returns what it holds, sealed."""
    document = await database["dead"].find_one_and_update({"_id": letter}, {"$inc": {"attempts": 1}})
    assert document is not None
    return bytes(document["payload"])


@transient
async def end_redrive(database: Database, letter: str, now: datetime) -> None:
    """The broker has it."""
    await database["dead"].update_one({"_id": letter}, {"$set": {"redriven_at": now}})


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {"id": document.pop("_id"), "redriven_at": None, **document}
