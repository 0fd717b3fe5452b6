"""`floor_journal_to_profile`: what the database alone takes for the same versions and views, without any fold.

Per batch: one `find $in`, one `insert_many` of prepared versions; the same number of prepared view replacements.
`python -m benchmarks.floor VIEWS_PER_VERSION [J2] [--quick]`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

from pymongo import ReplaceOne

from benchmarks.prepared import prepare
from benchmarks.workload import Work, asked
from chassis.store import connect


async def lane(chain: Any, views: Any, batches: list[tuple[list[str], list[dict], list[dict]]]) -> None:
    for customers, versions, replacements in batches:
        await views.find({"_id": {"$in": customers}}).to_list()
        await chain.insert_many(versions, ordered=False)
        if replacements:
            await views.bulk_write(
                [ReplaceOne({"_id": v["_id"], "s": {"$lt": v["s"]}}, v, upsert=True) for v in replacements],
                ordered=False,
            )


async def measure(work: Work, views_per_version: float) -> dict[str, float]:
    database = connect(os.environ["MONGO_URL"])[os.environ["HEARTH_NAMESPACE"] + "_floor"]
    chain, views = database["chain"], database["views"]
    await chain.create_index([("slot", 1), ("o", 1)])
    await views.create_index([("due", 1)])
    lanes = prepare(work, views_per_version)
    started = time.perf_counter()
    await asyncio.gather(*(lane(chain, views, batches) for batches in lanes))
    return {"facts_per_second": work.facts / (time.perf_counter() - started)}


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(measure(asked(sys.argv), float(sys.argv[1])))))
