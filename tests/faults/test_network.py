"""Between us and the engines: connections that are reset, slow ones, and ones on which nobody answers any more."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local import ports
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, until
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.faults.runs import check, ended, moved, somebody_waits, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SLOW, NARROW = 0.05, 200_000
"""Seconds for each chunk, and bytes a second."""


def cut_and_slowed(cluster: Cluster, load: Load, proxy: Proxy) -> None:
    """Resets while facts flow, then a slow and narrow line, for some hundred facts each."""
    for _ in range(4):
        moved(cluster, load, 150)
        assert proxy.cut(), "there was nothing to cut"
    with proxy.slowed(SLOW, NARROW):
        moved(cluster, load, 300)


def judged(cluster: Cluster, load: Load, clients: Clients, proxy: Proxy, name: str, *, replayed: bool) -> None:
    report = ended(cluster, load, clients)
    report.faults = Counter({f"{name} {what}": proxy.done[what] for what in ("cut", "slowed", "swallowed")})
    check(report, races=False)
    assert report.replays or not replayed, "no batch was replayed: nobody missed anything"


def test_the_line_to_the_broker_is_cut_slowed_and_dead(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], make_proxy: Callable[[int], Proxy]
) -> None:
    """Dead for longer than a session: the broker has given the partitions of all away when they can speak again."""
    (inside,) = ports.free_ports(1)
    proxy = make_proxy(inside)
    engines = make_engines(detour=(inside, proxy.port))
    cluster = make_cluster(engines, KAFKA_BOOTSTRAP=proxy.address)
    with under_load(cluster, 51) as (load, clients):
        cut_and_slowed(cluster, load, proxy)
        with proxy.swallowed():
            until(lambda: members(cluster, "loyalty") == 0, 60, lambda: "the broker still waits for the workers")
        moved(cluster, load, 300)
    judged(cluster, load, clients, proxy, "broker", replayed=False)


def test_the_line_to_the_database_is_cut_slowed_and_dead(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], make_proxy: Callable[[int], Proxy]
) -> None:
    engines = make_engines()
    proxy = make_proxy(engines.database.port)
    cluster = make_cluster(engines, MONGO_URL=f"mongodb://{proxy.address}/?directConnection=true")
    with under_load(cluster, 52) as (load, clients):
        cut_and_slowed(cluster, load, proxy)
        with proxy.swallowed():
            somebody_waits(cluster)
        moved(cluster, load, 300)
    judged(cluster, load, clients, proxy, "database", replayed=True)


def members(cluster: Cluster, service: str) -> int:
    """How many workers the broker takes for living members of a service's group."""
    admin = AdminClient({"bootstrap.servers": cluster.engines.bootstrap, "log_level": 2})
    group = cluster.topic(f"hearth.{service}")
    return len(admin.describe_consumer_groups([group])[group].result().members)
