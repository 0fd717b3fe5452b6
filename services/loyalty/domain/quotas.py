"""Limits against fraud on what households, agents and devices set aside in a day, over all accounts.

A quota decides on a limit as a reward does on its stock: one chain, so that nothing is overspent however many ask. A door
takes from it before it asks the account, and returns what the account refuses. Whatever is unclear stays counted until the
day ends: an attempt whose end nobody saw, and a command that is older than the newest ones a quota remembers.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec.structs import replace

from contracts.errors import Refused
from contracts.fact import Effect, Fact
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.quota import Quota, ReturnQuota, Scope, Share, TakeQuota
from services.loyalty.domain.quota_errors import AgentLimit, DeviceLimit, HouseholdLimit

MOST_SHARES = 128
"""Commands of a day that a quota remembers, the newest: twice as many as one version may take, and it stays small."""

REFUSALS: Mapping[Scope, type[Refused]] = {"household": HouseholdLimit, "agent": AgentLimit, "device": DeviceLimit}

Told = tuple[Quota, Sequence[Effect]]


def take_quota(quota: Quota, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Count a command's points, unless they are counted; raises the limit's refusal if fewer are left today."""
    asked: TakeQuota = fact.data
    quota, name = as_of(quota, now, policy), _share(asked)
    known = quota.shares.get(name)
    if known:
        return replace(quota, shares={**quota.shares, name: Share(known.points, known.attempts + 1)}), ()
    limit = limit_of(policy, asked.scope)
    if limit and asked.points > limit - quota.used:
        raise REFUSALS[asked.scope](_why(quota, fact.subject, asked.scope, policy), "/points")
    shares = [*quota.shares.items(), (name, Share(asked.points, 1))][-MOST_SHARES:]
    return replace(quota, used=quota.used + asked.points, shares=dict(shares)), ()


def return_quota(quota: Quota, fact: Fact, now: datetime, policy: Policy) -> Told:
    """An attempt was refused: what was counted for its command is free again, unless another attempt may have succeeded."""
    returned: ReturnQuota = fact.data
    name = _share(returned)
    share = quota.shares.get(name)
    if share is None or quota.day != returned.day:
        return quota, ()
    if share.attempts > 1:
        return replace(quota, shares={**quota.shares, name: Share(share.points, share.attempts - 1)}), ()
    left = {key: each for key, each in quota.shares.items() if key != name}
    return replace(quota, used=quota.used - share.points, shares=left), ()


def limit_of(policy: Policy, scope: Scope) -> int:
    """Points that may be spent in a day within a scope; 0 is no limit."""
    return getattr(policy, f"most_spent_a_day_by_{scope}")


def as_of(quota: Quota, now: datetime, policy: Policy) -> Quota:
    """The quota on the day that `now` is in: a new day has nothing counted. A clock that is behind another one counts on the
    later day.
    """
    day = max(quota.day, day_of(now, policy))
    return quota if day == quota.day else Quota(day)


def day_of(now: datetime, policy: Policy) -> str:
    """The day in the company's time zone."""
    return now.astimezone(policy.zone(None)).date().isoformat()


def ends_at(day: str, policy: Policy) -> datetime:
    """When a day ends in the company's time zone, in UTC."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(following, time(), policy.zone(None)).astimezone(UTC)


def told(quota: Quota, scope: Scope, quota_id: str, now: datetime, policy: Policy) -> dict[str, Any]:
    """What doors tell of a quota: used and left today, in points; without a limit nothing is counted, and `left` is None."""
    quota, limit = as_of(quota, now, policy), limit_of(policy, scope)
    left = max(0, limit - quota.used) if limit else None
    until = ends_at(quota.day, policy)
    named = {"scope": scope, "quota_id": quota_id, "limit": limit}
    return {**named, "used": quota.used, "left": left, "day": quota.day, "until": until}


def _share(command: TakeQuota | ReturnQuota) -> str:
    # The points belong to it: under one idempotency key somebody may ask for few points and for many at the same time.
    return f"{command.command_id} {command.points}"


def _why(quota: Quota, subject: str, scope: Scope, policy: Policy) -> str:
    limit, until = limit_of(policy, scope), ends_at(quota.day, policy)
    which = f" (quota {subject.split('.', 2)[2]})" if scope == "device" else ""
    left = max(0, limit - quota.used)
    return f"the {scope} may spend {limit} points a day{which}: {left} are left until {until:%Y-%m-%dT%H:%M:%SZ}"
