"""A batch knows where it was read from, also when a seek crosses records that were fetched before it."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from chassis.stream.transport import Consumer, ConsumerThread

JOURNAL = TP("journal", 0)


def fetched(first: int, count: int) -> list[Any]:
    parts = {"topic": "journal", "partition": 0, "timestamp": 0, "timestamp_type": 0}
    return [SimpleNamespace(offset=offset, **parts) for offset in range(first, first + count)]


def thread() -> Any:
    made = ConsumerThread.__new__(ConsumerThread)
    made._next = {}
    return made


def test_records_fetched_before_a_seek_do_not_pretend_to_reach_back_to_it() -> None:
    consumer, source = (
        thread(),
        SimpleNamespace(_in_flight={JOURNAL: []}, app=SimpleNamespace(consumer_generation_id=1)),
    )
    consumer._next[JOURNAL] = 100
    batch = consumer._batch(JOURNAL, fetched(100, 20))
    consumer._next[JOURNAL] = 50  # the lane is opened again, further back, while these records are on their way
    message = Consumer._to_message(source, JOURNAL, batch)  # type: ignore[arg-type]
    assert (message.value.start, message.value.end) == (100, 120)


def test_a_hole_in_the_log_belongs_to_the_batch_after_it() -> None:
    consumer = thread()
    consumer._next[JOURNAL] = 10
    first, second = consumer._batch(JOURNAL, fetched(10, 5)), consumer._batch(JOURNAL, fetched(17, 3))
    assert [(batch.start, batch.end) for batch in (first, second)] == [(10, 15), (15, 20)]
