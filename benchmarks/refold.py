"""`refold`: every customer again from the facts in its chain, compared with the state that is stored.

The chains are read in the order of their ids, so a customer's versions come one after the other; the rules are those of
the worker. No service has a task for this yet: it is what the stored form allows.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

import msgspec

from benchmarks.prepared import policies, prepare
from benchmarks.workload import J1, QUICK, Work
from chassis.main import calm_garbage_collection
from chassis.store import connect
from chassis.store.documents import facts_of
from contracts.language import Language
from services.profile.domain.model import EMPTY, Customer
from services.profile.worker.table import RULES

LANGUAGE, POLICIES = Language("/bench"), policies()


async def measure(work: Work) -> dict[str, float]:
    """Facts a second; every state must be what the fold made of it."""
    database = connect(os.environ["MONGO_URL"])[os.environ["HEARTH_NAMESPACE"] + "_refold"]
    for batches in prepare(work, 0):
        for _, versions, _ in batches:
            await database["chain"].insert_many(versions, ordered=False)
    calm_garbage_collection()
    started = time.perf_counter()
    done = await refold(database["chain"])
    seconds = time.perf_counter() - started
    assert done == work.facts, f"{done} facts of {work.facts}"
    return {"facts_per_second": work.facts / seconds}


async def refold(chain: Any) -> int:
    """Fold all of it; returns the number of facts."""
    count, customer, state, stored = 0, "", EMPTY, b""
    cursor = chain.find({}, {"e": 1, "facts": 1, "state": 1}, batch_size=2_000).sort("_id", 1)
    while batch := await cursor.to_list(2_000):
        for document in batch:
            if document["e"] != customer:
                assert same(state, stored), customer
                customer, state = document["e"], EMPTY
            stored = document["state"]
            for recorded in facts_of(document):
                state = apply(state, LANGUAGE.fact(recorded, customer))
                count += 1
    assert same(state, stored), customer
    return count


def apply(state: Customer, fact: Any) -> Customer:
    """The state after a fact."""
    _, policy = POLICIES.at(fact.recorded_at)
    return RULES[fact.type].apply(state, fact, fact.recorded_at, policy)[0]


def same(state: Customer, stored: bytes) -> bool:
    """Whether a state is what the chain says, byte for byte."""
    return not stored or msgspec.msgpack.encode(state) == stored


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(asyncio.wait_for(measure(QUICK if "--quick" in sys.argv else J1), 600))))
