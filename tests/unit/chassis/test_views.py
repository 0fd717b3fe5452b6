"""Views are behind until they are replaced: `viewed` never says more."""

from typing import Any

from chassis.fold.memory import Memory
from chassis.fold.model import Head, Key, Watermark
from chassis.fold.views import Views

ANN, BOB = Key("account", "ann"), Key("account", "bob")


class Store:
    """A store in which a lane settles another batch while a flush asks the chains."""

    def __init__(self) -> None:
        self.views: Views | None = None
        self.replaced: list[str] = []
        self.viewed = 0

    async def watermark(self, slot: str) -> Watermark:
        return Watermark(slot, "t", 0, 5, 4, 1, 1)

    async def touched(self, slot: str, since: int) -> set[Key]:
        assert self.views is not None
        self.views.add([Head(BOB, 9, (), Memory())], 6)
        return {ANN}

    async def heads(self, keys: Any) -> dict[Key, Head]:
        return {key: Head(key, 8, (), Memory()) for key in keys}

    async def replace_views(self, heads: Any) -> None:
        self.replaced += [head.key.id for head in heads]

    async def mark_viewed(self, slot: str, viewed: int) -> None:
        self.viewed = viewed


async def test_what_a_lane_adds_during_a_flush_is_not_called_viewed_before_it_is() -> None:
    store = Store()
    views = store.views = Views("slot", store)  # type: ignore[arg-type]
    await views.flush()
    assert (store.replaced, store.viewed) == (["ann"], 5)
    assert views.behind
    await views.flush()
    assert (store.replaced[-1], store.viewed) == ("bob", 6)


async def test_views_are_complete_only_when_nothing_waits_and_all_before_was_seen() -> None:
    woken: list[int] = []
    store = Store()
    views = store.views = Views("slot", store, lambda: woken.append(1))  # type: ignore[arg-type]
    assert not views.complete(-1)  # nothing is known of the chains yet
    await views.flush()
    await views.flush()
    assert views.complete(6)
    assert not views.complete(5)
    views.nothing_to_see(9)
    assert views.complete(9)
    assert not views.behind
    before = len(woken)
    views.add((), 10)
    assert not views.complete(10)
    assert len(woken) == before + 1
    views.resync()
    assert len(woken) == before + 2
