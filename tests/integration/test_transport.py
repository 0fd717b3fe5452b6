"""The record-batch transport on a broker: the same agent as on stock Faust, in order, nothing skipped, every codec."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from chassis.fold import Out
from chassis.publish import SETTINGS, Publisher
from chassis.stream.records import RecordBatch, as_batch
from chassis.stream.topics import Topics, WrongPartitions
from chassis.stream.worker import make_app

CODECS = ("none", "gzip", "lz4", "snappy", "zstd")
pytestmark = pytest.mark.integration


def send(bootstrap: str, topic: str, values: list[bytes], codec: str = "none", key: bytes = b"k") -> None:
    producer = Producer({**SETTINGS, "bootstrap.servers": bootstrap, "compression.type": codec})
    for value in values:
        producer.produce(topic, value, key, headers=[("h", value)])
    assert producer.flush(120) == 0


async def until(condition: Callable[[], Any], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
async def no_reader_outlives_its_test() -> AsyncIterator[None]:
    """A test that fails in the middle must not leave an app whose threads keep the process alive."""
    yield
    for reader in list(Reader.running):
        await reader.stop()


class Reader:
    """A Faust app with one agent that keeps what it gets."""

    running: ClassVar[list["Reader"]] = []

    def __init__(self, scheme: str, bootstrap: str, *topics: str, finish: bool = True) -> None:
        self.batches: list[RecordBatch] = []
        self.finish = finish
        self.running.append(self)
        # a session longer than a machine may stand still: who loses it begins again, and reads twice
        session = 30.0
        self.app = make_app(
            f"{topics[0]}.group", bootstrap, session, scheme=scheme, consumer_auto_offset_reset="earliest"
        )
        self.app.conf.broker_heartbeat_interval = 1.5  # joining and leaving wait for one
        self.app.agent(self.app.topic(*topics, key_serializer="raw", value_serializer="raw"))(self.agent)
        self.app.finalize()
        self.started: list[asyncio.Task[None]] = []
        if scheme == "records":
            self.app.consumer.on_seek = self.assigned  # type: ignore[attr-defined]

    async def agent(self, stream: Any) -> None:
        async for event in stream.events():
            batch = as_batch(event.message)
            self.batches.append(batch)
            batch.finished = self.finish

    def assigned(self, partitions: set[Any]) -> None:
        self.started.append(asyncio.create_task(self.open(partitions)))

    async def open(self, partitions: set[Any], offset: int = 0) -> None:
        consumer: Any = self.app.consumer
        for tp in partitions:
            await consumer.go_to(tp, offset)
            consumer.full.discard(tp)

    @property
    def values(self) -> list[bytes]:
        return [record.value for batch in self.batches for record in batch]

    async def stop(self) -> None:
        self.running.remove(self)
        await self.app.stop()
        await asyncio.gather(*self.started)


@pytest.mark.parametrize("scheme", ["records", "kafka"])
async def test_the_same_agent_runs_on_stock_faust(engines: Any, namespace: str, scheme: str) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (1, 1, {})})
    sent = [b"%d" % number for number in range(300)]
    send(engines.bootstrap, topic, sent)
    reader = Reader(scheme, engines.bootstrap, topic)
    await reader.app.start()
    await until(lambda: len(reader.values) >= 300)
    await reader.stop()
    assert reader.values == sent
    assert reader.batches[0][0].headers[0] == ("h", b"0")
    assert (max(map(len, reader.batches)) > 1) == (scheme == "records")


async def test_every_codec_is_read(engines: Any, namespace: str) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (1, 1, {})})
    for codec in CODECS:
        send(engines.bootstrap, topic, [f"{codec} {number}".encode() * 20 for number in range(20)], codec)
    reader = Reader("records", engines.bootstrap, topic)
    await reader.app.start()
    await until(lambda: len(reader.values) >= 100)
    await reader.stop()
    assert {value.split()[0].decode() for value in reader.values} == set(CODECS)


async def test_batches_follow_each_other_without_a_gap(engines: Any, namespace: str) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (1, 1, {})})
    reader = Reader("records", engines.bootstrap, topic)
    await reader.app.start()
    for step in range(5):
        send(engines.bootstrap, topic, [b"%d" % number for number in range(step * 40, step * 40 + 40)])
        await until(lambda wanted=40 * (step + 1): len(reader.values) >= wanted)
    consumer: Any = reader.app.consumer
    await consumer.go_to(next(iter(consumer.assignment())), 150)
    await until(lambda: len(reader.values) >= 250)
    await reader.stop()
    ends = [0, *(batch.end for batch in reader.batches)]
    starts = [batch.start for batch in reader.batches]
    again = starts.index(150)
    assert starts[:again] == ends[:again]
    assert reader.values[200:] == [b"%d" % number for number in range(150, 200)]


async def test_a_full_partition_is_not_fetched_until_it_has_room(engines: Any, namespace: str) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (2, 1, {})})
    reader = Reader("records", engines.bootstrap, topic)
    await reader.app.start()
    consumer: Any = reader.app.consumer
    await until(lambda: len(consumer.assignment()) == 2 and not consumer.full)
    full = next(tp for tp in consumer.assignment() if tp.partition == 0)
    consumer.full.add(full)
    producer = Producer({"bootstrap.servers": engines.bootstrap})
    producer.produce(topic, b"the fetch begun before is over", b"k", partition=1)
    producer.flush(120)
    await until(lambda: reader.values)
    for partition in (0, 1):
        for _ in range(50):
            producer.produce(topic, b"p%d" % partition, b"k", partition=partition)
    producer.flush(120)
    await until(lambda: reader.values.count(b"p1") == 50)
    assert reader.values.count(b"p0") == 0
    consumer.full.discard(full)
    await until(lambda: reader.values.count(b"p0") == 50)
    await reader.stop()


@pytest.mark.real  # the embedded broker makes every topic that a client asks for
async def test_a_topic_that_was_away_for_a_while_is_read_when_it_is_back(engines: Any, namespace: str) -> None:
    topics, gone, stays = Topics(engines.bootstrap), f"{namespace}.gone", f"{namespace}.stays"
    await topics.create({gone: (1, 1, {}), stays: (1, 1, {})})
    send(engines.bootstrap, gone, [b"before"])
    reader = Reader("records", engines.bootstrap, gone, stays)
    await reader.app.start()
    consumer: Any = reader.app.consumer
    await until(lambda: reader.values == [b"before"])
    admin = AdminClient({"bootstrap.servers": engines.bootstrap})
    for future in admin.delete_topics([gone], operation_timeout=20).values():
        await asyncio.to_thread(future.result)
    await until(lambda: {tp.topic for tp in consumer.assignment()} == {stays})  # the group was shared out without it
    await topics.create({gone: (1, 1, {})})
    send(engines.bootstrap, gone, [b"after"])
    await until(lambda: reader.values == [b"before", b"after"])
    await reader.stop()


@pytest.mark.parametrize("finish", [True, False])
async def test_offsets_are_committed_only_for_finished_batches(engines: Any, namespace: str, finish: bool) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (1, 1, {})})
    send(engines.bootstrap, topic, [b"x"] * 30)
    reader = Reader("records", engines.bootstrap, topic, finish=finish)
    await reader.app.start()
    await until(lambda: len(reader.values) >= 30)
    await reader.app.consumer.commit()
    await reader.stop()
    assert committed(engines.bootstrap, f"{topic}.group", topic) == (30 if finish else None)


def committed(bootstrap: str, group: str, topic: str) -> int | None:
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    (place,) = consumer.committed([TopicPartition(topic, 0)], timeout=60)
    consumer.close()
    return None if place.offset < 0 else place.offset


@pytest.mark.real
async def test_aborted_transactions_are_not_read(engines: Any, namespace: str) -> None:
    topic = f"{namespace}.t"
    await Topics(engines.bootstrap).create({topic: (1, 1, {})})
    producer = Producer({"bootstrap.servers": engines.bootstrap, "transactional.id": namespace})
    producer.init_transactions(120)
    for word, end in ((b"aborted", producer.abort_transaction), (b"committed", producer.commit_transaction)):
        producer.begin_transaction()
        for _ in range(5):
            producer.produce(topic, word, b"k")
        producer.flush(120)
        end(120)
    send(engines.bootstrap, topic, [b"plain"])
    reader = Reader("records", engines.bootstrap, topic)
    await reader.app.start()
    await until(lambda: b"plain" in reader.values)
    await reader.stop()
    assert reader.values == [b"committed"] * 5 + [b"plain"]
    assert reader.batches[0].start == 0
    assert all(after.start == before.end for before, after in zip(reader.batches, reader.batches[1:], strict=False))


async def test_our_keys_go_where_faust_expects_them(engines: Any, namespace: str) -> None:
    from aiokafka.partitioner import DefaultPartitioner

    topic, partitions = f"{namespace}.t", 7
    await Topics(engines.bootstrap).create({topic: (partitions, 1, {})})
    publisher = Publisher(engines.bootstrap, "test")
    keys = [b"customer-%d" % number for number in range(1_000)]
    await publisher.publish([Out("id", 0, topic, key, key, ()) for key in keys])
    publisher.close()
    choose = DefaultPartitioner()
    expected = {key: choose(key, list(range(partitions)), list(range(partitions))) for key in keys}
    assert await places_of(engines.bootstrap, topic, partitions, len(keys)) == expected


async def places_of(bootstrap: str, topic: str, partitions: int, count: int) -> dict[bytes, int]:
    import aiokafka

    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([aiokafka.TopicPartition(topic, partition) for partition in range(partitions)])
    found: dict[bytes, int] = {}
    async with asyncio.timeout(120):
        while len(found) < count:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                found |= {record.value: place.partition for record in records}
    await consumer.stop()
    return found


async def test_topics_are_created_once_and_never_with_other_partitions(engines: Any, namespace: str) -> None:
    topics, topic = Topics(engines.bootstrap), f"{namespace}.t"
    assert await topics.create({topic: (3, 1, {})}) == [topic]
    assert (await topics.find([topic]))[topic].partitions == 3, "it is known when it is made"
    assert await topics.create({topic: (3, 1, {})}) == []
    with pytest.raises(WrongPartitions, match="has 3 partitions, the catalog says 4"):
        await topics.create({topic: (4, 1, {})})
    first = (await topics.find([topic, "missing"]))[topic]
    assert first.partitions == 3
    admin = AdminClient({"bootstrap.servers": engines.bootstrap})
    admin.delete_topics([topic])[topic].result(60)
    found = {topic: first}
    async with asyncio.timeout(120):  # a broker takes a moment to forget, and another to make known what was made
        while topic not in found or found[topic].id == first.id:
            await topics.create({topic: (3, 1, {})})
            await asyncio.sleep(0.1)
            found = await topics.find([topic])
    assert found[topic].partitions == 3
