"""Households: what loyalty publishes of their pools, and what accounts and households say to each other."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.facts.loyalty import LotPart, Movement, Points
from contracts.fields import Code, CustomerId, Id, Moment

MembershipState = Literal["HEAD", "MEMBER", "OUT"]
"""What a customer is to a household, as the household has decided."""

Number = Annotated[int, Meta(ge=1)]
"""What a household says of its members is counted: whoever hears it in another order keeps the newest."""


class PointsPooled(Movement, frozen=True):
    """Points of a member went into the pool of a household (`in`), or came out of it (`out`), with the end they had.

    `movement_id` is the contribution's or the withdrawal's.
    """

    TYPE = "crm.points.pooled.v1"

    movement_id: Id
    direction: Literal["in", "out"]
    household_id: Id


class PoolMoved(Movement, frozen=True):
    """The pool of a household, which is the subject, got points of a member, gave some to one, or lost some that had reached
    their end (then without `movement_id` and `member`).
    """

    TYPE = "crm.pool.moved.v1"

    movement_id: Id | None = None
    member: CustomerId | None = None


class HouseholdFounded(FactData, frozen=True):
    """To the household: it is there, and this is its head."""

    TYPE = "crm.household.founded.v1"

    head: CustomerId


class HouseholdInvited(FactData, frozen=True):
    """To the account of who is invited (`member`): the head of a household asks, and waits until a time."""

    TYPE = "crm.household.invited.v1"

    household_id: Id
    member: CustomerId
    head: CustomerId
    until: Moment
    number: Number


class HouseholdAnswered(FactData, frozen=True):
    """To the household: who was invited agreed, or did not."""

    TYPE = "crm.household.answered.v1"

    member: CustomerId
    accepted: bool


class HouseholdSettled(FactData, frozen=True):
    """To a member's account: what the household has decided that the customer is to it, and why."""

    TYPE = "crm.household.settled.v1"

    household_id: Id
    member: CustomerId
    head: CustomerId
    state: MembershipState
    number: Number
    why: Code


class PoolContributed(FactData, frozen=True):
    """To the household: points of `member`, which have left the account of `customer`, who asked and gets them back if the
    household knows no such member.
    """

    TYPE = "crm.pool.contributed.v1"

    contribution_id: Id
    member: CustomerId
    customer: CustomerId
    lots: Annotated[tuple[LotPart, ...], Meta(min_length=1)]


class PoolAnswered(FactData, frozen=True):
    """To the account that contributed: the household took the points, which the account has to stand by, whoever it is merged
    with; or it did not, they come back, and why.
    """

    TYPE = "crm.pool.answered.v1"

    contribution_id: Id
    household_id: Id
    taken: bool
    lots: Annotated[tuple[LotPart, ...], Meta(min_length=1)]
    why: Code


class PoolPaid(FactData, frozen=True):
    """To a member's account: points out of the pool, with the ends they had."""

    TYPE = "crm.pool.paid.v1"

    withdrawal_id: Id
    household_id: Id
    points: Points
    lots: Annotated[tuple[LotPart, ...], Meta(min_length=1)]
