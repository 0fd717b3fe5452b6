"""Quotas as entities: one chain for each household, agent or device, and month, so that a limit holds whoever asks at once.

The collection is not called `quotas`: the gate counts there what callers were shown.
"""

from typing import Any

from chassis.fold.model import Key, Kind
from services.loyalty.domain.quota import NO_QUOTA, Quota, Scope


def searched(quota: Quota) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"day": quota.day, "used": quota.used}


def key_of(scope: Scope, quota_id: str, day: str) -> Key:
    """Which entity counts on a day for a household's id, an agent's name, or what stands for a device: one a month, because
    an entity remembers each fact that it has applied, for ever.
    """
    return Key("quota", f"{scope}.{day[:7]}.{quota_id}")


QUOTA = Kind("quota", "day_limits", Quota, lambda _id: NO_QUOTA, searched)
