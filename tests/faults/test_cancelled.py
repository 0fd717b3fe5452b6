"""Callers of the database that give up, in a process that stands still at times (SIGSTOP, a swapping machine).

Seen in the soak: PyMongo 4.20 waits with `asyncio.wait_for` on conditions; a caller cancelled while such a wait runs out
leaves its lock to a task that nobody waits for, and from then on no call of that client is ever answered.
"""

import asyncio
import random
import time

import pytest

from chassis.fold.ports import Transient
from chassis.store.connect import connect, transient
from chassis.store.system import ping


async def test_a_call_of_the_driver_ends_although_its_caller_was_cancelled() -> None:
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @transient
    async def call() -> None:
        begun.set()
        await go.wait()
        ended.set()

    caller = asyncio.create_task(call())
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go.set()
    await asyncio.wait_for(ended.wait(), 60)


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_a_client_answers_after_callers_gave_up_in_a_process_that_stood_still() -> None:
    """Nobody listens on the port: the right answer is a failure, in time."""
    client, dice = connect("mongodb://127.0.0.1:9/?directConnection=true", 2_000), random.Random(1)
    over = time.monotonic() + 10

    async def impatient() -> None:
        while time.monotonic() < over:
            try:
                await asyncio.wait_for(ping(client.hearth), dice.random())
            except (Transient, TimeoutError):
                continue

    async def standing_still() -> None:
        while time.monotonic() < over:
            await asyncio.sleep(0.5 + dice.random())
            time.sleep(2.2)

    callers = [asyncio.create_task(each) for each in (standing_still(), *(impatient() for _ in range(40)))]
    _, never = await asyncio.wait(callers, timeout=30)
    assert not never, f"{len(never)} callers were never answered"
    with pytest.raises(Transient):
        await asyncio.wait_for(ping(client.hearth), 10)
    await client.close()
