"""The steps that most fault runs have in common: begin, let some facts pass, end, judge."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults import verdict
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, Member, until
from tests.faults.load import Load, Story, seeded


def begun(cluster: Cluster, seed: int, rate: float = 120, story: Story | None = None) -> Load:
    """A running cluster and a load that has begun: every customer has something to spend."""
    load = Load(cluster.engines.bootstrap, cluster.journal, cluster.ends, seed=seed, rate=rate, story=story)
    load.begin()
    cluster.start()
    cluster.ready()
    verdict.seen(cluster)
    return load


@contextmanager
def under_load(cluster: Cluster, own_seed: int, rate: float = 120) -> Iterator[tuple[Load, Clients]]:
    """Facts and commands flow while the block lasts."""
    seed = seeded(own_seed)
    load = begun(cluster, seed, rate)
    clients = Clients(cluster.apis, seed=seed)
    clients.start()
    load.start()
    try:
        yield load, clients
    finally:
        load.halt()
        clients.halt()
    load.stop()
    clients.stop()


def moved(cluster: Cluster, load: Load, facts: int, seconds: float = 120) -> None:
    """Wait until so many more facts were published and what was in the log before them is settled."""
    goal = len(load.facts) + facts
    until(lambda: len(load.facts) >= goal, seconds, lambda: "the load stopped")
    verdict.seen(cluster, seconds)


def waits(member: Member) -> bool:
    """Whether a lane of this worker says that it waits for something outside itself."""
    return any(lane["waiting_for"] for lane in (member.look() or {}).get("lanes", {}).values())


def somebody_waits(cluster: Cluster, seconds: float = 60) -> None:
    """Wait until a lane of loyalty says that it waits for something outside itself."""
    until(lambda: any(waits(member) for member in cluster.workers), seconds, lambda: "no lane waits for anything")


def ended(cluster: Cluster, load: Load, clients: Clients | None = None, **more: Any) -> verdict.Report:
    """Wait until all is quiet, and compare everything."""
    verdict.settle(cluster, more.pop("seconds", 120))
    return verdict.judge(cluster, load, clients, **more)


def check(report: verdict.Report, *, races: bool = True) -> None:
    """Fail if anything is wrong, or if nothing happened. `races`: somebody must have lost one."""
    verdict.REPORTS.append(report)
    print(json.dumps(report.summary()))
    assert report.clean, report.summary()
    assert report.faults, "no fault is named"
    assert all(report.faults.values()), f"a fault did not happen: {report.faults}"
    assert report.duplicates, "no duplicate was dropped: the load is wrong"
    assert report.refused_writes or not races, "no write was refused: nobody raced"
    assert not report.gaps, report.gaps
