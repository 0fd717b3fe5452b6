"""What a doctor asks of a database: indexes that are missing, its clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chassis.fold.model import Kind
from chassis.store.connect import transient
from chassis.store.system import Database, indexes_of


@transient
async def missing_indexes(database: Database, kinds: Iterable[Kind], more: Iterable[Any]) -> list[str]:
    """The indexes of this release that are not there, as `collection: fields`."""
    known: dict[str, list[Any]] = {}
    missing: list[str] = []
    for collection, fields, _ in indexes_of(kinds, more):
        if collection not in known:
            known[collection] = [index["key"] for index in (await database[collection].index_information()).values()]
        if [tuple(field) for field in fields] not in [[tuple(field) for field in key] for key in known[collection]]:
            missing.append(f"{collection}: {', '.join(name for name, _ in fields)}")
    return missing


@transient
async def clock_of(database: Database) -> datetime | None:
    """The time by the database's clock; None if it does not say."""
    now: Any = (await database.client.admin.command("hello")).get("localTime")
    return now.replace(tzinfo=UTC) if isinstance(now, datetime) and now.tzinfo is None else now


@transient
async def newest_sealed(database: Database) -> bytes | None:
    """What the newest dead letter holds, sealed; None if there is none."""
    found = await database["dead"].find_one({}, {"payload": 1}, sort=[("at", -1)])
    return None if found is None else bytes(found["payload"])
