"""Work that goes on beside the lanes of a worker: timers, the sweep of unfinished commands, compaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from chassis.clock import Clock
from chassis.fold.compaction import compact
from chassis.fold.doors import Door, Timers
from chassis.fold.model import Head, Key, Kind, waits_for_nothing
from chassis.fold.ports import Transient
from chassis.seeing.tracing import span

log = structlog.get_logger()

TICK = 0.5
AT_ONCE = 16
"""Entities whose timers are fired side by side: most of the time of each is waiting for the database."""
SWEEP_AFTER = timedelta(seconds=30)
COMPACT_EVERY = 64
"""An entity is looked at for compaction whenever its version number reaches a multiple of this."""


class Background:
    """Endless loops, each tolerant of transient failures, each told to stop by cancelling."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Do `work` again and again, with a pause in between."""
        self._tasks.append(asyncio.create_task(self._loop(seconds, name, work), name=name))

    async def _loop(self, seconds: float, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Transient as error:
                log.info("background work waits", work=name, reason=str(error))
            except Exception:
                log.exception("background work failed", work=name)

    async def stop(self) -> None:
        """Cancel all loops and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class TimerLoop:
    """Fires due work of the partitions this worker owns, up to their horizons."""

    def __init__(
        self,
        store: Any,
        timers: Timers,
        kinds: Mapping[str, Kind],
        clock: Clock,
        horizon_of: Callable[[Key], datetime | None],
    ) -> None:
        self.store, self.timers, self.clock, self.horizon_of = store, timers, clock, horizon_of
        self.kinds = [name for name, kind in kinds.items() if kind.due is not waits_for_nothing]
        self.fired = 0

    async def tick(self) -> None:
        """Fire everything that is due, the earliest first, some at once. What cannot be fired here, for its partition is
        somebody else's or stands still, holds up nothing behind it; nor does one entity that fails.
        """
        for kind in self.kinds:
            ready: list[tuple[Key, datetime]] = []
            async for key, due_at in self.store.due(kind, self.clock.now()):
                horizon = self.horizon_of(key)
                if horizon is not None and due_at <= horizon:
                    ready.append((key, horizon))
                if len(ready) == AT_ONCE:
                    await self._fire_all(ready)
                    ready = []
            await self._fire_all(ready)

    async def _fire_all(self, ready: Sequence[tuple[Key, datetime]]) -> None:
        now = self.clock.now()
        fired = await asyncio.gather(*(self._fire(*each, now) for each in ready), return_exceptions=True)
        for failure in (each for each in fired if isinstance(each, BaseException)):
            raise failure

    async def _fire(self, key: Key, horizon: datetime, now: datetime) -> None:
        try:
            with span(f"fire {key.kind}"):
                self.fired += await self.timers.fire(key, horizon, now)
        except Transient:
            raise
        except Exception:
            log.exception("a timer failed", kind=key.kind, entity=key.id)


class Compactor:
    """Compacts entities whose chains grow, a few at a time."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.waiting: dict[Key, None] = {}
        self.joined = 0

    def note(self, head: Head) -> None:
        """A version was written; sometimes that is a reason to look at its chain."""
        if head.seq % COMPACT_EVERY == 0:
            self.waiting[head.key] = None

    async def tick(self) -> None:
        """Compact up to 20 entities."""
        for key in list(self.waiting)[:20]:
            self.joined += await compact(self.store, key)
            del self.waiting[key]


def sweep(door: Door, clock: Clock) -> Callable[[], Awaitable[int]]:
    """Finish commands whose writer died, when they are older than 30 seconds."""

    async def work() -> int:
        return await door.sweep(clock.now() - SWEEP_AFTER)

    return work
