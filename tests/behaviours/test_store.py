"""`chassis.fold.ports.Store`: the same expectations for the in-memory store and for the engines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.fold import Head, Key, Out, Recorded, Version, Watermark, compaction
from chassis.fold.compaction import compact
from chassis.fold.memory import Memory, fact_mark
from chassis.fold.ports import Dead, Transient
from chassis.fold.restore import finalize
from chassis.fold.slots import open_slot
from chassis.store import MongoStore, connect
from chassis.store.system import ensure_indexes
from tests.simulator.script import KINDS, State
from tests.simulator.world import MemoryStore, World

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Key("account", "ann")
BOB = Key("account", "bob")
DESK = Key("desk", "desk")


class Patient:
    """The in-memory store, with a majority that has everything at once."""

    def __init__(self) -> None:
        self.world = World(1, frozenset())
        self.store = MemoryStore(self.world)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.store, name)

        async def patient(*args: Any, **named: Any) -> Any:
            coroutine = call(*args, **named)
            try:
                while True:
                    coroutine.send(None)
                    self.world.commit()
            except StopIteration as end:
                return end.value

        return patient


@pytest.fixture(params=["memory", pytest.param("engine", marks=pytest.mark.integration)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield Patient()
        return
    engines, namespace = request.getfixturevalue("engines"), request.getfixturevalue("namespace")
    client = connect(engines.mongo_url)
    database = client[f"{namespace}_behaviours"]
    await ensure_indexes(database, KINDS.values())
    yield MongoStore(database, KINDS, lambda plain: b"sealed:" + plain[::-1])
    await client.drop_database(database.name)
    await client.close()


def version(
    key: Key,
    seq: int,
    *ids: str,
    slot: str = "t:0",
    offset: int = 0,
    todo: bool = False,
    outs: int = 1,
    waits: tuple[datetime, ...] = (),
) -> Version:
    """A version that applies facts; each says `outs` outgoing facts."""
    facts = tuple(
        Recorded("test", i, "add", AT, AT, slot, offset + n if slot else -1, 1, i.encode()) for n, i in enumerate(ids)
    )
    said = tuple(
        Out(f"out-{i}-{n}", index, "facts", key.id.encode(), i.encode(), (("h", b"1"),))
        for index, i in enumerate(ids)
        for n in range(outs)
    )
    memory = Memory().adding(fact_mark(key.prefix(), "test", i) for i in ids)
    head = Head(key, seq, State(ids, waits), memory, "")
    return Version(head, facts, said, slot, offset + len(ids) - 1 if slot else -1, AT, todo)


async def test_the_newest_version_is_the_head(store: Any) -> None:
    assert await store.insert([version(ANN, 1, "a"), version(BOB, 1, "b")]) == set()
    assert await store.insert([version(ANN, 2, "c")]) == set()
    heads = await store.heads([ANN, BOB, DESK])
    assert {key: head.seq for key, head in heads.items()} == {ANN: 2, BOB: 1}
    assert heads[ANN].state == State(("c",))
    assert heads[ANN].memory.known() == {fact_mark(ANN.prefix(), "test", "c")}


async def test_a_lost_race_loses_alone(store: Any) -> None:
    await store.insert([version(ANN, 1, "first")])
    assert await store.insert([version(ANN, 1, "second"), version(BOB, 1, "other")]) == {ANN}
    assert [recorded.id for _, recorded in await store.history(ANN)] == ["first"]
    assert [recorded.id for _, recorded in await store.history(BOB)] == ["other"]


async def test_of_many_racers_one_wins(store: Any) -> None:
    lost = await asyncio.gather(*(store.insert([version(ANN, 1, f"racer-{n}")]) for n in range(8)))
    assert sorted(map(len, lost)) == [0] + [1] * 7
    assert len(await store.history(ANN)) == 1


async def test_many_heads_are_the_same_as_one_by_one(store: Any) -> None:
    keys = [Key("account", f"n{number}") for number in range(40)]
    for seq in range(1, 8):
        await store.insert([version(key, seq, f"{key.id}-{seq}") for n, key in enumerate(keys) if seq <= 1 + n % 7])
    await store.replace_views(list((await store.heads(keys[:20])).values()))
    together = await store.heads(keys)
    one_by_one = {key: (await store.heads([key]))[key] for key in keys}
    assert together == one_by_one
    assert {key: head.seq for key, head in together.items()} == {key: 1 + n % 7 for n, key in enumerate(keys)}


async def test_a_view_is_replaced_only_by_a_newer_version(store: Any) -> None:
    one, two = version(ANN, 1, "a").head, version(ANN, 2, "b").head
    await store.replace_views([two])
    await store.replace_views([one])
    assert (await store.views([ANN, BOB]))[ANN] == two
    await store.replace_views([two, version(BOB, 1, "c").head])
    assert set(await store.views([ANN, BOB])) == {ANN, BOB}


async def test_facts_are_found_wherever_they_are_in_the_chain(store: Any) -> None:
    keys = [Key("account", f"n{number}") for number in range(12)]
    for seq in range(1, 10):
        await store.insert([version(key, seq, f"{key.id}-{seq}", offset=seq) for key in keys])
    wanted = {key: {f"test {key.id}-{seq}" for seq in (1, 5, 9)} | {"test nothing"} for key in keys}
    found = await store.recall(wanted)
    assert set(found) == {(key, f"test {key.id}-{seq}") for key in keys for seq in (1, 5, 9)}
    known = found[keys[0], "test n0-5"]
    assert (known.seq, known.recorded.offset, known.todo, [out.id for out in known.outs]) == (
        5,
        5,
        False,
        ["out-n0-5-0"],
    )


async def test_each_fact_has_its_own_outgoing_facts(store: Any) -> None:
    await store.insert([version(ANN, 1, "a", "b", outs=2)])
    found = await store.recall({ANN: {"test b"}})
    assert [out.id for out in found[ANN, "test b"].outs] == ["out-b-0", "out-b-1"]


async def test_the_watermark_moves_from_exactly_where_it_was(store: Any) -> None:
    await store.open_slot(Watermark("t:0", "t", 0, 5, 5, 1, 1))
    await store.open_slot(Watermark("t:0", "t", 0, 99, 99, 9, 9))
    mark = await store.watermark("t:0")
    assert (mark.settled, mark.viewed, mark.token) == (5, 5, 1)
    assert await store.advance(mark, 8, AT)
    assert not await store.advance(mark, 9, None)
    assert not await store.advance(mark._replace(settled=8), 9, None)
    after = await store.watermark("t:0")
    assert (after.settled, after.horizon) == (8, AT)
    assert await store.advance(after, 9, None)
    assert (await store.watermark("t:0")).horizon == AT
    assert await store.watermark("t:1") is None


async def test_viewed_moves_with_settled_when_told_so(store: Any) -> None:
    await store.open_slot(Watermark("t:0", "t", 0, 5, 5, 1, 1))
    mark = await store.watermark("t:0")
    assert await store.advance(mark, 8, None, viewed=True)
    assert not await store.advance(mark, 9, None, viewed=True)
    after = await store.watermark("t:0")
    assert (after.settled, after.viewed) == (8, 8)
    assert await store.advance(after, 9, None)
    assert (await store.watermark("t:0")).viewed == 8


async def test_viewed_never_goes_back(store: Any) -> None:
    await store.open_slot(Watermark("t:0", "t", 0, 5, 0, 1, 1))
    await store.mark_viewed("t:0", 4)
    await store.mark_viewed("t:0", 2)
    assert (await store.watermark("t:0")).viewed == 4


async def test_open_slots_of_a_place(store: Any) -> None:
    await store.open_slot(Watermark("old:0", "t", 0, 5, 5, 1, 1))
    await store.open_slot(Watermark("new:0", "t", 0, 0, 0, 1, 1))
    await store.open_slot(Watermark("new:1", "t", 1, 0, 0, 1, 1))
    await store.close_slot("old:0")
    assert [mark.slot for mark in await store.watermarks("t", 0)] == ["new:0"]


async def test_a_final_table_is_remembered_never_lowered_and_no_slot(store: Any) -> None:
    """Slots that are there are raised, and one that is opened later by an older release is raised at once."""
    assert await store.final_table() == 0
    await store.open_slot(Watermark("old:0", "t", 0, 5, 5, 1, 1))
    assert await finalize(store, 3) == 1
    assert await finalize(store, 2) == 0
    assert await store.final_table() == 3
    mark = await open_slot(store, Silent(), "new:0", "u", 0, 0, 1)
    assert (mark.slot, mark.table) == ("new:0", 1), "as it was opened"
    assert {mark.slot: mark.table for mark in await store.all_watermarks()} == {"old:0": 3, "new:0": 3}


class Silent:
    """A broker that nobody should need."""

    async def publish(self, outs: Any) -> None:
        raise AssertionError(outs)


async def test_what_a_slot_touched_and_said(store: Any) -> None:
    await store.insert(
        [version(ANN, 1, "a", "b", offset=3), version(BOB, 1, "c", offset=9), version(DESK, 1, "d", slot="x:0")]
    )
    assert await store.touched("t:0", 4) == {ANN, BOB}
    assert await store.touched("t:0", 5) == {BOB}
    assert sorted(out.id for out in await store.outs_since("t:0", 4)) == ["out-b-0", "out-c-0"]


async def test_unfinished_commands_are_found_until_finished(store: Any) -> None:
    await store.insert([version(ANN, 1, "a", slot="", todo=True), version(BOB, 1, "b")])
    ((key, seq, outs),) = await store.unfinished(AT + timedelta(seconds=1))
    assert (key, seq, [out.id for out in outs]) == (ANN, 1, ["out-a-0"])
    await store.finish(ANN, 1)
    assert await store.unfinished(AT + timedelta(seconds=1)) == []


async def test_compaction_changes_no_answer_and_frees_no_number(store: Any) -> None:
    for seq in range(1, 7):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
    await store.open_slot(Watermark("t:0", "t", 0, 5, 0, 1, 1))
    before = await store.history(ANN)
    head = (await store.heads([ANN]))[ANN]
    await store.replace_views([head])
    assert await compact(store, ANN, 2) == 3  # f5 and f6 are not settled, so the first four are joined
    assert [(recorded.id, recorded.slot) for _, recorded in await store.history(ANN)] == [
        (r.id, r.slot) for _, r in before
    ]
    assert (await store.heads([ANN]))[ANN] == head
    assert (await store.recall({ANN: {"test f3"}}))[ANN, "test f3"].recorded.offset == 3
    assert [out.id for out in (await store.recall({ANN: {"test f4"}}))[ANN, "test f4"].outs] == ["out-f4-0"]
    for seq in range(1, 7):
        assert await store.insert([version(ANN, seq, "stale writer")]) == {ANN}


async def test_of_two_compactors_one_joins(store: Any) -> None:
    for seq in range(1, 6):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
    assert await store.join(ANN, [1, 2])
    assert await store.join(ANN, [1, 2, 3, 4])
    await store.join(ANN, [1, 2])  # a slower one, whose look at the chain is older: what is joined stays joined
    assert [recorded.id for _, recorded in await store.history(ANN)] == ["f1", "f2", "f3", "f4", "f5"]
    await store.stub(ANN, [2, 3, 4])
    assert [recorded.id for _, recorded in await store.history(ANN)] == ["f1", "f2", "f3", "f4", "f5"]
    assert [(link.seq, link.upto, link.stub) for link in await store.links(ANN, 6)] == [
        (1, 4, False),
        (2, 0, True),
        (3, 0, True),
        (4, 0, True),
        (5, 0, False),
    ]
    assert [link.seq for link in await store.links(ANN, 3)] == [1, 2]


async def test_a_full_segment_leaves_nothing_behind(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not fit the newest segment any more stayed as it was for ever: some fifty versions with each full one."""
    monkeypatch.setattr(compaction, "SEGMENT_BYTES", 1_000)
    await store.open_slot(Watermark("t:0", "t", 0, 100, 0, 1, 1))
    for seq in range(1, 61):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
        if seq % 4 == 0:
            await store.replace_views((await store.heads([ANN])).values())
            await compact(store, ANN, 3)
    assert [recorded.id for _, recorded in await store.history(ANN)] == [f"f{seq}" for seq in range(1, 61)]
    links = [link for below in range(2, 62) for link in await store.links(ANN, below)]
    plain = {link.seq for link in links if not link.stub and not link.upto}
    assert len(plain) < 8, sorted(plain)


async def test_compaction_looks_at_nothing_before_the_newest_segment(store: Any) -> None:
    """Of a long chain it read every version each time, so that a customer with many facts cost more with each."""
    for seq in range(1, 9):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
    assert await store.join(ANN, [1, 2, 3])
    await store.stub(ANN, [2, 3])
    assert await store.join(ANN, [4, 5, 6])
    await store.stub(ANN, [5, 6])
    assert [(link.seq, link.upto) for link in await store.links(ANN, 8)] == [(4, 6), (5, 0), (6, 0), (7, 0)]
    assert [link.seq for link in await store.links(ANN, 4)] == [1, 2, 3]
    assert [recorded.id for _, recorded in await store.history(ANN)] == [f"f{seq}" for seq in range(1, 9)]


@pytest.mark.integration
async def test_a_fact_is_found_without_what_compaction_emptied(engines: Any, namespace: str) -> None:
    """Each old duplicate read every version of its chain: the soak's slowest customer, slower with every fact."""
    client = connect(engines.mongo_url)
    database = client[f"{namespace}_behaviours"]
    await ensure_indexes(database, KINDS.values())
    store = MongoStore(database, KINDS, bytes)
    for seq in range(1, 41):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
    await store.replace_views([version(ANN, 40, "f40").head])
    await store.join(ANN, range(1, 31))
    await store.stub(ANN, range(2, 31))
    read = Read(store.chain("account"))
    store.chain = lambda _kind: read  # type: ignore[method-assign]
    assert (await store.recall({ANN: {"test f1"}}))[ANN, "test f1"].recorded.offset == 1
    assert sum(read.documents) == 3 + 11  # near the head, then ten versions and the joined one
    assert (await store.recall({ANN: {"test f39"}}))[ANN, "test f39"].recorded.offset == 39
    assert sum(read.documents) == 3 + 11 + 3  # near the head
    assert not await store.recall({ANN: {"test nothing"}})
    await client.drop_database(database.name)
    await client.close()


@pytest.mark.integration
@pytest.mark.parametrize("spoilt", [{"s": 3, "state": b"\x00"}, {"s": 99}, {"s": 1}, {}])
async def test_a_wrong_view_hides_no_head(engines: Any, namespace: str, spoilt: dict[str, Any]) -> None:
    client = connect(engines.mongo_url)
    database = client[f"{namespace}_behaviours"]
    store = MongoStore(database, KINDS, bytes)
    for seq in range(1, 4):
        await store.insert([version(ANN, seq, f"f{seq}", offset=seq)])
    head = version(ANN, 3, "f3").head
    await store.replace_views([head])
    await store.view("account").replace_one({"_id": ANN.id}, spoilt)
    assert (await store.heads([ANN, BOB])) == {ANN: head}
    await client.drop_database(database.name)
    await client.close()


class Read:
    """A collection that counts the documents it gives."""

    def __init__(self, collection: Any) -> None:
        self.collection, self.documents = collection, list[int]()

    def find(self, *args: Any, **named: Any) -> Any:
        """As the collection's, counting."""
        return Given(self.collection.find(*args, **named), self.documents)


class Given:
    """A cursor that counts what it gives."""

    def __init__(self, cursor: Any, counts: list[int]) -> None:
        self.cursor, self.counts = cursor, counts

    def sort(self, *args: Any) -> "Given":
        """As the cursor's."""
        self.cursor.sort(*args)
        return self

    async def to_list(self) -> list[Any]:
        """All of it."""
        return [document async for document in self]

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for document in self.cursor:
            self.counts.append(1)
            yield document


async def test_a_dead_record_is_kept_once(store: Any) -> None:
    dead = Dead("t:0", 7, "not_json", "", "the data is not JSON", "x", "", "ann", AT, b"13800138000")
    await store.bury([dead])
    await store.bury([dead._replace(code="other")])


@pytest.mark.integration
async def test_a_database_that_does_not_answer_is_transient() -> None:
    client = connect("mongodb://127.0.0.1:1/?directConnection=true", 200)
    store = MongoStore(client["nowhere"], KINDS, bytes)
    with pytest.raises(Transient, match="ServerSelectionTimeoutError"):
        await store.heads([ANN])
    await client.close()
