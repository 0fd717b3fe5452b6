"""Every entity of a kind, page by page, each once, however many versions it has and wherever its mark stands."""

from collections.abc import AsyncIterator

import pytest

from chassis.fold import Key
from chassis.store import MongoStore, connect
from chassis.store.documents import link_id
from chassis.store.seeing.again import entities, place_after
from deploy.local import stack
from tests.simulator.script import KINDS

pytestmark = pytest.mark.integration


@pytest.fixture
async def store(engines: stack.Engines, namespace: str) -> AsyncIterator[MongoStore]:
    """A store of its own."""
    client = connect(engines.mongo_url)
    yield MongoStore(client[f"{namespace}_entities"], KINDS, lambda plain: plain)
    await client.drop_database(f"{namespace}_entities")
    await client.close()


async def fill(store: MongoStore, count: int) -> list[Key]:
    """So many entities, some with many versions, in the order of their marks."""
    keys = [Key("account", f"customer-{number}") for number in range(count)]
    versions = [(key, seq) for number, key in enumerate(keys) for seq in range(1, 90 if number % 50 == 0 else 3)]
    if versions:
        documents = [{"_id": link_id(key.prefix(), seq), "e": key.id} for key, seq in versions]
        await store.chain("account").insert_many(documents)
    return sorted(keys, key=Key.prefix)


@pytest.mark.parametrize("count", [0, 1, 300])
@pytest.mark.parametrize("page", [3, 64, 300, 1000])
async def test_each_once_in_order_in_pages_of_any_size(store: MongoStore, count: int, page: int) -> None:
    keys = await fill(store, count)
    found, after = list[Key](), ""
    while True:
        some = await entities(store, "account", after, page)
        assert len(some.keys) == page or some.after == ""
        found += some.keys
        after = some.after
        if not after:
            break
    assert found == keys
    assert [key async for each in store.entities("account", page) for key in each] == keys


async def test_what_comes_after_a_key_begins_behind_all_of_its_versions(store: MongoStore) -> None:
    keys = await fill(store, 60)
    for number, key in enumerate(keys):
        found = await entities(store, "account", place_after(key), 100)
        assert list(found.keys) == keys[number + 1 :]
