"""Slots: a partition of one incarnation of a topic. Opening one, closing the ones before it, naming gaps."""

from __future__ import annotations

from chassis.fold.model import Watermark
from chassis.fold.ports import Broker, Store


class Gap(Exception):
    """The log no longer has what comes next: facts between `start` and `end` were never read. The lane stops."""

    code = "gap"

    def __init__(self, topic: str, partition: int, start: int, end: int) -> None:
        super().__init__(
            f"{topic}[{partition}] begins at offset {end}, but only facts before {start} were read: let the "
            f"owner send them again, or accept the gap with the task `accept-gap`"
        )
        self.topic, self.partition, self.start, self.end = topic, partition, start, end


def slot_name(topic_id: str, partition: int) -> str:
    """The name of a slot: the topic's incarnation (Kafka's topic id) and the partition."""
    return f"{topic_id}:{partition}"


async def open_slot(
    store: Store, broker: Broker, slot: str, topic: str, partition: int, log_start: int, table: int
) -> Watermark:
    """The watermark to go on from. A new slot starts where the log starts, older incarnations are closed first; and no slot,
    however new, is for a release older than the final one.
    """
    for mark in await store.watermarks(topic, partition):
        if mark.slot != slot:
            await close(store, broker, mark)
    mark = await store.watermark(slot)
    if mark is None:
        await store.open_slot(Watermark(slot, topic, partition, log_start, log_start, 1, table))
        mark = await store.watermark(slot)
        assert mark is not None
    final = await store.final_table()  # after the slot is there: whoever makes a table final raises the slots there are
    if mark.table < final:
        await store.set_table(slot, final)
    if mark.settled < log_start:
        raise Gap(topic, partition, mark.settled, log_start)
    return mark


async def close(store: Store, broker: Broker, mark: Watermark) -> None:
    """Finish an older incarnation: publish what its versions say from the watermark on, and bring its views up to date."""
    outs = await store.outs_since(mark.slot, mark.settled)
    if outs:
        await broker.publish(outs)
    touched = sorted(await store.touched(mark.slot, mark.viewed))
    await store.replace_views((await store.heads(touched)).values())
    await store.close_slot(mark.slot)
