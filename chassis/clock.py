"""The clock of the shell (`HEARTH_CLOCK`): real, standing, or running at another rate. Rules get its reading as `now`."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

FORM = re.compile(r"^(?P<start>\d{4}-\d\d-\d\dT[^x]+?)(x(?P<rate>\d+(\.\d+)?))?$")


class ClockError(ValueError):
    """`HEARTH_CLOCK` is not `real`, an instant with a zone, or `<instant>x<rate>`."""


class Clock:
    """Tells the time in UTC. `real`; an RFC 3339 instant stands until moved; `<instant>x<rate>` runs from there.

    A clock that was moved to `real` is the real one from then on.
    """

    def __init__(self, setting: str = "real") -> None:
        self._start, self._rate = _parse(setting)
        self._since = time.monotonic()

    @property
    def is_real(self) -> bool:
        """True for the wall clock, which cannot be moved."""
        return self._start is None

    def now(self) -> datetime:
        """The time, in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=self._rate * (time.monotonic() - self._since))

    def move(self, instant: str) -> datetime:
        """Set a standing or running clock to an instant, or to `real`; refused for the real one and backwards."""
        if self._start is None:
            raise ClockError("the real clock cannot be moved; start with HEARTH_CLOCK=<instant>")
        start, _ = _parse(instant)
        if instant == "real" and self.now() <= datetime.now(UTC):
            self._start = None
            return self.now()
        if start is None or start < self.now():
            raise ClockError(f"give an RFC 3339 instant with a zone, not before {self.now().isoformat()}")
        self._start, self._since = start, time.monotonic()
        return start


def _parse(setting: str) -> tuple[datetime | None, float]:
    if setting == "real":
        return None, 1.0
    match = FORM.match(setting)
    try:
        start = datetime.fromisoformat(match["start"]) if match else None
    except ValueError:
        start = None
    if match is None or start is None or start.tzinfo is None:
        raise ClockError("give `real`, an RFC 3339 instant with a zone, or `<instant>x<rate>`")
    return start.astimezone(UTC), float(match["rate"] or 0)
