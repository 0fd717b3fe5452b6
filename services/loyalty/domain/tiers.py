"""Tiers: reached at once, kept for a grace period when points fall away, then lost one step at a time."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.facts.loyalty import Cause, LoyaltyTierChanged, Tier
from services.loyalty.domain import calendar
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import TIERS, Policy


def review_tier(
    account: Account, now: datetime, policy: Policy, cause: Cause
) -> tuple[Account, LoyaltyTierChanged | None]:
    """The account with the tier its qualifying points give at `now`, and the fact if the tier changed."""
    account = _without_lapsed(account, now, policy)
    deserved = policy.tier_for(account.qualifying_points)
    if TIERS.index(deserved) >= TIERS.index(account.tier):
        return _set_tier(account, deserved, None, policy, cause)
    if account.grace_until is None:
        return replace(account, grace_until=now + timedelta(days=policy.grace_days)), None
    if now < account.grace_until:
        return account, None
    lower = TIERS[TIERS.index(account.tier) - 1]
    grace = None if lower == deserved else now + timedelta(days=policy.grace_days)
    return _set_tier(account, lower, grace, policy, cause)


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


def _set_tier(
    account: Account, tier: Tier, grace: datetime | None, policy: Policy, cause: Cause
) -> tuple[Account, LoyaltyTierChanged | None]:
    if tier == account.tier:
        return (replace(account, grace_until=grace) if account.grace_until != grace else account), None
    fact = LoyaltyTierChanged(account.tier, tier, account.qualifying_points, policy.version, cause)
    return replace(account, tier=tier, grace_until=grace), fact
