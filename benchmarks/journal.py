"""`journal_to_profile`: facts of the journal until all is durable and every view is replaced, one worker process.

`python -m benchmarks.journal [J2|HOT] [--quick]`; J2 is the work over 200,000 customers, HOT 20,000 facts of one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from benchmarks.workload import Work, asked, publish
from chassis.app import App
from chassis.fold.batch import Reader
from chassis.main import calm_garbage_collection
from chassis.migrate import migrate
from services.profile.app import build
from services.profile.settings import read_settings


async def measure(work: Work) -> dict[str, float]:
    """Publish the work, then let a fresh worker settle and view it; returns facts per second and what it did."""
    calm_garbage_collection()
    app = build(read_settings())
    await migrate(app)
    await asyncio.to_thread(publish, app.settings.kafka_bootstrap, app.definition.journal, work)
    await app.prepare()
    counted = Counting(app)
    await app._work()
    assert app.worker is not None
    settled = await _until(app, work, lambda mark: mark.settled)
    viewed = await _until(app, work, lambda mark: min(mark.settled, mark.viewed))
    figures = {
        "facts_per_second": work.facts / (viewed - counted.started),
        "settled": work.facts / (settled - counted.started),
        "cpu_us_per_fact": 1e6 * (time.process_time() - counted.cpu) / work.facts,
        "applied": app.worker.mounted.counts.applied,
        "versions": counted.versions,
        "views": counted.views,
        "batches": counted.batches,
        "views_per_version": counted.views / counted.versions,
    }
    await app.stop()
    return figures


class Counting:
    """How many versions and views the store was asked to write, and when the first records were there to be decoded."""

    def __init__(self, app: App) -> None:
        self.versions = self.views = self.batches = 0
        self.started = self.cpu = 0.0
        insert, replace, read = app.store.insert, app.store.replace_views, Reader.read

        def timed_read(reader, *arguments):  # type: ignore[no-untyped-def]
            if not self.started:
                self.started, self.cpu = time.perf_counter(), time.process_time()
            return read(reader, *arguments)

        async def counted_insert(versions):  # type: ignore[no-untyped-def]
            self.versions += len(versions)
            self.batches += 1
            return await insert(versions)

        async def counted_replace(heads):  # type: ignore[no-untyped-def]
            heads = list(heads)
            self.views += len(heads)
            return await replace(heads)

        Reader.read = timed_read  # type: ignore[method-assign]
        app.store.insert, app.store.replace_views = counted_insert, counted_replace  # type: ignore[method-assign]


async def _until(app: App, work: Work, place) -> float:  # type: ignore[no-untyped-def]
    assert app.worker is not None
    while True:
        marks = [
            lane.mark and await app.store.watermark(lane.mark.slot)
            for tp, lane in app.worker.lanes.items()
            if tp.topic == app.definition.journal
        ]
        if sum(place(mark) for mark in marks if mark) >= work.facts:
            return time.perf_counter()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    import uvloop

    os.environ.setdefault("HEARTH_LOG_LEVEL", "warning")
    print(json.dumps(uvloop.run(measure(asked(sys.argv)))))
