"""Every named place of a crash, under load, two workers or more dying in turn: nothing lost, doubled or wrong."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import verdict
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster
from tests.faults.load import Load, seeded
from tests.faults.runs import check
from tests.faults.storm import AROUND_WRITES, PLACES, Storm


def storm(
    make_engines: Callable[..., Any],
    make_cluster: Callable[..., Cluster],
    places: list[str],
    wanted: int,
    seconds: float,
    seed: int,
) -> None:
    cluster = make_cluster(make_engines(), workers=4, session=1.5)
    load = Load(cluster.engines.bootstrap, cluster.journal, cluster.ends, seed=seed, rate=50, rubbish=0.02)
    load.begin()
    cluster.start()
    cluster.ready()
    verdict.seen(cluster)
    clients = Clients(cluster.apis, seed=seed, count=6)
    clients.start()
    load.start()
    raging = Storm(cluster, seed, places, wanted)
    raging.rage(seconds)
    raging.calm()
    load.stop()
    clients.stop()
    verdict.settle(cluster)
    report = verdict.judge(cluster, load, clients)
    report.faults = raging.hits + raging.other
    cluster.stop()
    check(report)
    assert not raging.missing, f"never or too seldom died at {Counter({p: raging.hits[p] for p in raging.missing})}"


@pytest.mark.timeout(1500)
def test_a_crash_around_every_write(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    storm(make_engines, make_cluster, AROUND_WRITES, wanted=1, seconds=900, seed=seeded(11))


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_crash_at_every_place_twenty_times(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]
) -> None:
    storm(make_engines, make_cluster, PLACES, wanted=20, seconds=2400, seed=seeded(12))
