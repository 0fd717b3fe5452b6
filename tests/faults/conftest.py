"""A cluster for a test, gone afterwards with all its processes; and one line for the whole run."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import verdict
from tests.faults.cluster import Cluster


@pytest.fixture
def make_cluster(namespace: str, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """`make_cluster(engines, ...)`: a migrated cluster that is not started."""
    made: list[Cluster] = []

    def make(engines: Any, **more: Any) -> Cluster:
        made.append(Cluster(engines, namespace, tmp_path, **more))
        made[-1].migrate()
        return made[-1]

    yield make
    for each in made:
        each.kill()


def pytest_unconfigure() -> None:
    """The last line: one JSON object with the sums of all runs."""
    reports = verdict.REPORTS
    if reports:
        sums = {
            name: sum(
                len(value) if isinstance(value, list) else value
                for value in (getattr(report, name) for report in reports)
            )
            for name in ("facts", "lost", "doubled", "wrong", "unpublished", "refused_writes", "duplicates", "replays")
        }
        faults = sum((report.faults for report in reports), Counter[str]())
        print(json.dumps(sums | {"faults": dict(sorted(faults.items()))}), flush=True)
