"""A lane, step by step, where the simulator's chance would take long to come."""

from typing import Any

from chassis.fold import Key, Transient, Watermark
from chassis.fold.batch import Batch
from chassis.fold.lane import Lane
from chassis.fold.rules import Folder, Item
from chassis.fold.views import Views
from tests.behaviours.test_store import Patient
from tests.simulator.script import KINDS, RULES, START, Fact, Language, Policies
from tests.unit.chassis.test_commands import Silent

ANN = Key("account", "ann")


async def nothing(_attempt: int) -> None:
    """A pause that takes no time."""


def batch(start: int, *names: str) -> Batch:
    items = tuple(Item(start + n, ANN, Fact("test", name, "add", "ann", START, START)) for n, name in enumerate(names))
    return Batch("t:0", start, start + len(names), items)


async def lane() -> tuple[Lane, Any, Silent]:
    store, broker = Patient(), Silent()
    await store.open_slot(Watermark("t:0", "t", 0, 0, 0, 1, 1))
    folder = Folder(RULES, Language(), Policies())
    return Lane("t:0", store, broker, folder, KINDS, Views("t:0", store), nothing), store, broker  # type: ignore[arg-type]


async def test_batches_follow_each_other_on_kept_heads() -> None:
    one, store, broker = await lane()
    assert await one.work(batch(0, "f1", "f2")) == 2
    assert await one.work(batch(2, "f3")) == 3
    assert (await store.heads([ANN]))[ANN].state.applied == ("f1", "f2", "f3")
    assert len(set(broker.sent)) == 6
    assert one.kept.heads["t:0", ANN] == (await store.heads([ANN]))[ANN]


async def test_after_a_failure_nothing_kept_is_believed() -> None:
    one, store, broker = await lane()
    await one.work(batch(0, "f1"))
    assert ("t:0", ANN) in one.kept.heads
    publish, failures = broker.publish, [Transient("broker: gone")]

    async def fails_once(outs: Any) -> None:
        if failures:
            assert ("t:0", ANN) in one.kept.heads
            raise failures.pop()
        assert ("t:0", ANN) not in one.kept.heads or one.kept.heads["t:0", ANN].seq == 2
        await publish(outs)

    broker.publish = fails_once  # type: ignore[method-assign]
    seen: list[bool] = []
    load = one._load

    async def watched(keys: Any) -> Any:
        seen.append(("t:0", ANN) in one.kept.heads)
        return await load(keys)

    one._load = watched  # type: ignore[method-assign]
    assert await one.work(batch(1, "f2")) == 2
    assert seen == [True, False]
    assert (await store.heads([ANN]))[ANN].state.applied == ("f1", "f2")


async def test_what_is_viewed_can_be_seen_though_another_lane_of_the_worker_wrote_it() -> None:
    """A repetition in another partition, before the first lane's views are replaced: whoever is told sees the fact."""
    first, store, _ = await lane()
    await store.open_slot(Watermark("t:1", "t", 1, 0, 0, 1, 1))
    views = Views("t:1", store)  # type: ignore[arg-type]
    await views.flush()
    second = Lane("t:1", store, Silent(), first.folder, KINDS, views, nothing, kept=first.kept)  # type: ignore[arg-type]
    await first.work(batch(0, "f1"))
    await second.work(batch(0, "f1")._replace(slot="t:1"))
    await views.flush()
    mark = await store.watermark("t:1")
    assert mark.viewed == 1
    assert (await store.views([ANN]))[ANN].state.applied == ("f1",)


async def test_a_batch_that_does_not_start_at_the_watermark_is_sent_back() -> None:
    one, store, _ = await lane()
    assert await one.work(batch(5, "f9")) == 0
    assert await store.heads([ANN]) == {}
    await one.work(batch(0, "f1", "f2", "f3"))
    assert await one.work(batch(0, "f1", "f2")) == 3
    assert await one.work(batch(1, "f2", "f3", "f4")) == 4
    assert (await store.heads([ANN]))[ANN].state.applied == ("f1", "f2", "f3", "f4")
    assert one.counts.discarded == 2


async def test_after_a_lost_reply_views_are_asked_of_the_chains() -> None:
    one, store, _ = await lane()
    await one.views.flush()
    assert not one.views.doubtful
    advance = store.advance

    async def loses_its_reply(*args: Any, **named: Any) -> bool:
        store.advance = advance
        await advance(*args, **named)
        raise Transient("database: reply lost")

    store.advance = loses_its_reply
    assert await one.work(batch(0, "f1")) == 1
    assert one.views.doubtful
    await one.views.flush()
    assert (await store.views([ANN]))[ANN].state.applied == ("f1",)


async def test_a_watermark_that_another_one_moved_is_counted_as_a_zombies_write() -> None:
    """The batch was folded here, but somebody else settles it first: nothing is applied twice, and it is seen."""
    one, store, _ = await lane()
    advance = store.advance

    async def comes_too_late(*args: Any, **named: Any) -> bool:
        store.advance = advance
        assert await advance(*args, **named)
        return await advance(*args, **named)

    store.advance = comes_too_late
    assert await one.work(batch(0, "f1", "f2")) == 2
    assert (await store.heads([ANN]))[ANN].state.applied == ("f1", "f2")
    assert (one.counts.refused, one.counts.discarded) == (1, 1)
    await one.work(batch(2, "f3"))
    await one.work(batch(3, "f4"))
    assert one.counts.lookups["entities", "hit"] == 1
    assert one.counts.lookups["entities", "miss"] >= 2
