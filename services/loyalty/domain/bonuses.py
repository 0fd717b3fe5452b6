"""What a campaign gives for one deal: an entity of its own, between the account and the campaign.

What a deal is worth changes with payments, cancellations, merges, and which account knows the deal changes, too. The bonus
hears what is owed in all, asks the campaign for what is missing, returns what is too much, and tells one account, the
first that claimed, what it has in all. So no point of a budget is granted twice, and none returned twice.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.campaigns import (
    CampaignAnswered,
    CampaignClaimed,
    CampaignGranted,
    CampaignRequested,
    CampaignReturned,
)
from services.loyalty.domain.policy import Policy


class Bonus(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`due` points by the last claim, `held` granted and not returned, `asking` asked for and not answered. `number` counts
    what the account was told.
    """

    campaign_id: str = ""
    customer: str = ""
    deal_id: str = ""
    project_id: str | None = None
    claimed: tuple[datetime, int] | None = None
    due: int = 0
    held: int = 0
    asking: int = 0
    number: int = 0


NO_BONUS = Bonus()

Told = tuple[Bonus, Sequence[Effect]]


def claim_bonus(bonus: Bonus, fact: Fact, now: datetime, policy: Policy) -> Told:
    """More is owed, or less. A claim that is older than one heard before says nothing any more."""
    claim: CampaignClaimed = fact.data
    if bonus.claimed and bonus.claimed >= claim.stamp:
        return bonus, ()
    if bonus.claimed is None:
        bonus = replace(
            bonus,
            campaign_id=claim.campaign_id,
            customer=claim.customer,
            deal_id=claim.deal_id,
            project_id=claim.project_id,
        )
    bonus = replace(bonus, due=claim.points, claimed=claim.stamp)
    missing = bonus.due - bonus.held - bonus.asking
    if missing <= 0:
        return _return(bonus, fact, "campaign_taken_back")
    wanted = CampaignRequested(fact.subject, "deal", missing, None, bonus.deal_id, bonus.project_id)
    effect = Effect("CampaignRequested", wanted, fact.subject, bonus.campaign_id)
    return replace(bonus, asking=bonus.asking + missing), [effect]


def settle_bonus(bonus: Bonus, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The campaign has answered. What is refused is asked for again with the next claim, when the next payment comes in."""
    answered: CampaignAnswered = fact.data
    bonus = replace(bonus, asking=bonus.asking - answered.asked, held=bonus.held + answered.points)
    return _return(bonus, fact, answered.why, changed=bool(answered.points or not bonus.number))


def _return(bonus: Bonus, fact: Fact, why: str, changed: bool = False) -> Told:
    """Return what is held without being due, and tell the account if anything has changed."""
    effects: list[Effect] = []
    if (over := bonus.held - bonus.due) > 0:
        changed, bonus = True, replace(bonus, held=bonus.due)
        effects.append(
            Effect("CampaignReturned", CampaignReturned(fact.subject, over), fact.subject, bonus.campaign_id)
        )
    if not changed:
        return bonus, effects
    bonus = replace(bonus, number=bonus.number + 1)
    told = CampaignGranted(
        fact.subject, bonus.campaign_id, "deal", bonus.held, bonus.number, why, bonus.deal_id, bonus.project_id
    )
    return bonus, [*effects, Effect("CampaignGranted", told, str(bonus.number), bonus.customer)]
