"""Quotas in the database: whoever asks at once, in however many processes, gets no more than there is."""

import asyncio

from chassis.store.connect import connect
from chassis.store.quotas import Quotas
from deploy.local import stack

HOUR, NEXT = "2026-03-02T13:00:00+00:00", "2026-03-02T14:00:00+00:00"


async def test_callers_at_once_get_no_more_than_there_is(engines: stack.Engines, namespace: str) -> None:
    clients = [connect(engines.mongo_url) for _ in range(2)]
    try:
        both = [Quotas(client[f"{namespace}_quotas"]) for client in clients]
        taken = await asyncio.gather(*(both[n % 2].take("looks", "ann", HOUR, 3, 50) for n in range(40)))
        assert sum(taken) == 16, "16 times 3 is 48"
        assert await both[0].take("looks", "ann", HOUR, 2, 50)
        assert not await both[1].take("looks", "ann", HOUR, 1, 50)
        assert await both[1].take("looks", "bob", HOUR, 50, 50), "another caller"
        assert not await both[0].take("looks", "eve", HOUR, 51, 50), "more than there ever is"
        begun = await asyncio.gather(*(both[n % 2].take("looks", "ann", NEXT, 30, 50) for n in range(4)))
        assert sum(begun) == 1, "a new hour begins once"
        assert not await both[0].take("looks", "ann", HOUR, 30, 50), (
            "a clock that is behind does not begin the old one again"
        )
    finally:
        for client in clients:
            await client.drop_database(f"{namespace}_quotas")
            await client.close()
