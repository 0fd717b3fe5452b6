"""The audit log of a database: many processes write one chain, and a database from before is gone on with where it ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.gate.audit import Entry
from chassis.store.audit import AuditLog
from chassis.store.connect import connect
from deploy.local import stack

pytestmark = pytest.mark.integration

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def database(engines: stack.Engines, namespace: str) -> AsyncIterator[Any]:
    """A database nobody else uses."""
    client = connect(engines.mongo_url)
    yield client[f"{namespace}_audit"]
    await client.drop_database(f"{namespace}_audit")
    await client.close()


def entry(why: str) -> Entry:
    """Somebody did something."""
    return Entry(AT, "somebody", ("ops",), "", "", "test", "customer.reveal", {"customer_id": "c"}, why, "allowed")


async def test_processes_that_write_at_once_make_one_unbroken_chain(database: Any) -> None:
    logs = [AuditLog(database) for _ in range(4)]
    await asyncio.gather(*(logs[number % 4].append(entry(f"why {number}")) for number in range(100)))
    count, _, broken = await logs[0].verify()
    assert (count, broken) == (100, None)
    assert {each["why"] for each in await logs[0].latest(200)} == {f"why {number}" for number in range(100)}


async def test_a_log_that_was_put_back_to_an_earlier_state_is_gone_on_with(database: Any) -> None:
    log = AuditLog(database)
    for number in range(5):
        await log.append(entry(f"before {number}"))
    await database["audit"].delete_many({"_id": {"$gt": 2}})
    await log.append(entry("after"))
    assert [each["_id"] for each in await log.latest(10)] == [3, 2, 1]
    assert (await log.verify())[0::2] == (3, None)
    await database["audit"].delete_many({})
    await log.append(entry("anew"))
    assert (await log.verify())[0::2] == (1, None)
