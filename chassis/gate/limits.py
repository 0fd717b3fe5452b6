"""How often a principal may ask: a bucket of tokens each, filled at a steady rate. Per process, pure but for its memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

from chassis.errors import TooManyRequests

KEPT = 10_000
"""Principals remembered; who was silent longest is forgotten, which gives them a full bucket."""


class Limit:
    """At most `burst` at once and `per_second` for ever, by name. A rate of 0 limits nothing."""

    def __init__(self, per_second: float, burst: float, monotonic: Callable[[], float], what: str) -> None:
        self.per_second, self.burst, self._monotonic, self.what = per_second, burst, monotonic, what
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, count: int = 1) -> None:
        """Take from the bucket of a name; raises `TooManyRequests` that says when there is enough again."""
        if not self.per_second:
            return
        now = self._monotonic()
        left, at = self._buckets.pop(name, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_second)
        allowed = left >= count
        self._buckets[name] = (left - count if allowed else left, now)
        if len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        if not allowed:
            error = TooManyRequests(f"more {self.what} than {self.burst:g} at once or {self.per_second:g} a second")
            error.retry_after = math.ceil((count - left) / self.per_second)
            raise error
