"""Quotas as entities: one chain for each household, agent or device, so that a limit holds whoever asks at the same time.

The collection is not called `quotas`: the gate counts there what callers were shown.
"""

from typing import Any

from chassis.fold.model import Key, Kind
from services.loyalty.domain.quota import NO_QUOTA, Quota, Scope


def searched(quota: Quota) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"day": quota.day, "used": quota.used}


def key_of(scope: Scope, quota_id: str) -> Key:
    """Which entity counts for a household's id, an agent's name, or what stands for a device."""
    return Key("quota", f"{scope}.{quota_id}")


QUOTA = Kind("quota", "day_limits", Quota, lambda _id: NO_QUOTA, searched)
