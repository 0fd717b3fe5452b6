"""Workers that come and go under load: partitions wander, and nothing else changes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.cluster import Cluster, Member, until
from tests.faults.runs import check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


STEPS = ((1, 1), (1, 0), (1, 0), (1, 3))
"""How many join, then how many leave, the oldest first: 1, 2, 1, 2, 3, 4 and 1 at work."""


def test_workers_join_and_leave(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    cluster = make_cluster(make_engines(), workers=1)
    seen: list[Member] = list(cluster.workers)
    with under_load(cluster, 55) as (load, clients):
        for joining, leaving in STEPS:
            seen += [cluster.join() for _ in range(joining)]
            all_at_work(cluster)
            moved(cluster, load, 150)
            for member in cluster.workers[:leaving]:
                cluster.leave(member)
            all_at_work(cluster)
            moved(cluster, load, 150)
    report = ended(cluster, load, clients)
    joined = sum(count for count, _ in STEPS)
    report.faults.update({"worker joined": joined, "worker left": len(cluster.gone)})
    check(report, races=False)
    assert all(member.counts["applied"] for member in seen), "somebody came and did nothing"


def all_at_work(cluster: Cluster) -> None:
    """Wait until every worker has partitions."""
    until(lambda: all(lanes(member) for member in cluster.workers), 60, lambda: f"somebody has none: {cluster.workers}")


def lanes(member: Member) -> dict[str, Any]:
    """The partitions that a worker works."""
    return (member.look() or {}).get("lanes", {})
