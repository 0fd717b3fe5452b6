"""The catalogue: rewards, their price, and a stock that is never given out twice. A reward is an entity of its own; accounts
ask it for a piece, and it answers.

What it hears of a redemption may come twice, or in another order than it was said: a piece is taken once, comes back once,
and not at all to one that had given it back before it asked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import Tier
from contracts.facts.rewards import RewardAnswered, RewardRequested, RewardReturned
from services.loyalty.domain import commands
from services.loyalty.domain.errors import InsufficientStock, UnknownReward
from services.loyalty.domain.marks import MARK_BYTES, has_mark, mark_of, without_mark
from services.loyalty.domain.policy import TIERS, Policy
from services.loyalty.domain.reward import Reward

MOST_OPEN = 5_000
"""Pieces of one reward that may be on their way to members at a time: a reward remembers each, and stays small."""

MOST_ENDED = 1_000
"""Redemptions that gave their piece back and are remembered, so that a request that comes after that takes none."""

Told = tuple[Reward, Sequence[Effect]]


def define_reward(reward: Reward, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Put it into the catalogue, or change it; the stock stays."""
    named: commands.DefineReward = fact.data
    return replace(reward, name=named.name, price=named.price, tier=named.tier, offered=named.offered), ()


def change_stock(reward: Reward, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Pieces came or went; never more than are left."""
    if not reward.price:
        raise UnknownReward("define it first")
    stock = reward.stock + fact.data.by
    if stock < 0:
        raise InsufficientStock(f"{reward.stock} pieces are left", "/by")
    return replace(reward, stock=stock), ()


def reserve_reward(reward: Reward, fact: Fact, now: datetime, policy: Policy) -> Told:
    """A piece for the member who asks, if one is left at the price and for the tier that the member was told; the same answer
    to who has one already.
    """
    asked: RewardRequested = fact.data
    mark = mark_of(asked.redemption_id)
    again = has_mark(reward.open, mark)
    why = "" if again else _against(reward, asked, mark)
    if not again and not why:
        reward = replace(reward, stock=reward.stock - 1, given=reward.given + 1, open=reward.open + mark)
    said = RewardAnswered(asked.redemption_id, fact.subject, asked.customer, not why, why or "reward_reserved")
    return reward, [Effect("RewardAnswered", said, asked.redemption_id, asked.customer)]


def return_reward(reward: Reward, fact: Fact, now: datetime, policy: Policy) -> Told:
    """A piece is back, which the member who asked for it hears, or will not be asked for."""
    returned: RewardReturned = fact.data
    mark = mark_of(returned.redemption_id)
    ended = (without_mark(reward.ended, mark) + mark)[-MOST_ENDED * MARK_BYTES :]
    if not has_mark(reward.open, mark):
        return replace(reward, ended=ended), ()
    said = RewardAnswered(returned.redemption_id, fact.subject, returned.customer, False, "redemption_ended")
    left = without_mark(reward.open, mark)
    after = replace(reward, stock=reward.stock + 1, given=reward.given - 1, open=left, ended=ended)
    return after, [Effect("RewardAnswered", said, returned.redemption_id, returned.customer)]


def deliver_reward(reward: Reward, fact: Fact, now: datetime, policy: Policy) -> Told:
    """A member has it: it cannot come back any more, but as new stock. One that was said to be back is not."""
    mark = mark_of(fact.data.redemption_id)
    gone = int(has_mark(reward.ended, mark) and reward.stock > 0)
    return replace(
        reward,
        stock=reward.stock - gone,
        given=reward.given + gone,
        open=without_mark(reward.open, mark),
        ended=without_mark(reward.ended, mark),
    ), ()


def against(reward: Reward, price: int, tier: Tier) -> str:
    """Why a member of this tier cannot have a piece at this price, as a code; "" if nothing is against it."""
    if not reward.offered:
        return "reward_withdrawn"
    if reward.price != price:
        return "reward_changed"
    if TIERS.index(tier) < TIERS.index(reward.tier):
        return "tier_too_low"
    if len(reward.open) >= MOST_OPEN * MARK_BYTES:
        return "reward_overrun"
    return "" if reward.stock else "reward_sold_out"


def told(reward: Reward, reward_id: str) -> dict[str, Any]:
    """What doors tell of a reward."""
    shown = ("name", "price", "tier", "offered", "stock", "given")
    return {"reward_id": reward_id, **{field: getattr(reward, field) for field in shown}}


def holds_piece(reward: Reward, redemption_id: str) -> bool:
    """Whether a piece is on its way to this redemption."""
    return has_mark(reward.open, mark_of(redemption_id))


def _against(reward: Reward, asked: RewardRequested, mark: bytes) -> str:
    return "redemption_ended" if has_mark(reward.ended, mark) else against(reward, asked.price, asked.tier)
