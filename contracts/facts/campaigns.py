"""What accounts, campaigns and bonuses say to each other; nobody else reads it. `CampaignGranted` moves points of an account,
which says so by `crm.points.earned.v1` and the others, with the campaign in their cause.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.facts.loyalty import Points
from contracts.fields import Code, CustomerId, Id, Moment

EarningKind = Literal["visit", "survey", "suggestion", "deal"]
"""What a campaign adds points to."""
Amount = Annotated[int, Meta(ge=0, le=10**15)]


class CampaignClaimed(FactData, frozen=True):
    """To the bonus of a deal: by all that the account knows now, the campaign owes so many points for the deal, in all.

    `claimed_at` and `number` tell a later claim from an earlier one. `customer` is heeded in the first claim only.
    """

    TYPE = "crm.campaign.claimed.v1"

    campaign_id: Id
    customer: CustomerId
    deal_id: Id
    points: Amount
    claimed_at: Moment
    number: Annotated[int, Meta(ge=1)]
    project_id: Id | None = None

    @property
    def stamp(self) -> tuple[datetime, int]:
        """What orders the claims for one deal."""
        return self.claimed_at, self.number


class CampaignRequested(FactData, frozen=True):
    """To the campaign: so many points of its budget, please. `customer` is who is to be answered; without one, the bonus."""

    TYPE = "crm.campaign.requested.v1"

    grant_id: Id
    kind: EarningKind
    points: Points
    customer: CustomerId | None = None
    about: str = ""
    project_id: Id | None = None


class CampaignAnswered(FactData, frozen=True):
    """To the bonus of a deal: of `asked` points, `points` are the member's; `why` says why not all of them."""

    TYPE = "crm.campaign.answered.v1"

    campaign_id: Id
    asked: Points
    points: Amount
    why: Code


class CampaignReturned(FactData, frozen=True):
    """To the campaign: points that were granted are not needed any more."""

    TYPE = "crm.campaign.returned.v1"

    grant_id: Id
    points: Points


class CampaignGranted(FactData, frozen=True):
    """To the member's account: the campaign has granted `points` in all for one earning, or (0) why none. Of several about
    one grant the one with the largest `number` holds.
    """

    TYPE = "crm.campaign.granted.v1"

    grant_id: Id
    campaign_id: Id
    kind: EarningKind
    points: Amount
    number: Annotated[int, Meta(ge=1)]
    why: Code
    about: str = ""
    project_id: Id | None = None
