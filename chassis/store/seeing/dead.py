"""Dead letters, for people: what is among them, without what they hold; what somebody changed; what was sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chassis.store.connect import transient
from chassis.store.system import Database

HIDDEN = {"payload": 0, "edits.payload": 0}


class Wanted(NamedTuple):
    """Which letters: of a code, of a type, and whether those too that were sent again."""

    code: str = ""
    type: str = ""
    sent: bool = True

    def query(self) -> dict[str, Any]:
        """As the database is asked."""
        named: dict[str, Any] = {name: value for name, value in (("code", self.code), ("type", self.type)) if value}
        return named if self.sent else {**named, "redriven_at": None}


class Edit(NamedTuple):
    """A change of a letter: the record as it would be sent now, sealed; who made it, why, and when."""

    payload: bytes
    who: str
    why: str
    at: datetime


@transient
async def count_dead(database: Database) -> dict[str, int]:
    """How many dead letters wait, by code; those sent again do not wait."""
    waiting: list[Mapping[str, Any]] = [{"$match": {"redriven_at": None}}]
    found = await database["dead"].aggregate([*waiting, {"$group": {"_id": "$code", "letters": {"$sum": 1}}}])
    return {group["_id"]: group["letters"] async for group in found}


@transient
async def group_dead(database: Database, wanted: Wanted) -> list[dict[str, Any]]:
    """Groups of letters with the same code and type: how many, how many wait, the oldest and newest, one of them."""
    waits = {"$cond": [{"$eq": [{"$ifNull": ["$redriven_at", None]}, None]}, 1, 0]}
    times = {"oldest": {"$min": "$at"}, "newest": {"$max": "$at"}, "example": {"$max": "$_id"}}
    group = {"_id": {"code": "$code", "type": "$type"}, "letters": {"$sum": 1}, "waiting": {"$sum": waits}, **times}
    found = await database["dead"].aggregate(
        [{"$match": wanted.query()}, {"$group": group}, {"$sort": {"letters": -1}}]
    )
    return [{**each.pop("_id"), **each} async for each in found]


@transient
async def list_dead(database: Database, limit: int, wanted: Wanted, after: str | None = None) -> list[dict[str, Any]]:
    """Letters without what they hold: the newest ones, or as they were read those `after` one ("" = from the first)."""
    query, order = wanted.query(), [("at", -1), ("_id", -1)]
    if after is not None:
        slot, _, offset = after.rpartition("@")
        later = {"slot": slot, "offset": {"$gt": int(offset) if offset.isdecimal() else -1}}
        query, order = {**query, "$or": [{"slot": {"$gt": slot}}, later]}, [("slot", 1), ("offset", 1)]
    return [_shown(document) async for document in database["dead"].find(query, HIDDEN).sort(order).limit(limit)]


@transient
async def show_dead(database: Database, letter: str) -> dict[str, Any] | None:
    """One dead letter with the topic and the partition it was read from, without what it holds."""
    document = await database["dead"].find_one({"_id": letter}, HIDDEN)
    if document is None:
        return None
    slot = await database["slots"].find_one({"_id": document["slot"]}) or {}
    return _shown(document) | {"topic": slot.get("topic"), "partition": slot.get("partition")}


@transient
async def kept_dead(database: Database, letter: str) -> tuple[bytes, bytes]:
    """What a letter holds, sealed: as it was read, and as it would be sent now."""
    document = await database["dead"].find_one({"_id": letter}, {"payload": 1, "edits": 1})
    assert document is not None
    return bytes(document["payload"]), _newest(document)


@transient
async def edit_dead(database: Database, letter: str, edit: Edit) -> bool:
    """Add a change to a letter; what was read stays as it was. False if it was sent again already."""
    query, change = {"_id": letter, "redriven_at": None}, {"$push": {"edits": edit._asdict()}}
    return (await database["dead"].update_one(query, change)).modified_count == 1


@transient
async def begin_redrive(database: Database, letter: str) -> bytes:
    """Count an attempt to send a letter again; returns what is to be sent, sealed."""
    document = await database["dead"].find_one_and_update({"_id": letter}, {"$inc": {"attempts": 1}})
    assert document is not None
    return _newest(document)


@transient
async def end_redrive(database: Database, letter: str, now: datetime) -> None:
    """The broker has it."""
    await database["dead"].update_one({"_id": letter}, {"$set": {"redriven_at": now}})


def _newest(document: dict[str, Any]) -> bytes:
    edits = document.get("edits")
    return bytes(edits[-1]["payload"] if edits else document["payload"])


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {"id": document.pop("_id"), "redriven_at": None, "edits": [], **document}
