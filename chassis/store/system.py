"""What a service's database holds beside chains: indexes, published policies, the epoch. And due work, dead letters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from chassis.fold.model import Kind
from chassis.policy import PolicyBook, PolicyVersion
from chassis.store.connect import transient

Database = AsyncDatabase[dict[str, Any]]


Wanted = tuple[str, tuple[tuple[str, int], ...], Mapping[str, Any]]
"""An index: collection, fields with direction, options."""


def indexes_of(
    kinds: Iterable[Kind], more: Iterable[tuple[str, tuple[tuple[str, int], ...], Mapping[str, Any] | None]] = ()
) -> Iterator[Wanted]:
    """The indexes that the protocol needs, and those of a service's lists."""
    for kind in kinds:
        chain, slot = kind.collection + ".chain", {"slot": {"$gt": ""}}
        yield chain, (("slot", 1), ("o", 1)), {"name": "slot", "partialFilterExpression": slot}
        yield chain, (("todo", 1),), {"name": "todo", "partialFilterExpression": {"todo": 1}}
        due = {"name": "due_at"}  # a whole one: not every database uses a partial one for a range
        yield kind.collection, (("due", 1),), due
    yield "slots", (("topic", 1), ("partition", 1)), {"name": "place"}
    yield "dead", (("at", 1),), {"name": "at"}
    yield "dead", (("fact", 1),), {"name": "fact"}
    for collection, fields, where in more:
        yield collection, fields, {"partialFilterExpression": where} if where else {}


@transient
async def ensure_indexes(database: Database, kinds: Iterable[Kind], more: Iterable[Any] = ()) -> None:
    """Make the indexes that are missing. Making one again changes nothing."""
    for collection, fields, options in indexes_of(kinds, more):
        await database[collection].create_index(list(fields), **options)


@transient
async def ping(database: Database) -> None:
    """Ask the database for a sign of life; raises `Transient` if there is none."""
    await database.client.admin.command("ping")


@transient
async def read_epoch(database: Database) -> int:
    """How many times this database was restored."""
    found = await database["slots"].find_one({"_id": "epoch"})
    return 0 if found is None else found["epoch"]


@transient
async def load_policies(
    database: Database, content: Callable[[Mapping[str, Any]], Any], known: Sequence[PolicyVersion] = ()
) -> PolicyBook:
    """All published versions of the policy: those `known`, and what is new. `LookupError`: there is none, or one is not ours."""
    newest = max((version.number for version in known), default=0)
    documents = await database["policies"].find({"_id": {"$gt": newest}}).sort("_id", 1).to_list()
    if not documents and not known:
        raise LookupError("no policy is published: run the role `migrate` first")
    try:
        read = [(d["_id"], d["effective_from"], content({**d["content"], **d.get("beside", {})})) for d in documents]
    except Exception as error:
        raise LookupError(
            f"another release published a policy that this one cannot read ({error}): run that one"
        ) from None
    return PolicyBook([*known, *(PolicyVersion(*version) for version in read)])


@transient
async def publish_policy(database: Database, content: Mapping[str, Any], effective_from: datetime, author: str) -> int:
    """Publish a policy unless the newest version has the same content; returns the number in force for it. What a service
    has published `beside` the content of the newest version stays, and its time is not overtaken.
    """
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    newest = await database["policies"].find_one(sort=[("_id", -1)])
    if newest is not None and newest["digest"] == digest:
        return int(newest["_id"])
    number = 1 if newest is None else int(newest["_id"]) + 1
    made = {
        "_id": number,
        "effective_from": effective_from,
        "author": author,
        "digest": digest,
        "content": dict(content),
    }
    if newest is not None:
        made["effective_from"] = max(effective_from, newest["effective_from"])
        made |= {name: newest[name] for name in ("beside",) if name in newest}
    await database["policies"].insert_one(made)
    return number


@transient
async def find_dead(database: Database, fact: str) -> str:
    """The code under which a fact (by its cause) is among the dead records that were not sent again, or ""."""
    found = await database["dead"].find_one({"fact": fact, "redriven_at": None}, {"code": 1})
    return "" if found is None else str(found["code"])
