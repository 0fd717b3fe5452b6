"""What a scrape must ask the database and the broker for: lag, dead letters, the outbox, due work. Nobody asks, no cost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from chassis.fold.ports import Transient
from chassis.seeing import names
from chassis.store.seeing.dead import count_dead

if TYPE_CHECKING:
    from chassis.app import App

log = structlog.get_logger()

PATIENCE = 2.0
"""Seconds a scrape waits; what comes later is in the next one."""

SAMPLED = ("lag", "dead", "outbox", "due")
Values = dict[tuple[str, ...], float]


class Samples:
    """The last answers. While somebody does not answer, what he was asked for is absent, never old."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.found: dict[names.Metric, Values] = {}
        self.failed: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Ask again, unless an earlier question is still waiting; returns after `PATIENCE` at the latest."""
        if self.app.worker is None or not self.app.started:
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask(), name="samples")
        await asyncio.wait([self._task], timeout=PATIENCE)

    async def stop(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self) -> None:
        asked = (self._lag, self._dead, self._outbox, self._due)
        self.found.clear()
        await asyncio.gather(*(self._one(what, ask) for what, ask in zip(SAMPLED, asked, strict=True)))

    async def _one(self, what: str, ask: Callable[[], Awaitable[Mapping[names.Metric, Values]]]) -> None:
        try:
            self.found.update(await ask())
        except Transient as error:
            self.failed[what] += 1
            log.info("a sample waits", what=what, reason=str(error))
        except Exception:
            self.failed[what] += 1
            log.exception("a sample failed", what=what)

    async def _lag(self) -> Mapping[names.Metric, Values]:
        assert self.app.worker is not None
        lanes = {(tp.topic, tp.partition): lane for tp, lane in self.app.worker.lanes.items() if lane.position >= 0}
        ends = await self.app.topics.ends(lanes) if lanes else {}
        now, records, seconds = time.time(), Values(), Values()
        for (topic, partition), lane in lanes.items():
            behind = max(0, ends[topic, partition] - lane.position)
            records[topic, str(partition)] = behind
            seconds[topic, str(partition)] = max(0.0, now - lane.oldest) if behind else 0.0
        return {names.LAG: records, names.LAG_SECONDS: seconds}

    async def _dead(self) -> Mapping[names.Metric, Values]:
        return {names.DEAD_WAITING: {(code,): n for code, n in (await count_dead(self.app.database)).items()}}

    async def _outbox(self) -> Mapping[names.Metric, Values]:
        besides = self.app.definition.unpublished
        found = [await self.app.store.oldest_unfinished(), await besides(self.app) if besides else None]
        return {names.OUTBOX: {(): self._age(found)}}

    async def _due(self) -> Mapping[names.Metric, Values]:
        now = self.app.clock.now()
        found = [at for kind in self.app.kinds async for _, at in self.app.store.due(kind, now, 1)]
        return {names.DUE: {(): self._age(found)}}

    def _age(self, moments: list[Any]) -> float:
        """Seconds since the earliest of these, by Hearth's clock; 0 if there is none."""
        oldest: datetime | None = min(filter(None, moments), default=None)
        return 0.0 if oldest is None else max(0.0, (self.app.clock.now() - oldest).total_seconds())
