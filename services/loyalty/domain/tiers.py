"""Tiers: reached at once, kept for a grace period when points fall away, then lost one step at a time."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect
from contracts.facts.loyalty import Cause, LoyaltyTierAtRisk, LoyaltyTierChanged, LoyaltyTierRetained, Tier
from services.loyalty.domain import calendar
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import TIERS, Policy


def review_tier(account: Account, now: datetime, policy: Policy) -> Account:
    """The account with the tier its qualifying points give at `now`."""
    account = _without_lapsed(account, now, policy)
    deserved = policy.tier_for(account.qualifying_points)
    if TIERS.index(deserved) >= TIERS.index(account.tier):
        return _set_tier(account, deserved, None)
    if account.grace_until is None:
        return replace(account, grace_until=now + timedelta(days=policy.grace_days))
    if now < account.grace_until:
        return account
    lower = TIERS[TIERS.index(account.tier) - 1]
    return _set_tier(account, lower, None if lower == deserved else now + timedelta(days=policy.grace_days))


def tier_news(before: Account, after: Account, policy: Policy, cause: Cause) -> list[Effect]:
    """What others hear of a tier: reached or lost, in grace, retained."""
    version, points, news = policy.version, after.qualifying_points, list[Any]()
    if after.tier != before.tier:
        news.append(LoyaltyTierChanged(before.tier, after.tier, points, version, cause))
    elif before.grace_until and not after.grace_until:
        news.append(LoyaltyTierRetained(after.tier, points, version, cause))
    if after.grace_until and (after.tier, after.grace_until) != (before.tier, before.grace_until):
        missing = points_to_keep(after, policy)
        news.append(LoyaltyTierAtRisk(after.tier, after.grace_until, missing, points, version, cause))
    return [Effect(type(said).__name__, said) for said in news]


def points_to_keep(account: Account, policy: Policy) -> int:
    """How many qualifying points are missing to keep the tier; 0 when none are."""
    needed = policy.tiers.get(account.tier, 0)
    return max(0, needed - account.qualifying_points)


def tier_due(account: Account, policy: Policy) -> datetime | None:
    """When the tier has to be looked at again by itself; None where only facts can change it."""
    if account.tier == "base":
        return None
    if account.grace_until:
        return account.grace_until
    return calendar.month_end(min(account.qualifying), policy.zone(None)) if account.qualifying else None


def points_to_next_tier(account: Account, policy: Policy) -> tuple[str, int] | None:
    """The next tier and how many qualifying points are missing; None at the top."""
    points = account.qualifying_points
    missing = [(name, threshold - points) for name, threshold in policy.tiers.items() if threshold > points]
    return missing[0] if missing else None


def _without_lapsed(account: Account, now: datetime, policy: Policy) -> Account:
    zone = policy.zone(None)
    month = f"{now.astimezone(zone):%Y-%m}"
    if all(key >= month for key in account.qualifying):
        return account
    return replace(account, qualifying={key: count for key, count in account.qualifying.items() if key >= month})


def _set_tier(account: Account, tier: Tier, grace: datetime | None) -> Account:
    if (tier, grace) == (account.tier, account.grace_until):
        return account
    return replace(account, tier=tier, grace_until=grace)
