"""What an entity knows: never a false "new", and exact while it is recent."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.fold.memory import SEGMENT, Memory, fact_mark

MARKS = st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=40)


@given(st.lists(MARKS, max_size=60))
@settings(max_examples=60)
def test_what_was_added_is_never_new(steps: list[list[int]]) -> None:
    memory, added = Memory(), set[int]()
    for marks in steps:
        new = [mark for mark in marks if mark not in added]
        memory, added = memory.adding(new), added | set(new)
        known = memory.known()
        assert all(mark in known or memory.perhaps(mark) for mark in added)
        assert known <= added


def test_few_facts_are_known_exactly() -> None:
    memory = Memory().adding(range(SEGMENT))
    assert memory.known() == set(range(SEGMENT))
    assert not memory.perhaps(3)


def test_many_facts_close_into_a_filter_of_four_bytes_each() -> None:
    memory = Memory()
    for number in range(10_000):
        memory = memory.adding([fact_mark(b"e" * 16, "s", str(number))])
    marks = [fact_mark(b"e" * 16, "s", str(number)) for number in range(10_000)]
    assert all(mark in memory.known() or memory.perhaps(mark) for mark in marks[::37])
    assert len(memory.older) + len(memory.recent) <= 4 * 10_000 + 8 * SEGMENT
    false_hits = sum(memory.perhaps(fact_mark(b"e" * 16, "s", f"new-{n}")) for n in range(20_000))
    assert false_hits < 20


def test_marks_differ_by_entity_source_and_id() -> None:
    marks = {fact_mark(prefix, source, name) for prefix in (b"a" * 16, b"b" * 16) for source in "st" for name in "xy"}
    assert len(marks) == 8
