"""Workers killed, ended in order, and paused beyond their session, so that they wake up as zombies."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import verdict
from tests.faults.cluster import Cluster
from tests.faults.load import Load, seeded
from tests.faults.runs import check
from tests.faults.storm import Mix


def mixed(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], actions: int) -> None:
    """No commands here: what refuses a write can only be another worker."""
    cluster = make_cluster(make_engines(), workers=2, profiles=2, apis=0)
    load = Load(cluster.engines.bootstrap, cluster.journal, cluster.ends, seed=seeded(31), rate=150)
    load.begin()
    cluster.start()
    cluster.ready()
    load.start()
    mix = Mix(cluster, seeded(31))
    mix.go(actions)
    load.stop()
    verdict.settle(cluster)
    report = verdict.judge(cluster, load)
    report.faults = mix.done
    cluster.stop()
    check(report)
    assert mix.done["zombie refused"], "no zombie's write was refused: it did not wake up in front of one"
    assert report.longest_stall < 60, f"{report.longest_stall} s without progress"


@pytest.mark.timeout(900)
def test_kill_end_and_pause(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    mixed(make_engines, make_cluster, actions=4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_end_and_pause_for_minutes(make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster]) -> None:
    mixed(make_engines, make_cluster, actions=16)
