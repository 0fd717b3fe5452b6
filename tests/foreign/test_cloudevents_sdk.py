"""The CloudEvents SDK with two Kafka clients and every codec, in both content modes: the balance shows it."""

from datetime import datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer

from tests.foreign import events
from tests.running import Hearth

CODECS = ["none", "gzip", "lz4", "snappy", "zstd"]


@pytest.mark.parametrize("codec", CODECS)
def test_the_sdk_with_confluent_kafka(hearth: Hearth, codec: str) -> None:
    customer = events.someone()
    producer = Producer({"bootstrap.servers": hearth.bootstrap, "compression.type": codec})
    for message in messages(customer):
        producer.produce(hearth.journal, message.value, message.key, headers=list(message.headers.items()))
    assert producer.flush(120) == 0
    hearth.eventually(customer, active=70, pending=0)


@pytest.mark.parametrize("codec", CODECS)
async def test_the_sdk_with_aiokafka(hearth: Hearth, codec: str) -> None:
    customer = events.someone()
    producer = AIOKafkaProducer(bootstrap_servers=hearth.bootstrap, compression_type=None if codec == "none" else codec)
    await producer.start()
    try:
        for message in messages(customer):
            key, headers = str(message.key).encode(), list(message.headers.items())
            await producer.send_and_wait(hearth.journal, message.value, key=key, headers=headers)
    finally:
        await producer.stop()
    hearth.eventually(customer, active=70, pending=0)


def messages(customer: str) -> list[Any]:
    """A visit in binary mode, an answer in structured mode, and the visit once more in the other mode."""
    visit = sdk_event(events.visit(customer))
    return [
        kafka.to_binary_event(visit, key_mapper=lambda event: event.get_subject()),
        kafka.to_structured_event(sdk_event(events.answer(customer)), key_mapper=lambda event: event.get_subject()),
        kafka.to_structured_event(visit, key_mapper=lambda event: event.get_subject()),
    ]


def sdk_event(of: dict[str, Any]) -> CloudEvent:
    """The SDK's own object."""
    attributes = {name: value for name, value in of.items() if name != "data"}
    return CloudEvent({**attributes, "time": datetime.fromisoformat(of["time"])}, of["data"])
