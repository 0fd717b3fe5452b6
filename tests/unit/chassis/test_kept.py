"""What a worker keeps in memory is bounded by weight, and the weight is about what the heads really take."""

import tracemalloc

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chassis.fold import Key
from chassis.fold.kept import WEIGHED, Kept, weight_of
from chassis.fold.memory import Memory
from chassis.fold.model import Head
from services.loyalty.domain.model import Account
from tests.faults.load import Story
from tests.unit.loyalty.service import Service, as_fact


def head(entity: str, seq: int, size: int) -> Head:
    return Head(Key("account", entity), seq, ["x" * size], Memory())


writes = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2_000)), max_size=60)


@given(writes, st.integers(0, 30_000))
def test_the_newest_stay_as_long_as_they_fit(each: list[tuple[str, int]], most: int) -> None:
    """Against a list of what was written last, from the newest back: exactly those stay that fit together."""
    kept, sizes = Kept(most), dict[str, int]()
    for number, (entity, size) in enumerate(each):
        if entity not in {key.id for _, key in kept.heads}:
            sizes.pop(entity, None)
        sizes[entity] = sizes.pop(entity, size)  # an entity's size stays: when it is weighed again is another test
        kept.keep("t:0", [head(entity, WEIGHED * number + 1, sizes[entity])])
        expected, weight = list[str](), 0
        for name in reversed(sizes):
            weight += weight_of(head(name, 1, sizes[name]))
            if weight > most:
                break
            expected.append(name)
        assert [key.id for _, key in kept.heads] == expected[::-1]
        assert kept.weight == sum(map(weight_of, kept.heads.values())) <= most
        sizes = {name: sizes[name] for name in expected[::-1]}


def test_what_grows_is_weighed_again() -> None:
    kept = Kept(100_000)
    for seq in range(1, 10 * WEIGHED + 1):
        kept.keep("t:0", [head("a", seq, 50 * seq)])
    assert kept.weight == weight_of(kept.heads["t:0", Key("account", "a")])


def test_nothing_is_left_of_what_is_not_believed() -> None:
    kept = Kept()
    kept.keep("t:0", [head("a", 1, 10)])
    kept.clear()
    assert not kept.heads and kept.weight == 0
    kept.keep("t:0", [head("a", 2, 10)])
    assert kept.weight == weight_of(head("a", 2, 10))


def test_the_weight_is_about_what_heads_really_take() -> None:
    """Accounts of some 23 facts each, as the soak makes them, decoded as a worker decodes them."""
    service, story = Service(), Story(3, 100, 0.0, 40)
    for event in [*story.first(), *(story.next() for _ in range(2_000))]:
        service.fold(as_fact(event))
    stored = [(h.key.id, msgspec.msgpack.encode(h.state), bytes(h.memory.recent)) for h in service.heads.values()]
    decoder, heads = msgspec.msgpack.Decoder(Account), dict[Key, Head]()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for name, state, recent in stored:
        key = Key("account", "-".join((name, "")))
        heads[key] = Head(key, 5, decoder.decode(state), Memory(bytes(bytearray(recent))))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 2 / 3 < sum(map(weight_of, heads.values())) / taken < 3 / 2
