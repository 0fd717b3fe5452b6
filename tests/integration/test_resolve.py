"""Resolve on a real database: one person per person and one record per event, whatever races, crashes and repeats."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from chassis.fold.ports import Transient
from contracts.fact import Fact
from deploy.local.stack import Engines
from services.profile.domain.binding import Bond
from services.profile.store.progress import IntakeSlots
from services.profile.worker.resolver import Arrival, Resolver
from services.profile.worker.telling import unmerge_outs
from tests.integration.identity import (
    NOW,
    Chance,
    Cut,
    Town,
    contact,
    described,
    fact,
    five_identifiers,
    identifier,
    policy,
)


@pytest.fixture
async def town(engines: Engines, namespace: str) -> AsyncIterator[Town]:
    town = await Town(engines.mongo_url, namespace).open()
    yield town
    await town.close()


def of_person(person: int, dice: random.Random) -> list[Fact]:
    """Events of one person that together tie five identifiers, each event carrying two or three of them."""
    order = dice.sample(five_identifiers(person), 5)
    chunks = [order[0:2], order[1:3], order[2:5]]
    return [described(f"e{person}-{place}", *chunk, occupation="architect") for place, chunk in enumerate(chunks)]


async def patiently(resolver: Resolver, arrivals: list[Arrival]) -> None:
    while True:
        try:
            outcomes = await resolver.resolve(arrivals, NOW)
            assert not [outcome.error for outcome in outcomes if outcome.error]
            return
        except Transient:
            await asyncio.sleep(0)


async def test_thirty_two_tasks_make_one_person_of_each_person(town: Town) -> None:
    dice = random.Random(7)
    people = {person: of_person(person, dice) for person in range(200)}
    tasks = []
    for number in range(32):
        mine = random.Random(number)
        facts = [each for facts in people.values() for each in facts if mine.random() < 0.5]
        if number < 8:
            facts = [each for place, each in enumerate(f for fs in people.values() for f in fs) if place % 8 == number]
        mine.shuffle(facts)
        batches = [facts[start : start + 40] for start in range(0, len(facts), 40)]
        chance = Chance(mine, 0.02)

        async def work(batches: list[list[Fact]] = batches, chance: Chance = chance) -> None:
            for batch in batches:
                await patiently(town.resolver(chance), [Arrival(each) for each in batch])

        tasks.append(work())
    await asyncio.gather(*tasks)
    await one_component_each(town, people)


async def one_component_each(town: Town, people: dict[int, list[Fact]]) -> None:
    roots: dict[int, set[str]] = {}
    rows = {(d["source"], d["id"]): d["customer"] async for d in town.database["inbox"].find()}
    found = await town.links.roots(set(rows.values()))
    for person, facts in people.items():
        roots[person] = {found[rows[each.source, each.id]] for each in facts}
    assert all(len(each) == 1 for each in roots.values())
    assert len({next(iter(each)) for each in roots.values()}) == len(people)
    for key, forms in town.broker.sent.items():
        assert len(forms) == 1, f"{key} was published in {len(forms)} forms"
    sent = {key for key in town.broker.sent if key[0] == "/test"}
    assert sent == {(each.source, each.id) for facts in people.values() for each in facts}
    assert await town.database["inbox"].count_documents({"todo": 1}) == 0
    await town.resolver().sweep(NOW.replace(year=2030))
    assert await town.database["links"].count_documents({"todo": 1}) == 0
    merged = town.broker.of_type("crm.customer.merged.v1")
    assert len(merged) == 2 * await town.database["links"].count_documents({"kind": "edge"})


async def test_a_crash_at_any_call_changes_nothing_in_the_end(town: Town) -> None:
    facts = [
        described("a", identifier("phone", "13900000001"), occupation="baker"),
        described("b", identifier("email", "b@example.com")),
        described("c", identifier("phone", "13900000001"), identifier("email", "b@example.com")),
    ]
    counting = Cut()
    await steps(town, counting, facts, "whole")
    reference = await shape(town)
    for at in range(counting.calls):
        await town.client.drop_database(town.database.name)
        await town.open()
        town.broker.__init__()
        cut = Cut(at)
        await steps(town, cut, facts, f"cut {at}")
        assert await shape(town) == reference, f"cut at call {at}"
        assert all(len(forms) == 1 for forms in town.broker.sent.values())


async def steps(town: Town, cut: Cut, facts: list[Fact], name: str) -> None:
    for each in facts:
        await patiently(town.resolver(cut), [Arrival(each, "slot", 1)])
    await town.resolver().sweep(NOW.replace(year=2030))


async def shape(town: Town) -> tuple[object, ...]:
    rows = sorted([(d["id"], d["customer"]) async for d in town.database["inbox"].find()])
    claims = sorted([(bytes(d["_id"]), d["customer"]) async for d in town.database["claims"].find()])
    links = sorted([d["_id"] async for d in town.database["links"].find()])
    vault = sorted([bytes(d["_id"]) async for d in town.database["vault"].find()])
    sent = sorted((key, form) for key, forms in town.broker.sent.items() for form in forms)
    return rows, claims, links, vault, sent, await town.database["links"].count_documents({"todo": 1})


async def test_a_duplicate_is_told_from_a_conflict(town: Town) -> None:
    first = described("x", identifier("phone", "13900000002"), occupation="a")
    assert [o.status for o in await town.resolve(first)] == ["accepted"]
    assert [o.status for o in await town.resolve(first, first)] == ["duplicate", "duplicate"]
    other = described("x", identifier("phone", "13900000002"), occupation="b")
    (outcome,) = await town.resolve(other)
    assert (outcome.status, outcome.error and outcome.error.code) == ("conflict", "conflict")
    both = described("y", identifier("phone", "13900000003")), described("y", identifier("phone", "13900000004"))
    assert [o.status for o in await town.resolve(*both)] == ["accepted", "conflict"]


async def test_unverified_identifiers_never_merge_two_verified_customers(town: Town) -> None:
    a = described("a", identifier("phone", "13900000005", verified=True), identifier("wechat_openid", "oA"))
    b = described("b", identifier("email", "b@example.com", verified=True), identifier("wechat_openid", "oB"))
    both = described("c", identifier("phone", "13900000005"), identifier("email", "b@example.com"))
    await town.resolve(a, b)
    await town.resolve(both)
    ca, cb = await town.customer_of(a), await town.customer_of(b)
    assert await town.root(ca) != await town.root(cb)
    (suggestion,) = await town.links.suggestions([ca])
    assert suggestion["reason"] == "unverified" and sorted(suggestion["ends"]) == sorted([ca, cb])
    proved = described(
        "d",
        identifier("phone", "13900000005", verified=True),
        identifier("email", "b@example.com", verified=True),
    )
    await town.resolve(proved)
    assert await town.root(ca) == await town.root(cb) == min(ca, cb)


async def test_attaching_is_told_from_merging_by_content(town: Town) -> None:
    a = described("a", identifier("phone", "13900000006", verified=True))
    b = described("b", identifier("email", "b6@example.com", verified=True))
    both = described("c", identifier("phone", "13900000006"), identifier("email", "b6@example.com"))
    await town.resolve(a, b)
    await town.resolve(both)
    assert await town.root(await town.customer_of(a)) == await town.root(await town.customer_of(b))


async def test_a_shared_phone_joins_nobody_beyond_the_limits(town: Town) -> None:
    few = policy(customers_per_identifier=3)
    for number in range(12):
        own = identifier("wechat_unionid", f"u{number}", verified=True)
        await town.resolve(described(f"own{number}", own, identifier("email", f"m{number}@example.com")), of=few)
        shared = identifier("phone", "13900000007", verified=True)
        await town.resolve(described(f"form{number}", own, shared), of=few)
    roots = await town.links.roots([d["_id"] async for d in town.database["people"].find()])
    assert len(set(roots.values())) >= 9
    assert await town.database["links"].count_documents({"kind": "suggestion"}) > 0


async def test_two_identity_numbers_on_one_phone_stay_two_people(town: Town) -> None:
    one = policy(identifiers_per_type=dict(policy().identifiers_per_type) | {"id_number": 1})
    phone = identifier("phone", "13900000008")
    a = described("a", phone, identifier("id_number", "11010519491231002X"))
    b = described("b", phone, identifier("id_number", "440524188001010014"))
    await town.resolve(a, of=one)
    await town.resolve(b, of=one)
    assert await town.root(await town.customer_of(a)) != await town.root(await town.customer_of(b))


async def test_a_link_joins_and_a_link_with_himself_changes_nothing(town: Town) -> None:
    a, b = identifier("phone", "13900000009"), identifier("wechat_openid", "o9")
    first, second = described("a", a), described("b", b)
    await town.resolve(first, second)
    linked = fact("l", "crm.customer.linked.v1", contact=contact(a), same_as=contact(b))
    assert [o.status for o in await town.resolve(linked)] == ["accepted"]
    ca, cb = await town.customer_of(first), await town.customer_of(second)
    assert await town.root(ca) == await town.root(cb) == min(ca, cb)
    again = fact("m", "crm.customer.linked.v1", contact=contact(a), same_as=contact(customer_id=ca))
    assert [o.status for o in await town.resolve(again)] == ["accepted"]
    assert await town.database["links"].count_documents({"kind": "edge"}) == 1


async def test_unknown_and_erased_customers_are_refused(town: Town) -> None:
    nobody = fact("n", "crm.customer.described.v1", contact=contact(customer_id="nobody"))
    (outcome,) = await town.resolve(nobody)
    assert outcome.error and (outcome.error.code, outcome.error.pointer) == (
        "unknown_customer",
        "/data/contact/customer_id",
    )
    await town.resolve(known := described("k", identifier("phone", "13900000010"), occupation="x"))
    customer = await town.customer_of(known)
    await town.database["people"].update_one({"_id": customer}, {"$set": {"erased": True}, "$unset": {"key": 1}})
    for late in (
        fact("late", "crm.customer.described.v1", contact=contact(customer_id=customer)),
        described("later", identifier("phone", "13900000010"), identifier("email", "new@example.com")),
    ):
        (outcome,) = await town.resolve(late)
        assert outcome.error and outcome.error.code == "erased_customer"
    assert await town.database["claims"].count_documents({}) == 1


async def test_an_event_that_knows_only_fillers_is_somebody_new(town: Town) -> None:
    fillers = [described(f"f{n}", identifier("phone", "000 0000 0000"), occupation="x") for n in range(2)]
    first, second = await town.resolve(*fillers)
    assert first.status == second.status == "accepted" and first.customer != second.customer
    assert await town.database["claims"].count_documents({}) == 0


async def test_the_vault_gives_back_what_was_said_and_only_to_its_owner(town: Town) -> None:
    said = fact(
        "v",
        "crm.lead.captured.v1",
        contact=contact(identifier("phone", "13900000011"), name="Canary"),
        referrer=contact(identifier("phone", "13900000012"), name="Friend"),
        project_id="P1",
        channel="web",
        message="call me",
    )
    (outcome,) = await town.resolve(said)
    refs = {d["customer"]: d["refs"] async for d in town.database["vault"].find()}
    assert len(refs) == 2
    own = await town.vault.reveal(outcome.customer, refs[outcome.customer])
    assert sorted(own.values()) == ["13900000011", "Canary", "call me"]
    (other,) = set(refs) - {outcome.customer}
    assert sorted((await town.vault.reveal(other, refs[other])).values()) == ["13900000012", "Friend"]
    assert await town.vault.reveal(other, refs[outcome.customer]) == {}


async def decide_apart(town: Town, merge_id: str) -> None:
    """What the un-merge of the doors writes."""
    edge = await town.links.edge(merge_id)
    assert edge is not None
    await town.links.add(f"apart:{merge_id}", "apart", (edge.loser, edge.survivor), NOW, cause="test")
    assert await town.links.withdraw(edge, "test", unmerge_outs(edge, NOW, str), NOW)
    assert not await town.links.withdraw(edge, "again", unmerge_outs(edge, NOW, str), NOW)


async def test_an_unmerge_stands_and_later_evidence_is_a_suggestion(town: Town) -> None:
    a, b = identifier("phone", "13900000020"), identifier("wechat_openid", "o20")
    first, second, third = described("a", a), described("b", b), described("c", identifier("email", "c20@example.com"))
    await town.resolve(first, second, third)
    ca, cb, cc = [await town.customer_of(each) for each in (first, second, third)]
    await town.resolve(described("both", a, b))
    (edge,) = await town.links.edges([ca])
    assert (edge.loser, edge.survivor, edge.k) == (max(ca, cb), min(ca, cb), 0)
    await decide_apart(town, edge.merge_id)
    assert await town.root(ca) != await town.root(cb)
    await town.resolve(described("again", a, b))
    assert await town.root(ca) != await town.root(cb)
    assert [found["reason"] for found in await town.links.suggestions([ca])] == ["taken_apart"]
    # one of them may still become one with somebody else, and then the decision holds for the whole person
    await town.resolve(described("other", b, identifier("email", "c20@example.com")))
    assert await town.root(cb) == await town.root(cc) != await town.root(ca)
    await town.resolve(described("detour", a, identifier("email", "c20@example.com")))
    assert await town.root(cc) != await town.root(ca)
    # a person may decide otherwise: the next edge of this loser has the next number, and another merge id
    bond = Bond(ca, cb, "command 1", NOW, frozenset(), True, b"", "decided")
    made = await town.resolver().decider.binder.join(bond, NOW)
    assert made is not None and made.merge_id != edge.merge_id
    assert made.k == (1 if made.loser == edge.loser else 0)
    assert len(set((await town.links.roots([ca, cb, cc])).values())) == 1


async def test_what_a_door_accepted_and_could_not_publish_the_sweep_publishes(town: Town) -> None:
    said = described("s", identifier("phone", "13900000021"), occupation="x")
    outcomes, rows = await town.resolver().decide([Arrival(said)], NOW)
    assert outcomes[0].status == "accepted" and rows[0].todo and not town.broker.sent
    assert await town.inbox.oldest_unpublished() == NOW
    assert await town.resolver().sweep(NOW) == 0
    assert await town.resolver().sweep(NOW + timedelta(seconds=31)) == 1
    assert set(town.broker.sent) == {("/test", "s")}
    assert await town.inbox.oldest_unpublished() is None
    assert await town.resolver().sweep(NOW + timedelta(seconds=62)) == 0


async def test_what_was_read_of_a_topic_that_is_gone_is_published(town: Town) -> None:
    slots = IntakeSlots(town.database, ["crm.intake.lead"])
    mark = {"topic": "crm.intake.lead", "partition": 0, "settled": 5, "closed": True}
    await town.database["slots"].insert_many([{"_id": "old:0", **mark}, {"_id": "x:0", **mark, "topic": "crm.journal"}])
    facts = [described(f"g{n}", identifier("phone", f"139000001{n:02}")) for n in range(8)]
    await town.resolver().decide([Arrival(each, "old:0", n) for n, each in enumerate(facts)], NOW)
    (left,) = await slots.left()
    assert (left.name, left.closed) == ("old:0", True)
    await town.resolver().publish(await town.inbox.read_since(left.name, left.settled))
    assert {id_ for _, id_ in town.broker.sent} == {"g5", "g6", "g7"}
    await slots.sweep("old:0")
    assert await slots.left() == []
    await slots.raise_horizon(["old:0"], NOW)
    await slots.raise_horizon(["old:0"], NOW - timedelta(hours=1))
    assert (await town.database["slots"].find_one({"_id": "old:0"}) or {})["horizon"] == NOW
