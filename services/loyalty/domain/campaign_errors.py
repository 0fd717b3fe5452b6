"""What campaigns refuse. Codes are stable."""

from contracts.errors import Refused


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
