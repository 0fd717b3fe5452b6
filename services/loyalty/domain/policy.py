"""The numbers of loyalty. Files and published documents are checked here; parsing YAML is somebody else's work."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from contracts.facts.loyalty import Tier
from services.loyalty.domain.campaign import Campaign, Running
from services.loyalty.domain.errors import InvalidPolicy
from services.loyalty.domain.model import TIERS

CAMPAIGNS = "campaigns"
"""The part of a published policy that is not in the file: campaigns by their ids."""

Count = Annotated[int, Meta(ge=0, le=10**9)]
Positive = Annotated[int, Meta(ge=1, le=10**9)]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers in force; what each means and where it comes from stands in `policy/loyalty.yaml`."""

    version: Annotated[str, Meta(min_length=1, max_length=40)]
    visit_points: Count
    survey_points: Count
    yuan_per_point: Positive
    referee_points: Count
    referrer_points: Count
    lifetime_months: Annotated[int, Meta(ge=1, le=240)]
    least_days_left: Annotated[int, Meta(ge=0, le=366)]
    hold_minutes: Positive
    most_open_holds: Annotated[int, Meta(ge=1, le=50)]
    shortfall: Literal["debt", "other_lots", "write_off"]
    write_off_limit: Count
    tiers: dict[str, Positive]
    grace_days: Annotated[int, Meta(ge=0, le=366)]
    time_zone: str
    project_time_zones: dict[str, str] = {}
    refund_days: Annotated[int, Meta(ge=0, le=366)] = 90
    expired_refund: Literal["expire", "extend"] = "expire"
    warning_days: tuple[Annotated[int, Meta(ge=1, le=366)], ...] = (60, 15)
    most_spent_a_day: Count = 0
    most_spent_a_day_by_household: Count = 0
    most_spent_a_day_by_agent: Count = 0
    most_spent_a_day_by_device: Count = 0
    suggestion_points: Count = 100
    most_adjusted: Count = 50_000
    adjustment_days: Positive = 14
    transfer_days: Positive = 7
    referral_days: Positive = 90
    most_open_referrals: Positive = 50
    most_members: Annotated[int, Meta(ge=2, le=50)] = 10
    invitation_days: Positive = 7
    campaigns: tuple[Running, ...] = ()
    """Campaigns in force, which are published beside the numbers; those that are paused or over decide it themselves."""

    def __post_init__(self) -> None:
        """Check what spans fields: tiers complete and rising, time zones known."""
        if tuple(self.tiers) != TIERS[1:]:
            raise ValueError(f"tiers must be {', '.join(TIERS[1:])}, in this order")
        thresholds = list(self.tiers.values())
        if thresholds != sorted(set(thresholds)):
            raise ValueError("each tier must need more points than the one before")
        for name in (self.time_zone, *self.project_time_zones.values()):
            _check_zone(name)

    def zone(self, project_id: str | None) -> ZoneInfo:
        """The time zone of a project."""
        return ZoneInfo(self.project_time_zones.get(project_id or "", self.time_zone))

    def tier_for(self, qualifying: int) -> Tier:
        """The highest tier that many qualifying points reach."""
        reached: Tier = "base"
        for tier in TIERS[1:]:
            if qualifying >= self.tiers[tier]:
                reached = tier
        return reached


def policy_from(document: Mapping[str, Any], compile_condition: Callable[[str], Any] | None = None) -> Policy:
    """The policy a parsed document states; raises `InvalidPolicy` naming the field, `InvalidCondition`. Campaigns (by their
    ids) are read by who can compile their conditions.
    """
    numbers = {name: value for name, value in document.items() if name != CAMPAIGNS}
    defined = document.get(CAMPAIGNS, {}) if compile_condition else {}
    try:
        policy, campaigns = msgspec.convert(numbers, Policy), msgspec.convert(defined, dict[str, Campaign])
    except msgspec.ValidationError as error:
        raise InvalidPolicy(str(error)) from None
    if compile_condition is None:
        return policy
    running = tuple(Running(name, each, compile_condition(each.condition)) for name, each in campaigns.items())
    return msgspec.structs.replace(policy, campaigns=running)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown time zone") from None
