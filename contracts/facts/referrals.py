"""Old brings new: what accounts of referrer and referee say to each other, and what became of a referral."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.facts.loyalty import Cause
from contracts.fields import Code, CustomerId, Id, Moment

ReferralState = Literal[
    "SUBMITTED",
    "ACCEPTED",
    "REJECTED",
    "VISITED",
    "SUBSCRIBED",
    "CONTRACTED",
    "QUALIFIED",
    "REWARDED",
    "CLAWED_BACK",
    "LAPSED",
]


class ReferralSubmitted(FactData, frozen=True):
    """To the referee's account: `referrer` says to have brought this customer."""

    TYPE = "crm.referral.submitted.v1"

    referrer: CustomerId
    project_id: Id | None = None


class ReferralSettled(FactData, frozen=True):
    """To the referrer's account: the referral of `referee` is worth `points` more (negative: less) than was said before, and
    is now in `state`; without one, `referee` is not a customer of its own any more.

    Loyalty says it to itself, because one fact changes one account. Points add up; of states, the one that was said last
    holds (`said_at`, then `number`).
    """

    TYPE = "crm.referral.settled.v1"

    referee: CustomerId
    points: Annotated[int, Meta(ge=-(10**9), le=10**9)]
    deal_id: Id
    project_id: Id | None = None
    state: ReferralState | None = None
    reason: Code | None = None
    said_at: Moment | None = None
    number: Annotated[int, Meta(ge=0)] = 0


class ReferralChanged(FactData, frozen=True):
    """The referral of `referee` by this member came to another state; `reason` says why it was REJECTED: existing_customer
    (had visited or bought before), referred_already (by somebody else, not long ago), too_many_claims.
    """

    TYPE = "crm.referral.changed.v1"

    referee: CustomerId
    state: ReferralState
    reason: Code | None
    points: Annotated[int, Meta(ge=0)]
    policy_version: str
    cause: Cause
