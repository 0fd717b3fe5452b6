"""A rolling upgrade from an older release to this one and back, with both at work for a minute."""

import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from deploy.local.paths import ROOT
from tests.faults.cluster import Cluster, Member, until
from tests.faults.load import Load
from tests.faults.runs import check, ended, moved, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

BACK = 25
"""So many commits ago is the older release, while there is no tag."""

TOGETHER = 60.0
"""Seconds for which both releases work side by side."""


def test_a_rolling_upgrade_and_back(
    make_engines: Callable[..., Any], make_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """`FROM=<revision>` chooses the older release."""
    revision, old = older(tmp_path)
    cluster = make_cluster(make_engines(), tree=old, workers=2, profiles=2, apis=2)
    for member in cluster.members:
        member.tree = old
    first, second = halves(cluster)
    with under_load(cluster, 81) as (load, clients):
        moved(cluster, load, 300)
        cluster.migrate()
        roll(cluster, load, first, None)
        shared = together(cluster, load)
        roll(cluster, load, second, None)
        moved(cluster, load, 200)
        roll(cluster, load, [*first, *second], old)
        moved(cluster, load, 200)
    report = ended(cluster, load, clients)
    report.faults.update({f"upgraded from {revision} and back": 2 * len(cluster.members), **shared})
    check(report, races=False)


def git(*arguments: str) -> bytes:
    """What git says about this repository; empty where it fails."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False).stdout


def older(folder: Path) -> tuple[str, Path]:
    """The revision to come from, and its source in a folder: `FROM`, the last tag, or the first of the last commits that
    has the rule tables of today and can be started.
    """
    chosen = os.environ.get("FROM") or git("describe", "--tags", "--abbrev=0").decode().strip()
    now = tables("HEAD")
    for revision in [chosen] if chosen else [f"HEAD~{number}" for number in range(BACK, 0, -1)]:
        name = git("rev-parse", "--short", revision).decode().strip()
        if tables(revision) == now and unpacked(revision, folder / name):
            return name, folder / name
    pytest.fail("there is no older release with the same rule tables that starts: give one with FROM=")


def tables(revision: str) -> list[bytes]:
    """The lines that number the rule tables of the services."""
    found = git("grep", "-h", "^TABLE = ", revision, "--", "services/loyalty/app.py", "services/profile/app.py")
    return [line.rpartition(b":")[2] for line in found.splitlines()]


def unpacked(revision: str, folder: Path) -> bool:
    """Put the source of a revision into a folder; whether it can be started, and a process that starts there runs it."""
    with tarfile.open(fileobj=BytesIO(git("archive", revision))) as tar:
        tar.extractall(folder, filter="data")
    where = "import chassis.app as a, services.loyalty.app as b, services.profile.app as c"
    asked = [sys.executable, "-P", "-c", f"{where}; print(a.__file__, b.__file__, c.__file__)"]
    told = subprocess.run(asked, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False)
    return told.returncode == 0 and all(name.startswith(str(folder)) for name in told.stdout.split())


def halves(cluster: Cluster) -> tuple[list[Member], list[Member]]:
    """One of each kind, and the others."""
    first = [cluster.workers[0], cluster.profiles[0], cluster.apis[0]]
    return first, [member for member in cluster.members if member not in first]


def roll(cluster: Cluster, load: Load, members: Iterable[Member], tree: Path | None) -> None:
    """One after another: ends in order, and comes back as the other release."""
    for member in members:
        member.look()
        member.process.stop()
        assert member.process.exit_code == 0, member.process.report()
        member.tree = tree
        member.start()
        until(lambda member=member: member.ask("/readyz") is not None, 60, member.process.report)
        moved(cluster, load, 40)


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
