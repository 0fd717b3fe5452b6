"""How far intake has been resolved: a horizon in the slot of each of its partitions, which only ever rises."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from chassis.store.connect import transient
from services.profile.store.writing import find_all


class IntakeSlot(NamedTuple):
    """A slot of intake: how far it is settled, and up to when everything that entered it has been resolved."""

    name: str
    topic: str
    partition: int
    settled: int
    closed: bool
    horizon: datetime | None


class IntakeSlots:
    """The slots of the intake topics."""

    def __init__(self, database: Any, topics: Iterable[str]) -> None:
        self._slots, self._topics = database["slots"], list(topics)

    async def left(self) -> list[IntakeSlot]:
        """All slots that can still hold something up: open ones, and closed ones whose last events nobody published."""
        query = {"topic": {"$in": self._topics}, "$or": [{"closed": False}, {"swept": {"$exists": False}}]}
        return [
            IntakeSlot(d["_id"], d["topic"], d["partition"], d["settled"], d["closed"], d.get("horizon"))
            for d in await find_all(self._slots, query)
        ]

    @transient
    async def raise_horizon(self, slots: Collection[str], upto: datetime) -> None:
        """Everything that entered these slots before a time has been resolved."""
        await self._slots.update_many({"_id": {"$in": list(slots)}}, {"$max": {"horizon": upto}})

    @transient
    async def sweep(self, slot: str) -> None:
        """What was read of this closed slot is published."""
        await self._slots.update_one({"_id": slot}, {"$set": {"swept": True}})
