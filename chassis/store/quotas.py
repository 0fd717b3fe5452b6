"""What callers had of their quotas: one document a caller and quota, of the window they asked in last."""

from __future__ import annotations

from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis.store.connect import transient


class Quotas:
    """The counts of one service."""

    def __init__(self, database: Any) -> None:
        self._counts = database["quotas"]

    @transient
    async def take(self, quota: str, name: str, window: str, count: int, most: int) -> bool:
        """Count it if no more than `most` come together in the window; False: nothing was counted. Raises `Transient`."""
        place = {"_id": f"{quota} {name}"}
        while True:
            room = {**place, "window": {"$gte": window}, "count": {"$lte": most - count}}
            if (await self._counts.update_one(room, {"$inc": {"count": count}})).matched_count:
                return True
            if count > most or await self._counts.find_one({**place, "window": {"$gte": window}}) is not None:
                return False
            await self._begin(place, window)

    async def _begin(self, place: dict[str, str], window: str) -> None:
        """A new window with nothing counted, unless somebody has begun it, or, by a faster clock, the one after it."""
        try:
            await self._counts.update_one(
                {**place, "window": {"$lt": window}}, {"$set": {"window": window, "count": 0}}, upsert=True
            )
        except DuplicateKeyError:
            return
