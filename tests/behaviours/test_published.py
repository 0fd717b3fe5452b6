"""Campaigns published beside the numbers of a policy: the same expectations for a collection in memory and for the engine."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
import yaml
from pymongo.errors import DuplicateKeyError

from chassis.policy import BEGINNING
from chassis.store import connect
from chassis.store.system import load_policies, publish_policy
from services.loyalty.domain.policy import policy_from
from services.loyalty.policy.conditions import compile_condition
from services.loyalty.store.published import publish_campaigns
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY_FILE
from tests.unit.loyalty.campaigns import campaign

NUMBERS = yaml.safe_load(POLICY_FILE.read_text("utf-8"))
SPRING = msgspec.json.decode(msgspec.json.encode(campaign(bonus=5, condition="points > 1")))
read = partial(policy_from, compile_condition=compile_condition)


class Collection:
    """What of a collection the policies need."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    async def find_one(self, **_named: Any) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        return dict(self.documents[-1]) if self.documents else None

    async def insert_one(self, document: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if any(each["_id"] == document["_id"] for each in self.documents):
            raise DuplicateKeyError("it is there")
        self.documents.append(document)

    def find(self, query: dict[str, Any]) -> "Collection":
        found = Collection()
        found.documents = [each for each in self.documents if each["_id"] > query["_id"]["$gt"]]
        return found

    def sort(self, *_order: Any) -> "Collection":
        return self

    async def to_list(self) -> list[dict[str, Any]]:
        return self.documents


@pytest.fixture(params=["memory", pytest.param("engine", marks=pytest.mark.integration)])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        made: Any = {"policies": Collection()}
        await publish_policy(made, NUMBERS, BEGINNING, "migrate")
        yield made
        return
    engines, namespace = request.getfixturevalue("engines"), request.getfixturevalue("namespace")
    client = connect(engines.mongo_url)
    found = client[f"{namespace}_published"]
    await publish_policy(found, NUMBERS, BEGINNING, "migrate")
    yield found
    await client.drop_database(found.name)
    await client.close()


def adding(name: str) -> Any:
    return lambda before: {**before, name: SPRING}


async def names_at(database: Any, moment: Any) -> tuple[str, list[str]]:
    """The version of the numbers in force at a time, and the campaigns."""
    _, policy = (await load_policies(database, read)).at(moment)
    return policy.version, sorted(each.id for each in policy.campaigns)


async def test_a_campaign_is_in_force_from_its_time_on_and_stays_with_new_numbers(database: Any) -> None:
    assert await publish_campaigns(database, adding("c-1"), day(1)) == day(1)
    assert await names_at(database, day(1) - timedelta(seconds=1)) == ("3", [])
    assert await names_at(database, day(1)) == ("3", ["c-1"])
    await publish_policy(database, NUMBERS, day(2), "migrate")  # a release with the same numbers
    await publish_policy(database, {**NUMBERS, "version": "9"}, day(0), "migrate")
    assert await names_at(database, day(0)) == ("3", [])
    assert await names_at(database, day(1)) == ("9", ["c-1"])


async def test_a_policy_of_a_release_with_other_rules_is_said_to_be_one(database: Any) -> None:
    await publish_policy(database, {**NUMBERS, "points_on_the_moon": 7}, day(1), "migrate")
    with pytest.raises(LookupError, match=r"another release published a policy.*points_on_the_moon"):
        await load_policies(database, read)


async def test_the_same_again_is_no_new_version_and_a_later_one_does_not_overtake(database: Any) -> None:
    await publish_campaigns(database, adding("c-1"), day(5))
    assert await publish_campaigns(database, adding("c-1"), day(9)) == day(5)
    assert await publish_campaigns(database, adding("c-2"), day(1)) == day(5)
    assert len((await load_policies(database, read)).versions) == 3
    await publish_campaigns(database, lambda before: {name: before[name] for name in before if name != "c-1"}, day(6))
    assert await names_at(database, day(6)) == ("3", ["c-2"])


async def test_who_publishes_at_the_same_time_loses_nothing(database: Any) -> None:
    names = [f"c-{number:02}" for number in range(16)]
    await asyncio.gather(*(publish_campaigns(database, adding(name), day(1)) for name in names))
    assert await names_at(database, day(1)) == ("3", names)


async def test_who_looks_again_reads_what_is_new_only(database: Any) -> None:
    book = await load_policies(database, read)
    await publish_campaigns(database, adding("c-1"), day(1))
    first = book.versions[0].content
    book.renew((await load_policies(database, read, book.versions)).versions)
    assert [each.number for each in book.versions] == [1, 2]
    assert book.versions[0].content is first and [each.id for each in book.at(day(1))[1].campaigns] == ["c-1"]
    book.renew((await load_policies(database, read, book.versions)).versions)
    assert len(book.versions) == 2
