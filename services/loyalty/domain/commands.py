"""What a door or a timer can ask of an account. The fact's id is the command's id, its subject the account."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.facts.loyalty import Tier
from contracts.fields import Code, CustomerId, Id, Label, Moment
from services.loyalty.domain.campaign import Campaign
from services.loyalty.domain.household_commands import HOUSEHOLD_COMMANDS
from services.loyalty.domain.quota import ReturnQuota, TakeQuota

Person = Annotated[str, Meta(min_length=1, max_length=200)]
Points = Annotated[int, Meta(ge=1, le=10**12)]


class HoldPoints(FactData, frozen=True):
    """Set points aside for a redemption. The hold's id is the command's id."""

    TYPE = "loyalty.hold_points.v1"

    points: Points


class CaptureHold(FactData, frozen=True):
    """Spend what a hold set aside: all of it, or only `points`, and what is left comes back."""

    TYPE = "loyalty.capture_hold.v1"

    hold_id: Id
    points: Points | None = None


class VoidHold(FactData, frozen=True):
    """Give back what a hold set aside."""

    TYPE = "loyalty.void_hold.v1"

    hold_id: Id


class RefundSpend(FactData, frozen=True):
    """Take back a spend (a captured hold), or `points` of it: they go back to the lots they came from."""

    TYPE = "loyalty.refund_spend.v1"

    hold_id: Id
    points: Points | None = None


class BlockLot(FactData, frozen=True):
    """Block the active points of a lot, for a `reason` such as fraud_review."""

    TYPE = "loyalty.block_lot.v1"

    lot_id: Id
    reason: Code


class UnblockLot(FactData, frozen=True):
    """Make the blocked points of a lot active again."""

    TYPE = "loyalty.unblock_lot.v1"

    lot_id: Id


class ProposeAdjustment(FactData, frozen=True):
    """Give points by hand, or (negative) take them, for a `reason` such as goodwill. `by` is the issuer's name of who asks."""

    TYPE = "loyalty.propose_adjustment.v1"

    points: Annotated[int, Meta(ge=-(10**9), le=10**9)]
    reason: Code
    by: Person


class ApproveAdjustment(FactData, frozen=True):
    """Book an adjustment that somebody else proposed."""

    TYPE = "loyalty.approve_adjustment.v1"

    adjustment_id: Id
    by: Person


class RejectAdjustment(FactData, frozen=True):
    """Nothing comes of a proposed adjustment."""

    TYPE = "loyalty.reject_adjustment.v1"

    adjustment_id: Id
    by: Person


class OfferTransfer(FactData, frozen=True):
    """Set points aside for another member, who has to agree. The transfer's id is the command's id."""

    TYPE = "loyalty.offer_transfer.v1"

    to: CustomerId
    points: Points


class AcceptTransfer(FactData, frozen=True):
    """The receiver agrees."""

    TYPE = "loyalty.accept_transfer.v1"

    transfer_id: Id


class DeclineTransfer(FactData, frozen=True):
    """The receiver does not agree."""

    TYPE = "loyalty.decline_transfer.v1"

    transfer_id: Id


class SubmitReferral(FactData, frozen=True):
    """The member (its subject) has brought `referee`, who is interested in a project."""

    TYPE = "loyalty.submit_referral.v1"

    referee: CustomerId
    project_id: Id | None = None


class DefineReward(FactData, frozen=True):
    """Put a reward into the catalogue, or change it; pieces already reserved keep their price. Its subject is the reward."""

    TYPE = "loyalty.define_reward.v1"

    name: Label
    price: Points
    tier: Tier = "base"
    offered: bool = True


class ChangeStock(FactData, frozen=True):
    """Pieces came (or, negative, went) that nobody has redeemed. Its subject is the reward."""

    TYPE = "loyalty.change_stock.v1"

    by: Annotated[int, Meta(ge=-(10**9), le=10**9)]


class RedeemReward(FactData, frozen=True):
    """Have a piece of a reward, for so many points, the price that the member has seen. The redemption's id is the command's
    id.
    """

    TYPE = "loyalty.redeem_reward.v1"

    reward_id: Id
    points: Points


class FulfilRedemption(FactData, frozen=True):
    """Somebody has begun to hand a redemption out."""

    TYPE = "loyalty.fulfil_redemption.v1"

    redemption_id: Id


class DeliverRedemption(FactData, frozen=True):
    """The member has it."""

    TYPE = "loyalty.deliver_redemption.v1"

    redemption_id: Id


class CancelRedemption(FactData, frozen=True):
    """Not delivered, and it will not be: the points come back, and the piece."""

    TYPE = "loyalty.cancel_redemption.v1"

    redemption_id: Id


class RefundRedemption(FactData, frozen=True):
    """Delivered, and given back or complained of: the points come back; the piece, if it is good, by a change of stock."""

    TYPE = "loyalty.refund_redemption.v1"

    redemption_id: Id


class DraftCampaign(FactData, frozen=True):
    """Write down what a campaign promises. Its subject is the campaign, whose id is that of the first such command."""

    TYPE = "loyalty.draft_campaign.v1"

    campaign: Campaign


class ScheduleCampaign(FactData, frozen=True):
    """Let a draft come into force. Its subject, and that of the next three, is the campaign."""

    TYPE = "loyalty.schedule_campaign.v1"


class PauseCampaign(FactData, frozen=True):
    """Grant nothing until it is resumed."""

    TYPE = "loyalty.pause_campaign.v1"


class ResumeCampaign(FactData, frozen=True):
    """Grant points again."""

    TYPE = "loyalty.resume_campaign.v1"


class EndCampaign(FactData, frozen=True):
    """Grant nothing more."""

    TYPE = "loyalty.end_campaign.v1"


class Due(FactData, frozen=True):
    """Work that has become due at `due_at`: holds run out, lots expire or will soon, the tier is looked at again,
    a referral lapses.
    """

    TYPE = "loyalty.due.v1"

    kind: Literal["hold_timeout", "lot_expiry", "tier_review", "expiry_warning", "offer_timeout", "referral_lapse"]
    due_at: Moment


COMMANDS = (
    HoldPoints,
    CaptureHold,
    VoidHold,
    TakeQuota,
    ReturnQuota,
    RefundSpend,
    BlockLot,
    UnblockLot,
    ProposeAdjustment,
    ApproveAdjustment,
    RejectAdjustment,
    OfferTransfer,
    AcceptTransfer,
    DeclineTransfer,
    SubmitReferral,
    DefineReward,
    ChangeStock,
    RedeemReward,
    FulfilRedemption,
    DeliverRedemption,
    CancelRedemption,
    RefundRedemption,
    DraftCampaign,
    ScheduleCampaign,
    PauseCampaign,
    ResumeCampaign,
    EndCampaign,
    *HOUSEHOLD_COMMANDS,
    Due,
)
