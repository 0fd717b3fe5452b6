"""Progress: profile tells every journal partition up to what time all intake has been resolved, once a second.

Timers of all services fire only up to that time, so nothing fires on facts that still wait, and a quiet partition does
not stand still. Facts that are published straight to the journal cannot wait before it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from chassis.app import App
from chassis.fold.model import Due, Key
from contracts.envelope import encode
from contracts.fact import Fact
from contracts.facts.operations import Progress
from services.profile.store.progress import IntakeSlots
from services.profile.worker.identity import identity_of

SOURCE = "/hearth/profile"
KEY = "progress"
SWEEP_EVERY, SWEEP_AFTER = 5, timedelta(seconds=30)
ONLY_MARKERS = 30
"""So many looks at a log whose end does not move, with nothing to do: what is left in it are marks of transactions."""


class Sample(NamedTuple):
    """The end of a log at a time: once it is settled, everything that entered before that time has been resolved."""

    at: datetime
    end: int
    looks: int = 0


class Progressing:
    """What a worker remembers of its partitions of intake from one second to the next."""

    def __init__(self, app: App) -> None:
        self.app, self.identity = app, identity_of(app)
        self.slots = IntakeSlots(app.database, app.definition.relayed)
        self.samples: dict[str, Sample] = {}
        self.ticks = 0

    async def tick(self) -> None:
        """Look how far we are, tell the journal, and now and then finish what died processes left."""
        await self._sample()
        upto = await self._resolved_upto()
        if upto is not None:
            await _say(self.app, upto)
        self.ticks += 1
        if self.ticks % SWEEP_EVERY == 0:
            await self.identity.resolver.sweep(self.app.clock.now() - SWEEP_AFTER)

    async def _sample(self) -> None:
        """Raise the horizons of owned slots that are settled up to where the log ended when it was looked at."""
        now, lanes = self.app.clock.now(), await self._owned()
        ends = await self.app.topics.ends(lanes) if lanes else {}
        reached: dict[datetime, list[str]] = {}
        for place, lane in lanes.items():
            slot = lane.mark.slot
            sample = _looked(self.samples.get(slot), ends[place], now)
            done = lane.position >= sample.end or (lane.quiet and sample.looks >= ONLY_MARKERS)
            if done:
                reached.setdefault(sample.at, []).append(slot)
                self.samples.pop(slot, None)
            else:
                self.samples[slot] = sample
        for at, names in reached.items():
            await self.slots.raise_horizon(names, at)

    async def _owned(self) -> dict[tuple[str, int], Any]:
        """The lanes of intake that are open here, and read the topic that is there now."""
        assert self.app.worker is not None
        relayed = self.app.definition.relayed
        found = await self.app.topics.find(relayed)
        return {
            (place.topic, place.partition): lane
            for place, lane in list(self.app.worker.lanes.items())
            if place.topic in found and lane.position >= 0 and lane.incarnation == found[place.topic].id
        }

    async def _resolved_upto(self) -> datetime | None:
        """Up to when everything that entered, wherever, is in the journal; None while nobody knows, or while a journal
        that was made again has not got all that was in the one before.
        """
        now = self.app.clock.now()
        if self.app.definition.journal in await self.app.resending.lacking():
            return None
        oldest = await self.identity.inbox.oldest_unpublished()
        horizons: dict[tuple[str, int], datetime | None] = {}
        for slot in await self.slots.left():
            if slot.closed:
                await self.identity.resolver.publish(await self.identity.inbox.read_since(slot.name, slot.settled))
                await self.slots.sweep(slot.name)
            else:
                horizons[slot.topic, slot.partition] = slot.horizon
        if _missing(horizons, self.app):
            return None
        return min([now, *(oldest for oldest in [oldest] if oldest), *filter(None, horizons.values())])


@lru_cache(maxsize=8)
def _progressing(app: App) -> Progressing:
    return Progressing(app)


async def each_second(app: App) -> None:
    """What profile's worker does every second."""
    await _progressing(app).tick()


def _looked(before: Sample | None, end: int, now: datetime) -> Sample:
    if before is None:
        return Sample(now, end)
    return before._replace(looks=before.looks + 1 if before.end == end else 0)


def _missing(horizons: Mapping[tuple[str, int], datetime | None], app: App) -> bool:
    """Whether some partition of intake has no horizon yet."""
    plans = app.definition.topics
    return any(
        horizons.get((topic, partition)) is None
        for topic in app.definition.relayed
        for partition in range(plans[topic].partitions)
    )


async def _say(app: App, upto: datetime) -> None:
    """Write one progress record into each journal partition that this worker owns."""
    assert app.worker is not None
    now = app.clock.now()
    for topic, partition in list(app.worker.lanes):
        if topic == app.definition.journal:
            fact = Fact(SOURCE, f"{partition}-{now.isoformat()}", Progress.TYPE, KEY, now, now, Progress(up_to=upto))
            record = encode(fact)
            await app.broker.send_to(topic, partition, record.key, record.value, record.headers)


def make_due(key: Key, due: Due, now: datetime) -> Fact:
    """Customers wait for nothing yet."""
    raise NotImplementedError(f"no timer of kind {due.name} exists for {key.kind}")
