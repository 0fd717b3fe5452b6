"""Quix Streams, records to a function. Written as its documentation shows a StreamingDataFrame: bytes, no state."""

from __future__ import annotations

from quixstreams import Application

from benchmarks.peers.shared import KAFKA, TOPIC, Watch

watch = Watch()
app = Application(broker_address=KAFKA, consumer_group=f"{TOPIC}.quix", auto_offset_reset="earliest", loglevel="ERROR")
source = app.topic(TOPIC, key_deserializer="bytes", value_deserializer="bytes")
app.dataframe(source).update(lambda _value: watch.done())
app.run()
