"""What a campaign promises: to whom, for which earnings, how many points, out of which budget. Data, and what it comes to
for one earning.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from contracts.fact import Fact
from contracts.facts.campaigns import EarningKind
from contracts.facts.loyalty import Tier
from contracts.fields import Label, Moment
from services.loyalty.domain.campaign_errors import CampaignDates, CampaignValue, CampaignWithoutBudget, TiersOverlap
from services.loyalty.domain.model import TIERS, Account

LONGEST_CONDITION = 1000

Count = Annotated[int, Meta(ge=0, le=10**9)]
Budget = Annotated[int, Meta(ge=0, le=10**12)]
WhenShort = Literal["partial", "whole"]
"""What a member gets when less is left than was earned: what is left, or nothing."""


class TierValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What members of the tiers from `lowest` to `highest` get instead."""

    lowest: Tier
    highest: Tier
    bonus: Count = 0
    percent: Count = 0

    @property
    def tiers(self) -> range:
        """Its tiers, by number."""
        return range(TIERS.index(self.lowest), TIERS.index(self.highest) + 1)


class Campaign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """More points for earnings of a `kind` between `starts` and `ends` (the times of the facts): `bonus` points each, or
    `percent` of the points earned (100 doubles them), never more than `budget` in all. `condition` is CEL; empty is always.
    """

    name: Label
    kind: EarningKind
    starts: Moment
    ends: Moment
    budget: Budget = 0
    bonus: Count = 0
    percent: Count = 0
    tiers: Annotated[tuple[TierValue, ...], Meta(max_length=5)] = ()
    condition: Annotated[str, Meta(max_length=LONGEST_CONDITION)] = ""
    when_short: WhenShort = "partial"

    def value(self, tier: Tier) -> tuple[int, int]:
        """Bonus and percent for members of a tier."""
        own = [each for each in self.tiers if TIERS.index(tier) in each.tiers]
        return (own[0].bonus, own[0].percent) if own else (self.bonus, self.percent)


class Running(NamedTuple):
    """A campaign in force: its id, what it promises, its condition compiled (values → whether it holds, or `ConditionFailed`)."""

    id: str
    campaign: Campaign
    holds: Any


class ConditionFailed(Exception):
    """A condition has no value for this fact: a division by zero, say. The message has no data of the fact."""


class Verdict(NamedTuple):
    """What a campaign says of an earning: worth `bonus` points and `percent` of its points, or (both 0) why nothing."""

    campaign_id: str
    bonus: int
    percent: int
    why: str

    def points(self, earned: int) -> int:
        """What it adds to so many points."""
        return self.bonus + earned * self.percent // 100


def check_campaign(campaign: Campaign) -> None:
    """Refuse what cannot be a campaign; whether its condition is an expression is checked where it is compiled."""
    if not campaign.budget:
        raise CampaignWithoutBudget("say how many points it may give in all", "/budget")
    if campaign.starts >= campaign.ends:
        raise CampaignDates("it ends before it starts", "/ends")
    values = [(campaign.bonus, campaign.percent), *((each.bonus, each.percent) for each in campaign.tiers)]
    if any(bonus and percent for bonus, percent in values) or not any(map(any, values)):
        raise CampaignValue("give a bonus or a percentage, for all or for some tiers", "/bonus")
    named = [tier for each in campaign.tiers for tier in each.tiers]
    if len(named) != len(set(named)) or not all(each.tiers for each in campaign.tiers):
        raise TiersOverlap("each tier may be in one range, from lowest to highest", "/tiers")


def judge(running: Running, account: Account, fact: Fact, earned: int) -> Verdict:
    """What a campaign is worth for a fact that earned so many points, as the account was before."""
    why = _against(running, account, fact, earned)
    bonus, percent = (0, 0) if why else running.campaign.value(account.tier)
    return Verdict(
        running.id, bonus, percent, why or ("campaign_applies" if bonus or percent else "campaign_not_for_tier")
    )


def grant_id_of(campaign_id: str, *about: str) -> str:
    """The id of what a campaign grants for one earning: 32 hexadecimal digits."""
    return blake2b("\x1f".join((campaign_id, *about)).encode(), digest_size=16).hexdigest()


def values_of(account: Account, fact: Fact, earned: int) -> dict[str, Any]:
    """What a condition can ask: the fact, the account before it, the points earned. Whatever a fact does not say is "", 0 or
    an empty list. No clock: the time is the fact's.
    """
    return {
        "points": earned,
        "fact.time": fact.time,
        "fact.source": fact.source,
        **{f"fact.{name}": getattr(fact.data, name, None) or empty for name, empty in SAID.items()},
        "fact.price": int(fact.data.price.decimal) if getattr(fact.data, "price", None) else 0,
        "account.tier": account.tier,
        "account.active": account.balances.active,
        "account.pending": account.balances.pending,
        "account.held": account.balances.held,
        "account.owed": account.owed,
        "account.qualifying": account.qualifying_points,
    }


SAID: Mapping[str, Any] = {
    "project_id": "",
    "agent_id": "",
    "channel": "",
    "occasion": "",
    "unit_id": "",
    "instrument": "",
    "stage": "",
    "party_size": 0,
    "rating": 0,
    "units_seen": (),
}
"""Fields of facts that a condition can ask, and what they are where a fact does not say."""


def _against(running: Running, account: Account, fact: Fact, earned: int) -> str:
    campaign = running.campaign
    if not campaign.starts <= fact.time < campaign.ends:
        return "campaign_not_then"
    try:
        holds = running.holds(values_of(account, fact, earned))
    except ConditionFailed:
        return "campaign_condition_failed"
    return "" if holds else "campaign_condition_false"
