"""Rewards as entities: one chain each, so a stock is never given out twice; and how the catalogue searches them."""

from typing import Any

from chassis.fold.model import Kind
from chassis.service import Index
from services.loyalty.domain.reward import NO_REWARD, Reward

INDEXES = (Index("rewards", (("offered", 1), ("_id", 1))),)


def searched(reward: Reward) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"offered": reward.offered, "price": reward.price}


REWARD = Kind("reward", "rewards", Reward, lambda _id: NO_REWARD, searched)
