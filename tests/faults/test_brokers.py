"""Three brokers, of which one dies at a time; and a switch to topics with more partitions."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from tests.faults import verdict
from tests.faults.chains import read
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, until
from tests.faults.runs import check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(360)]

MORE = 64
"""Partitions of the journal in production; locally it has four."""


def test_each_of_three_brokers_is_killed(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    engines = make_engines(brokers=3)
    cluster = make_cluster(engines, HEARTH_REPLICATION="3")
    led: Counter[str] = Counter()
    with under_load(cluster, 71) as (load, clients):
        for node, broker in enumerate((engines.broker, *engines.more), 1):
            moved(cluster, load, 150)
            led[f"broker {node} killed, partitions it led"] = leaders(cluster)[node]
            broker.kill()
            until(lambda node=node: taken_over(cluster, node), 90, lambda: "nobody took over")
            moved(cluster, load, 150)
            broker.start()
            until(lambda: whole(cluster), 90, lambda: "the broker did not catch up")
    report = ended(cluster, load, clients)
    report.faults = led
    check(report, races=False)


@lru_cache(maxsize=1)
def asking(bootstrap: str) -> AdminClient:
    """One client for all questions: each has a thread for every broker."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})


def described(cluster: Cluster) -> list[Any]:
    """The partitions of all topics as the brokers describe them; none while nobody answers."""
    admin = asking(cluster.engines.bootstrap)
    try:
        topics = admin.list_topics(timeout=5).topics
    except KafkaException:
        return []
    return [partition for topic in topics.values() for partition in topic.partitions.values()]


def leaders(cluster: Cluster) -> Counter[int]:
    """How many partitions each broker leads."""
    return Counter(partition.leader for partition in described(cluster))


def taken_over(cluster: Cluster, node: int) -> bool:
    """Whether other brokers lead every partition that this one led."""
    led = leaders(cluster)
    return bool(led) and not led[node] and not led[-1]


def whole(cluster: Cluster) -> bool:
    """Whether every partition has all its replicas again."""
    found = described(cluster)
    return bool(found) and all(len(partition.isrs) == len(partition.replicas) for partition in found)


def test_a_switch_to_topics_with_more_partitions(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    """Drained, stopped, made again with more partitions: customers move, what they know moves with them."""
    cluster = make_cluster(make_engines())
    with under_load(cluster, 72) as (load, clients):
        moved(cluster, load, 1_000)
    verdict.settle(cluster, 120)
    for member in cluster.members:
        member.process.stop()
    remake(cluster)
    cluster.settings["HEARTH_PARTITIONS"] = "production"
    cluster.migrate()
    load.renew()
    load.rubbish = 0  # the letters of the old incarnation are not counted
    load.start()
    cluster.start()
    cluster.ready(120)
    again = Clients(cluster.apis, seed=load.seed + 1)
    again.start()
    moved(cluster, load, 1_000, 180)
    load.stop()
    again.stop()
    clients.sent += again.sent
    clients.unexpected += again.unexpected
    report = ended(cluster, load, clients, seconds=180)
    report.faults.update({"partitions settled after the switch": settled(cluster), "customers moved": moves(cluster)})
    check(report, races=False)
    assert settled(cluster) > MORE / 4, "the new partitions were not used"


def remake(cluster: Cluster) -> None:
    """Delete all topics of the run; `migrate` makes them again."""
    admin = AdminClient({"bootstrap.servers": cluster.engines.bootstrap, "log_level": 2})
    old = [name for name in admin.list_topics(timeout=10).topics if name.startswith(f"{cluster.namespace}.")]
    for deleted in admin.delete_topics(old).values():
        deleted.result()
    until(lambda: not set(old) & set(admin.list_topics(timeout=10).topics), 60, lambda: "the topics are still there")


def settled(cluster: Cluster) -> int:
    """In how many of the new partitions of the journal facts of customers were settled."""
    return len({fact.slot for facts in facts_of(cluster) for fact in facts} & set(open_slots(cluster)))


def moves(cluster: Cluster) -> int:
    """How many customers have facts of the old and of the new partitions."""
    new = set(open_slots(cluster))
    return sum(0 < len([fact for fact in facts if fact.slot in new]) < len(facts) for facts in facts_of(cluster))


def facts_of(cluster: Cluster) -> list[list[Any]]:
    """The facts of each account that came by the log."""
    return [[fact for fact in chain.facts if fact.slot] for chain in read(cluster, "loyalty").chains.values()]


def open_slots(cluster: Cluster) -> list[str]:
    """The slots of the journal as it is now."""
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        slots = cluster.database(client, "loyalty").slots
        return [slot["_id"] for slot in slots.find({"topic": cluster.journal, "closed": False})]
