"""Rewards as entities: one chain each, so a stock is never given out twice; and how the catalogue searches them."""

from typing import Any

from chassis.fold.model import Head, Kind
from chassis.service import Index
from chassis.store.connect import transient
from services.loyalty.domain.reward import NO_REWARD, Reward

INDEXES = (Index("rewards", (("offered", 1), ("_id", 1))),)


def searched(reward: Reward) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"offered": reward.offered, "price": reward.price}


REWARD = Kind("reward", "rewards", Reward, lambda _id: NO_REWARD, searched)


@transient
async def rewards_from(store: Any, offered: bool | None, after: str, limit: int) -> list[Head]:
    """The rewards (as their views say) that follow `after`, by id: those offered, those not, or all."""
    wanted = {"_id": {"$gt": after}, "price": {"$gt": 0}} | ({} if offered is None else {"offered": offered})
    documents = await store.view(REWARD.name).find(wanted).sort("_id", 1).limit(limit).to_list()
    return [store.readers[REWARD.name].head(document["_id"], document) for document in documents]
