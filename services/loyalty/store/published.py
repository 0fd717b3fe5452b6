"""Campaigns in force are published beside the numbers of the policy: another version of it, which every worker takes up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis.store.connect import transient
from services.loyalty.domain.policy import CAMPAIGNS

Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@transient
async def publish_campaigns(database: Any, change: Change, effective_from: datetime) -> datetime:
    """Publish what `change` makes of the campaigns (by their ids) of the newest version; returns from when it is in force,
    never before a version that is published already. Raises `Transient`.
    """
    while True:
        newest = await database["policies"].find_one(sort=[("_id", -1)])
        beside = newest.get("beside", {})
        before, since = beside.get(CAMPAIGNS, {}), max(newest["effective_from"], effective_from)
        changed = dict(change(before))
        if changed == before:
            return newest["effective_from"]
        following = {"_id": newest["_id"] + 1, "effective_from": since, "author": CAMPAIGNS}
        try:
            await database["policies"].insert_one({**newest, **following, "beside": {**beside, CAMPAIGNS: changed}})
        except DuplicateKeyError:
            continue  # somebody else has published meanwhile
        return since
