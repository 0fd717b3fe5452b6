"""Liveness knows a worker that is assigned, behind and not moving from one that waits, rests or has stopped itself."""

import time
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from chassis.stream.worker import STALLED, Worker


def lane(**state: Any) -> Any:
    usual = {
        "failed": False,
        "waits": "",
        "stopped_by": "",
        "busy": True,
        "moved_at": time.monotonic() - STALLED - 1,
        "position": 5,
    }
    return SimpleNamespace(**{**usual, **state})


def worker(**lanes: Any) -> Worker:
    made = Worker.__new__(Worker)
    made._missing = []
    made.lanes = {TP(name, 0): one for name, one in lanes.items()}
    return made


def test_a_lane_with_work_that_does_not_move_is_dead() -> None:
    assert worker(t=lane()).stalled == ["t[0]"]


def test_a_lane_that_waits_for_the_database_is_alive() -> None:
    assert worker(t=lane(waits="database: AutoReconnect in insert")).stalled == []


def test_a_lane_without_work_is_alive_however_long() -> None:
    assert worker(t=lane(busy=False, moved_at=0)).stalled == []


def test_a_lane_that_moved_is_alive() -> None:
    assert worker(t=lane(moved_at=time.monotonic())).stalled == []


def test_a_lane_that_stopped_itself_is_not_ready_but_no_reason_to_restart() -> None:
    one = worker(t=lane(stopped_by="a gap"), u=lane(busy=False))
    assert one.stalled == []
    assert one.stopped == {"t[0]": "a gap"}
    assert one.ready


def test_a_lane_that_failed_is_a_reason_to_restart() -> None:
    assert worker(t=lane(failed=True, stopped_by="KeyError in the lane")).failed == ["t[0]"]
    assert worker(t=lane(stopped_by="a gap")).failed == []


def test_a_lane_that_is_not_open_yet_is_not_ready() -> None:
    assert not worker(t=lane(position=-1)).ready


def test_a_worker_without_one_of_its_topics_is_not_ready_and_says_which() -> None:
    one = worker(t=lane())
    one._missing = ["crm.fact.surveys"]
    assert not one.ready
    assert one.waits == ["topic crm.fact.surveys is missing: `migrate` of its owner makes it"]
