"""Topics of one service, as its worker and its migration need them."""

from typing import NamedTuple

from contracts.catalog import TOPICS


class Plan(NamedTuple):
    """How a topic is created: partitions, and retention in days."""

    partitions: int
    retention_days: int


def plans_of(owner: str, namespace: str, size: str) -> dict[str, Plan]:
    """The topics a service owns; `size` is `local` or `production`."""
    return {
        named(topic.name, namespace): Plan(
            topic.partitions_local if size == "local" else topic.partitions_production, topic.retention_days
        )
        for topic in TOPICS.values()
        if topic.owner == owner
    }


def read_by(service: str, namespace: str) -> list[str]:
    """The topics whose facts a service folds."""
    return [named(topic.name, namespace) for topic in TOPICS.values() if service in topic.readers]


def named(topic: str, namespace: str) -> str:
    """A topic's name in a namespace."""
    return f"{namespace}.{topic}" if namespace else topic
