"""Replies get lost after their effect, in every call to the database and the broker."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import verdict
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, until
from tests.faults.load import Load, seeded
from tests.faults.runs import check


def lossy(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], facts: int, share: float) -> None:
    cluster = make_cluster(make_engines(), workers=2, profiles=2, HEARTH_LOSE_REPLIES=f"{share}:7")
    load = Load(cluster.engines.bootstrap, cluster.journal, cluster.ends, seed=seeded(21), rate=120)
    load.begin()
    cluster.start()
    cluster.ready()
    verdict.seen(cluster)
    clients = Clients(cluster.apis, seed=seeded(21))
    clients.start()
    load.start()
    until(lambda: len(load.facts) >= facts, 600, lambda: "the load stopped")
    load.stop()
    clients.stop()
    verdict.settle(cluster)
    report = verdict.judge(cluster, load, clients)
    for member in cluster.members:
        report.faults.update(f"reply lost: {line.split()[-1]}" for line in member.faults() if "lost the reply" in line)
    cluster.stop()
    check(report)
    assert report.replays, "no batch was replayed: no reply was lost"
    for place in ("lane.insert", "lane.publish", "lane.advance", "view.replace_views", "door.insert", "timer.insert"):
        assert report.faults[f"reply lost: {place}"], f"no reply of {place} was lost"


@pytest.mark.timeout(900)
def test_replies_are_lost(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    lossy(make_engines, make_cluster, facts=2_500, share=0.05)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_replies_are_lost_for_minutes(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    lossy(make_engines, make_cluster, facts=12_000, share=0.03)
