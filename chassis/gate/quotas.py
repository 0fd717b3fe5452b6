"""How much a caller may have of something in an hour or a day: values revealed, records handed out. Pure.

The policy table names quotas `<what>_per_hour` and `<what>_per_day`. What was had is counted in the database, over all
processes of a service and across restarts (`chassis/store/quotas.py`).
"""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


class Window(NamedTuple):
    """The stretch of time in which something counts together: its beginning, and the seconds that are left of it."""

    start: str
    left: int


class Counts(Protocol):
    """Where it is counted what callers had."""

    async def take(self, quota: str, name: str, window: str, count: int, most: int) -> bool:
        """Count it if no more than `most` come together in the window; False: nothing was counted. Raises `Transient`."""
        ...


def span_of(quota: str) -> timedelta | None:
    """How long the window of a quota is; None if its name does not say."""
    return SPANS.get(quota.rpartition("_per_")[2]) if "_per_" in quota else None


def window_of(now: datetime, quota: str) -> Window:
    """The window of a quota at a moment (UTC)."""
    start = now.replace(minute=0, second=0, microsecond=0)
    span = SPANS[quota.rpartition("_per_")[2]]
    start = start.replace(hour=0) if span == SPANS["day"] else start
    return Window(start.isoformat(), max(1, math.ceil((start + span - now).total_seconds())))


def records_in(body: bytes) -> int:
    """How many records an answer hands out: the items of a list, else one."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return 1
    items = found.get("items") if isinstance(found, dict) else None
    return len(items) if isinstance(items, list) else 1
