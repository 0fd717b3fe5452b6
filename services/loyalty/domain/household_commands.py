"""What a door or a timer can ask about a household. The fact's id is the command's id, its subject the account or household."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import CustomerId, Id, Moment

Points = Annotated[int, Meta(ge=1, le=10**12)]


class FoundHousehold(FactData, frozen=True):
    """Have a household, as its head. Its id is the command's id."""

    TYPE = "loyalty.found_household.v1"


class AcceptHousehold(FactData, frozen=True):
    """Who is invited agrees, as the `member` that the household has invited (None: the first one)."""

    TYPE = "loyalty.accept_household.v1"

    household_id: Id
    member: CustomerId | None = None


class DeclineHousehold(FactData, frozen=True):
    """Who is invited does not agree, named as one who does."""

    TYPE = "loyalty.decline_household.v1"

    household_id: Id
    member: CustomerId | None = None


class ContributePoints(FactData, frozen=True):
    """Give points to the pool, as the `member` that the household knows. The contribution's id is the command's id."""

    TYPE = "loyalty.contribute_points.v1"

    household_id: Id
    member: CustomerId
    points: Points


class InviteToHousehold(FactData, frozen=True):
    """Ask a customer to join; `by` is who asks. The subject of this and the next three is the household."""

    TYPE = "loyalty.invite_to_household.v1"

    by: CustomerId
    member: CustomerId


class RemoveFromHousehold(FactData, frozen=True):
    """Remove a member, or take an invitation back; `by` is who asks."""

    TYPE = "loyalty.remove_from_household.v1"

    by: CustomerId
    member: CustomerId


class LeaveHousehold(FactData, frozen=True):
    """A member leaves. When the head does, who is the last, the household has ended."""

    TYPE = "loyalty.leave_household.v1"

    member: CustomerId


class WithdrawPoints(FactData, frozen=True):
    """Have points out of the pool, as the `member` that the household knows. The withdrawal's id is the command's id."""

    TYPE = "loyalty.withdraw_points.v1"

    member: CustomerId
    points: Points


class HouseholdDue(FactData, frozen=True):
    """Something of a household has become due at `due_at`: points of the pool end, an invitation was not answered."""

    TYPE = "loyalty.household_due.v1"

    kind: Literal["pool_expiry", "invitation_timeout"]
    due_at: Moment


HOUSEHOLD_COMMANDS = (
    FoundHousehold,
    AcceptHousehold,
    DeclineHousehold,
    ContributePoints,
    InviteToHousehold,
    RemoveFromHousehold,
    LeaveHousehold,
    WithdrawPoints,
    HouseholdDue,
)
