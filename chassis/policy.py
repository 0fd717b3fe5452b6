"""Numbers people change: versions by the time from which they are in force, append-only. Every effect knows its version."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class PolicyVersion(NamedTuple):
    """One published version: its number, from when it is in force (UTC), its content."""

    number: int
    effective_from: datetime
    content: Any


class PolicyBook:
    """All published versions of a service's policy; what is in force at a time is the latest one effective by then."""

    def __init__(self, versions: Sequence[PolicyVersion]) -> None:
        self.renew(versions)

    def renew(self, versions: Sequence[PolicyVersion]) -> None:
        """Take what is published now; whoever holds this book sees it."""
        self._versions = sorted(versions, key=lambda version: (version.effective_from, version.number))
        self._times = [version.effective_from for version in self._versions]

    def at(self, now: datetime) -> tuple[int, Any]:
        """Number and content in force at a time; before the first version, the first."""
        version = self._versions[max(0, bisect_right(self._times, now) - 1) if len(self._times) > 1 else 0]
        return version.number, version.content

    @property
    def versions(self) -> Sequence[PolicyVersion]:
        """All versions, by time."""
        return self._versions


def no_policy() -> PolicyBook:
    """The book of a service whose rules need no numbers."""
    return PolicyBook([PolicyVersion(0, BEGINNING, None)])
