"""confluent-kafka without a framework: the consume loop of its documentation, 10,000 records at most at a time."""

from __future__ import annotations

from confluent_kafka import Consumer

from benchmarks.peers.shared import KAFKA, TOPIC, Watch

watch = Watch()
consumer = Consumer({"bootstrap.servers": KAFKA, "group.id": f"{TOPIC}.raw", "auto.offset.reset": "earliest"})
consumer.subscribe([TOPIC])
while True:
    messages = consumer.consume(10_000, 1.0)
    values = [message.value() for message in messages if message.error() is None]
    if values:
        watch.done(len(values))
