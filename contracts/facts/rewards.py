"""Rewards and redemptions: what loyalty publishes of them, and what accounts and rewards say to each other."""

from typing import Literal

from contracts.facts.base import FactData
from contracts.facts.loyalty import Cause, Points, Tier
from contracts.fields import Code, CustomerId, Id

RedemptionState = Literal["HELD", "RELEASED", "CONFIRMED", "FULFILLING", "DELIVERED", "CANCELLED", "REFUNDED"]


class RewardRedeemed(FactData, frozen=True):
    """A piece of the reward is the member's, and its points are spent: the redemption is CONFIRMED."""

    TYPE = "crm.reward.redeemed.v1"

    redemption_id: Id
    reward_id: Id
    points: Points
    policy_version: str
    cause: Cause


class RedemptionChanged(FactData, frozen=True):
    """A redemption began, went on, or ended; `why` says what made it."""

    TYPE = "crm.redemption.changed.v1"

    redemption_id: Id
    reward_id: Id
    state: RedemptionState
    points: Points
    why: Code
    policy_version: str
    cause: Cause


class RewardRequested(FactData, frozen=True):
    """To the reward: a member has set the points aside, for a piece at this price, and is of this tier."""

    TYPE = "crm.reward.requested.v1"

    redemption_id: Id
    customer: CustomerId
    price: Points
    tier: Tier = "base"


class RewardAnswered(FactData, frozen=True):
    """To the account of the member who asked: a piece is reserved, or why not; or, later, that the one reserved is back."""

    TYPE = "crm.reward.answered.v1"

    redemption_id: Id
    reward_id: Id
    customer: CustomerId
    reserved: bool
    why: Code


class RewardReturned(FactData, frozen=True):
    """To the reward: a piece that was reserved for this member is not needed."""

    TYPE = "crm.reward.returned.v1"

    redemption_id: Id
    customer: CustomerId


class RewardDelivered(FactData, frozen=True):
    """To the reward: a piece that was reserved is with the member."""

    TYPE = "crm.reward.delivered.v1"

    redemption_id: Id


class RedemptionConfirmed(FactData, frozen=True):
    """To the account of the member who asked: the points of a redemption are spent, and it stands by it, whoever it is merged
    with.
    """

    TYPE = "crm.redemption.confirmed.v1"

    redemption_id: Id
    reward_id: Id
    points: Points
