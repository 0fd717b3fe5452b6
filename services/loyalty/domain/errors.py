"""What an account refuses, named by the fact that is wrong."""

from contracts.errors import Refused


class DebtOutstanding(Refused):
    """Nothing can be spent while points are owed; new points repay them first."""

    code = "debt_outstanding"
    status = 409
    title = "Points are owed, so nothing can be spent"


class InsufficientPoints(Refused):
    """Fewer active points than asked for."""

    code = "insufficient_points"
    status = 409
    title = "There are not enough active points"


class UnknownHold(Refused):
    """No open hold of this id: never made, captured, voided or timed out."""

    code = "unknown_hold"
    status = 404
    title = "There is no such open hold"


class DailyLimit(Refused):
    """An account may set aside and spend only so many points a day: a limit against fraud."""

    code = "daily_limit"
    status = 409
    title = "The account has spent what it may today"


class CaptureOverHold(Refused):
    """More points than the hold set aside."""

    code = "capture_over_hold"
    status = 409
    title = "The hold set fewer points aside"


class UnknownSpend(Refused):
    """No spend of this id that could be refunded: never captured, refunded already, or too long ago."""

    code = "unknown_spend"
    status = 404
    title = "There is no such spend to refund"


class RefundOverSpend(Refused):
    """More points than were spent and not refunded yet."""

    code = "refund_over_spend"
    status = 409
    title = "Fewer points were spent"


class TooManyHolds(Refused):
    """The account has as many open holds as the policy allows."""

    code = "too_many_holds"
    status = 409
    title = "The account has too many open holds"


class TooManyDeals(Refused):
    """The account has as many unsettled deals as an account can hold; a person has to look at it."""

    code = "too_many_deals"
    status = 409
    title = "The account has too many unsettled deals"


class DealFoldedAway(Refused):
    """A settled deal was folded away to keep the account small, and now changes; a person has to look at it."""

    code = "deal_folded_away"
    status = 409
    title = "The deal is settled and no longer held by the account"


class UnknownLot(Refused):
    """The account has no lot of this id, or none of its points can be blocked (or unblocked)."""

    code = "unknown_lot"
    status = 404
    title = "There is no such lot with points to block or unblock"


class UnknownProposal(Refused):
    """No adjustment of this id waits: never proposed, approved, rejected, or too long ago."""

    code = "unknown_adjustment"
    status = 404
    title = "No such adjustment waits for approval"


class SamePerson(Refused):
    """Who proposes an adjustment cannot approve it."""

    code = "same_person"
    status = 409
    title = "Another person has to approve"


class AdjustmentTooLarge(Refused):
    """More points than may be given or taken by hand at once, or none."""

    code = "adjustment_too_large"
    status = 422
    title = "So many points cannot be adjusted by hand"


class TooManyProposals(Refused):
    """As many adjustments wait for approval as an account can hold."""

    code = "too_many_adjustments"
    status = 409
    title = "Too many adjustments of this account wait for approval"


class TransferToOneself(Refused):
    """Sender and receiver are the same member."""

    code = "transfer_to_oneself"
    status = 422
    title = "Nobody transfers points to oneself"


class UnknownOffer(Refused):
    """No offer of this id waits for an answer: never made, answered, withdrawn, or too long ago."""

    code = "unknown_transfer"
    status = 404
    title = "No such transfer waits for an answer"


class UnknownCampaign(Refused):
    """No campaign of this id was ever drafted."""

    code = "unknown_campaign"
    status = 404
    title = "There is no such campaign"


class WrongCampaignState(Refused):
    """The campaign is in a state from which this does not follow."""

    code = "wrong_campaign_state"
    status = 409
    title = "The campaign is not there yet, or beyond that"


class CampaignWithoutBudget(Refused):
    """A campaign has a budget in points, which it never exceeds."""

    code = "campaign_without_budget"
    status = 422
    title = "A campaign needs a budget"


class CampaignDates(Refused):
    """A campaign ends after it starts, and is scheduled before it ends."""

    code = "campaign_dates"
    status = 422
    title = "The dates of the campaign do not go together"


class CampaignValue(Refused):
    """A campaign gives a bonus or a percentage, one of them, to everybody or to some tiers."""

    code = "campaign_value"
    status = 422
    title = "The campaign gives nothing, or two things at once"


class TiersOverlap(Refused):
    """A tier is in two ranges of the campaign, or a range is empty."""

    code = "tiers_overlap"
    status = 422
    title = "The tiers of the campaign overlap"


class InvalidCondition(Refused):
    """The campaign's condition is not an expression that is true or false; the detail begins with line and column."""

    code = "invalid_condition"
    status = 422
    title = "The condition is not valid"


class TooManyCampaigns(Refused):
    """As many campaigns are scheduled as can be."""

    code = "too_many_campaigns"
    status = 409
    title = "Too many campaigns are scheduled"


class UnknownFact(Refused):
    """No fact of this source and id was applied to the account."""

    code = "unknown_fact"
    status = 404
    title = "The account knows no such fact"


class UnknownAccount(Refused):
    """No fact has ever made an account of this id."""

    code = "unknown_account"
    status = 404
    title = "There is no such account"


class InvalidPolicy(Refused):
    """A policy document that cannot be in force."""

    code = "invalid_policy"
    status = 422
    title = "The policy is not valid"
