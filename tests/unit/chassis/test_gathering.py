"""How long versions gather before their views are replaced: never at rest, longer the later the lane is, bounded always."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.stream import lanes
from chassis.stream.lanes import GATHERED, LONGEST_PAUSE, VIEW_PAUSE, LaneTask, pause_of_views

LATE = st.floats(-1e6, 1e9)


@given(LATE, LATE)
def test_who_is_later_waits_no_less_and_half_as_long_again_at_most(one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert VIEW_PAUSE <= pause_of_views(early) <= pause_of_views(late) <= LONGEST_PAUSE
    assert pause_of_views(late) <= max(VIEW_PAUSE, late / 2)


class Clock:
    """A clock that only sleeping moves; `busy_for` seconds after the start the lane comes to rest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, late: float, pending: int, busy_for: float) -> None:
        self.now, self.busy_for = 0.0, busy_for
        self.lane: LaneTask = LaneTask.__new__(LaneTask)
        self.lane.oldest, self.lane.busy = -late, busy_for > 0
        self.lane.views = SimpleNamespace(pending=dict.fromkeys(range(pending)))  # type: ignore[assignment]
        monkeypatch.setattr(lanes, "time", SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now))
        monkeypatch.setattr(lanes, "asyncio", SimpleNamespace(sleep=self.sleep))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.lane.busy = self.now < self.busy_for


@pytest.mark.parametrize(
    ("late", "pending", "busy_for", "waited"),
    [
        (0, 10, 0, 0),  # at rest
        (0, 10, 9, VIEW_PAUSE),
        (0, 10, 0.5, 0.5),  # it comes to rest
        (4, 10, 9, 4),  # at the end 8 seconds late: half of that
        (3600, 10, 9, LONGEST_PAUSE),
        (3600, GATHERED, 9, 0),
    ],
)
async def test_a_lane_waits_for_versions_that_come_together(
    late: float, pending: int, busy_for: float, waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, late, pending, busy_for)
    await clock.lane._gather()
    assert clock.now == pytest.approx(waited, abs=0.03)
