"""What the measuring processes compute: stored customers, batches, refolding, shares."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cost, refold
from benchmarks.client import ask_until
from benchmarks.doors import ACCOUNTS, HOLDS, accounts_of
from benchmarks.prepared import prepare
from benchmarks.running import megabytes, policies, share
from benchmarks.stored import copies, one_customer
from benchmarks.workload import Work, customer_id
from chassis.fold.model import Key
from chassis.store.documents import facts_of, link_id


def test_a_stored_customer_has_all_its_facts_in_versions_of_at_most_500() -> None:
    chain, view = one_customer(1_200)
    assert [len(facts_of(each)) for each in chain] == [500, 500, 200]
    assert view["s"] == 3


def test_a_copy_is_the_same_chain_under_another_id() -> None:
    template = one_customer(5)
    ((chain, view),) = copies(template, range(9, 10))
    assert view == {**template[1], "_id": customer_id(9)}
    assert chain[0]["_id"] == link_id(Key("customer", customer_id(9)).prefix(), 1)
    assert chain[0]["state"] == template[0][0]["state"]


def test_a_batch_has_five_facts_of_each_customer_in_offset_order() -> None:
    ids = [customer_id(3), customer_id(1)]
    made = cost.batch(2, ids)
    assert (made.start, made.end) == (20, 30)
    assert [item.offset for item in made.items] == list(range(20, 30))
    assert {key.id: len(items) for key, items in made.by_key().items()} == dict.fromkeys(ids, 5)
    assert [len(set(each)) for each in cost.batches(100, 10, 3)] == [10, 10, 10]


class Chain:
    """A collection that finds everything, two documents at a time."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self.documents = sorted(documents, key=lambda each: each["_id"])

    def find(self, *_: Any, **__: Any) -> "Chain":
        return self

    def sort(self, *_: Any) -> "Chain":
        return self

    async def to_list(self, _size: int) -> list[dict[str, Any]]:
        first, self.documents = self.documents[:2], self.documents[2:]
        return first


def versions(work: Work) -> list[dict[str, Any]]:
    return [each for lane in prepare(work, 0) for _, made, _ in lane for each in made]


def test_refolding_gives_the_stored_states() -> None:
    assert asyncio.run(refold.refold(Chain(versions(Work(300, 20))))) == 300


def test_refolding_notices_a_state_that_is_not_what_the_facts_make() -> None:
    documents = versions(Work(300, 20))
    documents[3]["state"] = documents[4]["state"]
    try:
        asyncio.run(refold.refold(Chain(documents)))
    except AssertionError:
        return
    raise AssertionError("nothing was noticed")


def test_clients_begin_at_different_accounts_and_write_to_one() -> None:
    assert accounts_of("writes", 5) == [customer_id(0)]
    assert accounts_of("reads", 16)[0] == customer_id(ACCOUNTS // 2)
    assert sorted(accounts_of("reads", 16)) == accounts_of("reads", 0)


def test_a_client_asks_nothing_when_the_time_is_over() -> None:
    asked: list[str] = []
    assert ask_until(asked.append, ["a"], 0, 0) == []
    assert asked == []


def test_shares_and_memory() -> None:
    assert share([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert share([1.0], 0.99) == 1.0
    assert megabytes("VmPeak:\t 5 kB\nVmHWM:\t  100000 kB\n", "VmHWM") == 102.4


def test_policies_are_those_that_are_shipped_but_for_the_changed_lines(tmp_path: Path) -> None:
    (line,) = HOLDS
    made = policies(tmp_path / "policy", HOLDS)
    assert {each.name for each in made.iterdir()} >= {"loyalty.yaml", "profile.yaml"}
    text = (made / "loyalty.yaml").read_text()
    assert HOLDS[line] in text.splitlines()
    assert text.replace(HOLDS[line], line) == Path("services/loyalty/policy/loyalty.yaml").read_text()
    with pytest.raises(AssertionError):
        policies(tmp_path / "other", {"nonsense: 1": ""})
