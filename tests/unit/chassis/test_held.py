"""What a worker holds is bounded by records, not by partitions: with a backlog of each, memory would grow with them."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from chassis.stream import transport
from chassis.stream.lanes import LaneTask
from chassis.stream.transport import Consumer
from chassis.stream.worker import HELD, Worker


def lane_with(batches: Sequence[Any]) -> LaneTask:
    """A lane that is opened, and works when it is told to."""
    lane = LaneTask.__new__(LaneTask)
    lane.queue, lane._held, lane.stopped_by, lane.worked = asyncio.Queue(), 0, "", []  # type: ignore[attr-defined]
    lane._set_full = lambda _full: None
    for batch in batches:
        lane.offer(batch)
    return lane


async def test_a_lane_holds_what_waits_and_what_is_worked_on_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, go_on = lane_with([range(3), range(5)]), asyncio.Semaphore(0)

    async def opened() -> None:
        """Nothing to open."""

    async def work(_batch: Any) -> None:
        await go_on.acquire()

    async def no_views() -> None:
        """None."""

    lane._open, lane._work, lane._keep_views = opened, work, no_views  # type: ignore[method-assign]
    lane.topic, lane.partition = "journal", 0
    task = asyncio.create_task(lane._run())
    await asyncio.sleep(0)
    assert lane.held == 8
    go_on.release()
    while lane.queue.qsize():
        await asyncio.sleep(0)
    assert lane.held == 5
    lane.stopped_by = "a gap"
    assert lane.held == 0, "what a stopped lane has must not keep the others from being fed"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(("held", "asked"), [(0, True), (HELD - 1, True), (HELD, False), (HELD + 9, False)])
async def test_nothing_is_fetched_while_so_much_is_held(
    held: int, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Any] = []

    async def getmany(_self: Any, wanted: Any, _timeout: float) -> dict[Any, Any]:
        fetched.append(wanted)
        return {}

    async def sleep(_seconds: float) -> None:
        """At once."""

    monkeypatch.setattr(transport.stock.Consumer, "_getmany", getmany)
    consumer: Any = Consumer.__new__(Consumer)
    consumer.full, consumer.sleep = set(), sleep
    worker: Any = SimpleNamespace(lanes={0: SimpleNamespace(held=held - held // 2), 1: SimpleNamespace(held=held // 2)})
    consumer.sated = lambda: Worker._sated(worker)
    assert await consumer._getmany({TP("journal", 0)}, 1.0) == {}
    assert bool(fetched) == asked
