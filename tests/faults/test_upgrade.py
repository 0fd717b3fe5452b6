"""A rolling upgrade from an older release to this one and back, with both at work for a minute; and one without a way back."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.fold.model import FORMAT
from deploy.testing import policy, render
from tests.faults.cluster import Cluster, Member, until
from tests.faults.load import Load
from tests.faults.older import format_of, older
from tests.faults.runs import check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

TOGETHER = 60.0
"""Seconds for which both releases work side by side."""


def test_a_rolling_upgrade_and_back(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """`FROM=<revision>` chooses the older release. Nothing is lost or doubled, what both read is written, and whoever is
    told to end has ended before Kubernetes would kill it.
    """
    revision, old = older(tmp_path, beside=True)
    cluster = make_cluster(make_engines(), tree=old, workers=2, profiles=2, apis=2)
    first, second = begun(cluster, old)
    ends: list[float] = []
    with under_load(cluster, 81) as (load, clients):
        moved(cluster, load, 300)
        cluster.migrate()
        ends += roll(cluster, load, first, None)
        shared = together(cluster, load)
        ends += roll(cluster, load, second, None)
        moved(cluster, load, 200)
        ends += roll(cluster, load, [*first, *second], old)
        moved(cluster, load, 200)
    report = ended(cluster, load, clients)
    report.faults.update({f"upgraded from {revision} and back": 2 * len(cluster.members), **shared})
    print(f"from SIGTERM to the end: {max(ends):.1f} s at most, {grace():.0f} s are given")
    check(report, races=False)
    assert len(ends) == 2 * len(cluster.members)
    assert max(ends) < grace()
    assert formats(cluster) == {format_of(old)} == {FORMAT}


def test_an_upgrade_over_releases_that_must_not_work_side_by_side(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """The older ones stop at what the newer ones have written, and nothing is lost or doubled; there is no way back."""
    revision, old = older(tmp_path, beside=False)
    cluster = make_cluster(make_engines(), tree=old, workers=2, profiles=2, apis=2)
    first, second = begun(cluster, old)
    ends: list[float] = []
    with under_load(cluster, 82) as (load, clients):
        moved(cluster, load, 300)
        cluster.migrate()
        ends += roll(cluster, load, first, None)
        ends += roll(cluster, load, second, None)
        moved(cluster, load, 300)
    report = ended(cluster, load, clients)
    report.faults.update({f"upgraded from {revision}": len(cluster.members)})
    check(report, races=False)
    assert max(ends) < grace()
    assert formats(cluster) == {FORMAT}


def begun(cluster: Cluster, old: Path) -> tuple[list[Member], list[Member]]:
    """All members are of the older release; one of each kind, and the others."""
    for member in cluster.members:
        member.tree = old
    return halves(cluster)


def grace() -> float:
    """Seconds that the chart gives a process after SIGTERM: the pod's, less those in which it only waits before."""
    (spec, *_) = (spec for name, spec in policy.templates(render.golden("production")) if "Deployment" in name)
    waits = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    return spec["terminationGracePeriodSeconds"] - waits


def formats(cluster: Cluster) -> set[int]:
    """The formats of all versions there are."""
    found: set[int] = set()
    with MongoClient[Any](cluster.engines.mongo_url) as client:
        for service, chain in (("loyalty", "accounts.chain"), ("profile", "customers.chain")):
            found |= set(cluster.database(client, service)[chain].distinct("f"))
    return found


def halves(cluster: Cluster) -> tuple[list[Member], list[Member]]:
    """One of each kind, and the others."""
    first = [cluster.workers[0], cluster.profiles[0], cluster.apis[0]]
    return first, [member for member in cluster.members if member not in first]


def roll(cluster: Cluster, load: Load, members: Iterable[Member], tree: Path | None) -> list[float]:
    """One after another: ends in order, and comes back as the other release. Seconds from SIGTERM to each one's end."""
    took = []
    for member in members:
        member.look()
        asked = time.monotonic()
        member.process.stop(grace())
        took.append(time.monotonic() - asked)
        assert member.process.exit_code == 0, member.process.report()
        member.tree = tree
        member.start()
        until(lambda member=member: member.ask("/readyz") is not None, 60, member.process.report)
        moved(cluster, load, 40)
    return took


def together(cluster: Cluster, load: Load) -> dict[str, int]:
    """A minute in which both releases are at work; how many facts each release's workers applied in it."""
    before = {member: applied(member) for member in cluster.workers}
    over = time.monotonic() + TOGETHER
    while time.monotonic() < over:
        moved(cluster, load, 100)
    done = {member: applied(member) - before[member] for member in cluster.workers}
    return {f"applied by the {'older' if member.tree else 'newer'} one": count for member, count in done.items()}


def applied(member: Member) -> int:
    """What a worker has applied so far."""
    until(lambda: member.look() is not None, 20, lambda: member.process.report())
    return member.counts["applied"]
