"""Campaigns as entities: their life, and a budget that is never overspent, whoever asks at the same time.

DRAFT → SCHEDULED ↔ PAUSED; all → ENDED. Which campaigns an account asks stands in the policy (`Running`); whether it gets
anything is decided here, one request after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.campaigns import CampaignAnswered, CampaignGranted, CampaignRequested, CampaignReturned
from services.loyalty.domain.campaign import Campaign, check_campaign
from services.loyalty.domain.campaign_errors import CampaignDates, UnknownCampaign, WrongCampaignState
from services.loyalty.domain.policy import Policy

CampaignState = Literal["DRAFT", "SCHEDULED", "PAUSED", "ENDED"]


class Budgeted(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A campaign and its budget. `granted` is all points ever granted, `returned` those that came back, `refused` those that
    were asked for in vain; `grants` counts the requests that got something.
    """

    campaign: Campaign | None = None
    state: CampaignState = "DRAFT"
    granted: int = 0
    returned: int = 0
    refused: int = 0
    grants: int = 0
    exhausted_at: datetime | None = None

    @property
    def used(self) -> int:
        """Points that are with members."""
        return self.granted - self.returned

    @property
    def left(self) -> int:
        """Points that can still be granted."""
        return (self.campaign.budget if self.campaign else 0) - self.used

    def shown(self, now: datetime) -> str:
        """Its state as people see it: what is scheduled is active between its dates, and ended after them."""
        if self.campaign is None or self.state in ("DRAFT", "ENDED"):
            return self.state
        if now >= self.campaign.ends:
            return "ENDED"
        return "ACTIVE" if self.state == "SCHEDULED" and now >= self.campaign.starts else self.state


NO_CAMPAIGN = Budgeted()

Told = tuple[Budgeted, Sequence[Effect]]


def draft_campaign(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Write down what it promises, in place of what the draft promised before; nothing happens before it is scheduled."""
    check_campaign(fact.data.campaign)
    if budgeted.state != "DRAFT":
        raise WrongCampaignState(f"it is {budgeted.state}, and only a DRAFT is changed; end it and draft another one")
    return replace(budgeted, campaign=fact.data.campaign), ()


def schedule_campaign(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """From its first day on it grants points."""
    changed = _go(budgeted, ("DRAFT",), "SCHEDULED")
    if changed.campaign and changed.campaign.ends <= now:
        raise CampaignDates("its last day has passed", "/ends")
    return changed, ()


def pause_campaign(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Grant nothing, from now on until it is resumed."""
    return _go(budgeted, ("SCHEDULED",), "PAUSED"), ()


def resume_campaign(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Grant points again. What was refused meanwhile stays refused."""
    return _go(budgeted, ("PAUSED",), "SCHEDULED"), ()


def end_campaign(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Grant nothing more, for good. What was granted stays with its members; what they return stays in the budget."""
    return _go(budgeted, ("DRAFT", "SCHEDULED", "PAUSED"), "ENDED"), ()


def reserve_budget(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Grant what is asked for, as far as the budget goes: of what is left less, that or nothing, as the campaign says."""
    asked: CampaignRequested = fact.data
    points, why = _grant(budgeted, asked.points)
    changed = replace(
        budgeted,
        granted=budgeted.granted + points,
        refused=budgeted.refused + asked.points - points,
        grants=budgeted.grants + bool(points),
    )
    if not changed.left and changed.exhausted_at is None:
        changed = replace(changed, exhausted_at=fact.time)
    if asked.customer is None:
        answered = CampaignAnswered(fact.subject, asked.points, points, why)
        return changed, [Effect("CampaignAnswered", answered, asked.grant_id, asked.grant_id)]
    granted = CampaignGranted(asked.grant_id, fact.subject, asked.kind, points, 1, why, asked.about, asked.project_id)
    return changed, [Effect("CampaignGranted", granted, asked.grant_id, asked.customer)]


def return_budget(budgeted: Budgeted, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Points came back; somebody else can have them."""
    returned: CampaignReturned = fact.data
    return replace(budgeted, returned=budgeted.returned + returned.points, exhausted_at=None), ()


def _grant(budgeted: Budgeted, wanted: int) -> tuple[int, str]:
    """How many points of those wanted, and why."""
    if budgeted.campaign is None or budgeted.state != "SCHEDULED":
        return 0, f"campaign_{budgeted.state.lower()}"
    if wanted <= budgeted.left:
        return wanted, "campaign_granted"
    if budgeted.left and budgeted.campaign.when_short == "partial":
        return budgeted.left, "campaign_granted_in_part"
    return 0, "campaign_budget_spent"


def _go(budgeted: Budgeted, states: tuple[CampaignState, ...], to: CampaignState) -> Budgeted:
    if budgeted.campaign is None:
        raise UnknownCampaign("draft it first")
    if budgeted.state not in states:
        raise WrongCampaignState(f"it is {budgeted.state}, and would have to be {' or '.join(states)}")
    return replace(budgeted, state=to)
