"""What loyalty publishes: every movement of points with its ledger entries, debts and tiers.

The entries of one fact sum to zero. Points in the ledger are signed: the program's account goes down when points are
granted, a member's debt is negative.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Code, CustomerId, Id, Moment

LedgerAccount = Literal[
    "program",
    "pending",
    "active",
    "held",
    "debt",
    "redeemed",
    "breakage",
    "reversed",
    "blocked",
    "transferred",
    "campaign",
]
"""Accounts of the ledger; pending, active, held, debt and blocked are the member's. `transferred` sums to zero over all
members, but for transfers that are on their way; `campaign` to minus what budgets of campaigns have given.
"""

Tier = Literal["base", "silver", "gold", "platinum", "diamond"]
Points = Annotated[int, Meta(ge=1, le=10**15)]


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One side of a transaction: `points` (signed) booked on `account`."""

    account: LedgerAccount
    points: int


class LotPart(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`points` of one lot that this fact moved; `expires_at` once the lot is active."""

    lot_id: Id
    points: Points
    expires_at: Moment | None = None


class Cause(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The fact that caused a movement, what it was about (a visit, deal, survey, hold or lot), and the campaign whose budget it
    moved, if one.
    """

    source: str
    id: str
    type: str
    about: str = ""
    campaign: str = ""


class Movement(FactData, frozen=True):
    """Common to all movements of points: how many, by which ledger entries, from or to which lots, and why."""

    points: Points
    entries: Annotated[tuple[Entry, ...], Meta(min_length=2)]
    rule: Code
    why: Code
    policy_version: str
    cause: Cause
    lots: tuple[LotPart, ...]


class PointsEarned(Movement, frozen=True):
    """Points were granted; pending ones can be spent only after release."""

    TYPE = "crm.points.earned.v1"

    state: Literal["active", "pending"] = "active"


class PointsReleased(Movement, frozen=True):
    """Pending points became active."""

    TYPE = "crm.points.released.v1"


class PointsHeld(Movement, frozen=True):
    """Active points were set aside for a redemption."""

    TYPE = "crm.points.held.v1"

    hold_id: Id
    held_until: Moment


class PointsSpent(Movement, frozen=True):
    """Held points were spent."""

    TYPE = "crm.points.spent.v1"

    hold_id: Id


class PointsRefunded(Movement, frozen=True):
    """Points set aside or spent went back to the lots they came from, with their first expiry."""

    TYPE = "crm.points.refunded.v1"

    hold_id: Id


class PointsExpired(Movement, frozen=True):
    """Active points reached the end of their time."""

    TYPE = "crm.points.expired.v1"


class PointsExpiring(FactData, frozen=True):
    """A warning: active points end at `expires_at` unless they are spent. It was due `days` days before."""

    TYPE = "crm.points.expiring.v1"

    points: Points
    expires_at: Moment
    days: Annotated[int, Meta(ge=1, le=366)]
    lots: tuple[LotPart, ...]
    policy_version: str
    cause: Cause


class PointsBlocked(Movement, frozen=True):
    """Active points of a lot can be neither spent nor expire until they are unblocked; `reason` is the staff's."""

    TYPE = "crm.points.blocked.v1"

    reason: Code


class PointsUnblocked(Movement, frozen=True):
    """Blocked points are active again; if their end has passed meanwhile, they expire."""

    TYPE = "crm.points.unblocked.v1"


class PointsReversed(Movement, frozen=True):
    """Granted points were taken back, because the reason for them fell away."""

    TYPE = "crm.points.reversed.v1"


class DebtOpened(Movement, frozen=True):
    """Points that had to be taken back were spent already: they are owed, and nothing can be spent until repaid."""

    TYPE = "crm.debt.opened.v1"


class PointsWrittenOff(Movement, frozen=True):
    """Points that had to be taken back were spent already, and the policy does not ask for them: the program bears them."""

    TYPE = "crm.points.written_off.v1"


class DebtRepaid(Movement, frozen=True):
    """New points paid back what was owed."""

    TYPE = "crm.debt.repaid.v1"


class PointsAdjusted(Movement, frozen=True):
    """Points were given, or taken, by hand: one person proposed it, another one approved. Both are the issuer's names."""

    TYPE = "crm.points.adjusted.v1"

    reason: Code
    proposed_by: str
    approved_by: str


class PointsTransferred(Movement, frozen=True):
    """Points went to another member (`out`), or came from one (`in`), with the end they had."""

    TYPE = "crm.points.transferred.v1"

    transfer_id: Id
    direction: Literal["out", "in"]
    with_member: CustomerId


class TransferOffered(FactData, frozen=True):
    """To the receiver's account: points are set aside for it until a time, if the receiver agrees."""

    TYPE = "crm.transfer.offered.v1"

    transfer_id: Id
    sender: CustomerId
    points: Points
    until: Moment


class TransferAnswered(FactData, frozen=True):
    """To the sender's account: the receiver agreed, or did not."""

    TYPE = "crm.transfer.answered.v1"

    transfer_id: Id
    receiver: CustomerId
    accepted: bool


class TransferSettled(FactData, frozen=True):
    """To both accounts: the points (`lots`) go from the sender to the receiver, or, without any, nothing comes of the offer.

    To the sender's account it says that it has sent them: a decision it must stand by, whoever it is merged with.
    """

    TYPE = "crm.transfer.settled.v1"

    transfer_id: Id
    side: Literal["sender", "receiver"]
    with_member: CustomerId
    lots: tuple[LotPart, ...] = ()


class PointsCorrected(Movement, frozen=True):
    """A merge of two customers, or its end, changed what the account must hold; the entries are the difference.

    `points` is the sum of what the entries add.
    """

    TYPE = "crm.points.corrected.v1"


class LoyaltyTierChanged(FactData, frozen=True):
    """The member reached or left a tier. `qualifying` are the qualifying points that decided it."""

    TYPE = "crm.loyalty_tier.changed.v1"

    before: Tier
    after: Tier
    qualifying: int
    policy_version: str
    cause: Cause


class LoyaltyTierAtRisk(FactData, frozen=True):
    """The member's points do not reach the tier any more: it is kept until a day of grace, and `missing` would keep it."""

    TYPE = "crm.loyalty_tier.at_risk.v1"

    tier: Tier
    until: Moment
    missing: Points
    qualifying: int
    policy_version: str
    cause: Cause


class LoyaltyTierRetained(FactData, frozen=True):
    """Within the days of grace the member's points reached the tier again."""

    TYPE = "crm.loyalty_tier.retained.v1"

    tier: Tier
    qualifying: int
    policy_version: str
    cause: Cause
