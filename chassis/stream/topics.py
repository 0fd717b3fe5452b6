"""What only the broker's administration knows: a topic's incarnation, its partitions, where a log starts and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # pyright: ignore[reportPrivateImportUsage]

from chassis.fold.ports import Transient

TIMEOUT = 10.0
NONE: Mapping[str, str] = {}
"""Nothing is protected: the broker of a laptop."""


class TopicFound(NamedTuple):
    """A topic as the broker has it now: the id of its incarnation and its number of partitions."""

    id: str
    partitions: int


class WrongPartitions(Exception):
    """A topic has another number of partitions than the catalog says; counts are fixed when a topic is made."""

    code = "wrong_partitions"


class Topics:
    """Asks and administers a broker. Calls run in a thread; failures are `Transient`."""

    def __init__(self, bootstrap: str, security: Mapping[str, str] = NONE) -> None:
        # Often: by it the client learns of a new controller. Until then it burns a core, asking for the dead one.
        refresh = {"topic.metadata.refresh.interval.ms": 3_000}
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2, **refresh, **security})

    async def find(self, names: Iterable[str]) -> dict[str, TopicFound]:
        """The topics that exist, of these."""
        return await asyncio.to_thread(self._find, list(names))

    def _find(self, names: list[str]) -> dict[str, TopicFound]:
        found: dict[str, TopicFound] = {}
        with _transient():
            for name, future in self._admin.describe_topics(TopicCollection(names), request_timeout=TIMEOUT).items():
                try:
                    described = future.result()
                    found[name] = TopicFound(str(described.topic_id), len(described.partitions))
                except KafkaException as error:
                    if error.args[0].name() != "UNKNOWN_TOPIC_OR_PART":
                        raise
        return found

    async def named(self, beginning: str) -> list[str]:
        """The names of all topics that begin with a text."""
        return await asyncio.to_thread(self._named, beginning)

    def _named(self, beginning: str) -> list[str]:
        with _transient():
            return sorted(
                name for name in self._admin.list_topics(timeout=TIMEOUT).topics if name.startswith(beginning)
            )
        raise AssertionError("unreachable")

    async def starts(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The first offset that each partition's log still has."""
        return await asyncio.to_thread(self._offsets, list(places), OffsetSpec.earliest())

    async def ends(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset after the last record of each partition."""
        return await asyncio.to_thread(self._offsets, list(places), OffsetSpec.latest())

    def _offsets(self, places: list[tuple[str, int]], spec: Any) -> dict[tuple[str, int], int]:
        with _transient():
            asked = {TopicPartition(topic, partition): spec for topic, partition in places}
            answers = self._admin.list_offsets(asked, request_timeout=TIMEOUT)
            return {(tp.topic, tp.partition): future.result().offset for tp, future in answers.items()}

    async def create(self, wanted: Mapping[str, tuple[int, int, Mapping[str, str]]]) -> list[str]:
        """Create what is missing, of {name: (partitions, replicas, settings)}; returns the names created, once the broker
        knows them: the controller says a topic is made before the broker that is asked has heard of it.

        Raises `WrongPartitions` if a topic is there with another number of partitions.
        """
        made, until = await asyncio.to_thread(self._create, wanted), time.monotonic() + TIMEOUT
        while made and len(await self.find(made)) < len(made):
            if time.monotonic() > until:
                raise Transient(f"broker: made {', '.join(made)}, and does not know all of them yet")
            await asyncio.sleep(0.05)
        return made

    def _create(self, wanted: Mapping[str, tuple[int, int, Mapping[str, str]]]) -> list[str]:
        there = self._find(list(wanted))
        wrong = {name: found.partitions for name, found in there.items() if found.partitions != wanted[name][0]}
        if wrong:
            raise WrongPartitions(
                "; ".join(
                    f"topic {name} has {count} partitions, the catalog says {wanted[name][0]}"
                    for name, count in sorted(wrong.items())
                )
            )
        new = [
            NewTopic(name, partitions, replicas, config=dict(settings))
            for name, (partitions, replicas, settings) in wanted.items()
            if name not in there
        ]
        with _transient():
            for future in (self._admin.create_topics(new, request_timeout=TIMEOUT) if new else {}).values():
                _created(future)
        return [topic.topic for topic in new]


def _created(future: Any) -> None:
    try:
        future.result()
    except KafkaException as error:
        if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
            raise


class _transient:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, KafkaException):
            raise Transient(f"broker: {error.args[0].name()}") from error
