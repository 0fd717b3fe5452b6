"""What is said again to a topic that was made again, out of a real database: versions, joined ones, events and merges."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.fold import Head, Key, Out, Recorded, Version
from chassis.fold.memory import Memory
from chassis.store import MongoStore, connect
from chassis.store.system import ensure_indexes
from deploy.local import stack
from services.profile.worker.resending import said_since
from tests.integration.identity import NOW, Town, contact, fact, identifier
from tests.simulator.script import KINDS, State

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Key("account", "ann")
DESCRIBED = "crm.customer.described.v1"


@pytest.fixture
async def store(engines: stack.Engines, namespace: str) -> AsyncIterator[MongoStore]:
    """A store of its own."""
    client = connect(engines.mongo_url)
    database = client[f"{namespace}_resend"]
    await ensure_indexes(database, KINDS.values())
    yield MongoStore(database, KINDS, lambda plain: plain)
    await client.drop_database(database.name)
    await client.close()


def version(seq: int, at: datetime) -> Version:
    """A version that says one thing."""
    added = Recorded("test", f"{seq}", "add", at, at, "slot", seq, 1, b"data")
    out = Out(f"out-{seq}", 0, "topic", b"ann", b"value", (("ce_type", b"said"),))
    return Version(Head(ANN, seq, State(), Memory()), (added,), (out,), "slot", seq, at)


async def said(store: MongoStore, since: datetime) -> list[str]:
    """The ids of what is said again."""
    return [out.id async for outs in store.said_since(since) for out in outs]


async def test_versions_say_it_again_from_a_time_on_and_joined_ones_all(store: MongoStore) -> None:
    for seq in range(1, 6):
        await store.insert([version(seq, AT + timedelta(days=seq))])
    assert await said(store, AT) == [f"out-{seq}" for seq in range(1, 6)]
    assert await said(store, AT + timedelta(days=4)) == ["out-4", "out-5"]
    assert await store.join(ANN, [1, 2, 3])
    await store.stub(ANN, [2, 3])
    assert sorted(await said(store, AT + timedelta(days=5))) == ["out-1", "out-2", "out-3", "out-5"]


async def test_incarnations_are_remembered_topic_by_topic(store: MongoStore) -> None:
    assert await store.incarnations() == {}
    await store.note_incarnations({"a.b": "1", "c": "1"})
    await store.note_incarnations({"c": "2"})
    assert await store.incarnations() == {"a.b": "1", "c": "2"}


async def test_profile_says_every_event_and_merge_again_in_the_same_bytes(
    engines: stack.Engines, namespace: str
) -> None:
    """In the order in which they were recorded, and nothing older than asked for."""
    town = await Town(engines.mongo_url, namespace).open()
    try:
        phone, mail = (
            identifier("phone", "13900000001", verified=True),
            identifier("email", "a@b.example", verified=True),
        )
        for day, about in enumerate([(phone,), (mail,), (phone, mail), (phone,)]):
            now = NOW + timedelta(days=day)
            await town.resolve(fact(f"event-{day}", DESCRIBED, now, contact=contact(*about)), now=now)
        everything = await told(town, NOW)
        assert everything == town.broker.order
        assert len([out for out in everything if dict(out.headers)["ce_type"] == b"crm.customer.merged.v1"]) == 2
        assert [out.id for out in await told(town, NOW + timedelta(days=3))] == ["event-3"]
    finally:
        await town.close()


async def told(town: Town, since: datetime) -> list[Out]:
    """All that is said again."""
    app: Any = SimpleNamespace(database=town.database)
    return [out async for outs in said_since(app, since) for out in outs]
