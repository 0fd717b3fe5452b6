"""Engines and a cluster for a test, gone afterwards with all their processes; and a line for each run, one for all."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import stack
from tests.faults import verdict
from tests.faults.cluster import Cluster
from tests.faults.proxy import Proxy

SUMS = (
    "facts",
    "lost",
    "doubled",
    "wrong",
    "unpublished",
    "doubled_outgoing",
    "refused_writes",
    "duplicates",
    "replays",
)
COLUMNS = (
    ("facts", "facts in"),
    ("applied", "applied"),
    ("duplicates", "duplicates"),
    ("refused_writes", "refused"),
    ("replays", "replays"),
    ("gaps", "gaps"),
    ("lost", "lost"),
    ("doubled", "doubled"),
    ("wrong", "wrong"),
    ("unpublished", "unpublished"),
    ("doubled_outgoing", "out doubled"),
    ("longest_stall", "stall s"),
    ("most_memory", "MB"),
)


@pytest.hookimpl(tryfirst=True)  # before the hook of all tests, which skips what is marked real
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever breaks a cluster is a fault run on real engines; what need not be in every run is marked `slow`."""
    for item in items:
        if "make_cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.real)


@pytest.fixture
def make_engines(tmp_path: Path) -> Iterator[Callable[..., stack.Engines]]:
    """`make_engines(sync_on_commit=False, detour=None, brokers=1)`: real engines that end with the test.

    `detour`: a port on which the broker listens too, and the one it tells those who come in there (a proxy's).
    """
    made: list[stack.Engines] = []

    def make(*, sync_on_commit: bool = False, detour: tuple[int, int] | None = None, brokers: int = 1) -> stack.Engines:
        place = tmp_path / f"engines-{len(made)}"
        if brokers == 3:
            made.append(stack.three_brokers(place, place / "log", sync_on_commit=sync_on_commit))
        else:
            made.append(stack.on_free_ports(place, place / "log", real=True, sync_on_commit=sync_on_commit))
        if detour is not None:
            made[-1].broker.detour = detour
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def make_cluster(
    make_engines: Callable[..., stack.Engines], namespace: str, tmp_path: Path
) -> Iterator[Callable[..., Cluster]]:
    """`make_cluster(engines, ...)`: a migrated cluster that is not started. It ends before its engines do."""
    made: list[Cluster] = []

    def make(engines: Any, *, tree: Path | None = None, **more: Any) -> Cluster:
        made.append(Cluster(engines, namespace, tmp_path, **more))
        made[-1].migrate(tree)
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def make_proxy() -> Iterator[Callable[[int], Proxy]]:
    """`make_proxy(port)`: a running proxy in front of a port of this machine."""
    made: list[Proxy] = []

    def make(target: int) -> Proxy:
        made.append(Proxy(target))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def _number(value: Any) -> Any:
    return len(value) if isinstance(value, list) else value


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each run."""
    if not verdict.REPORTS:
        return
    terminalreporter.section("faults")
    for report in verdict.REPORTS:
        figures = ", ".join(f"{label} {_number(getattr(report, name))}" for name, label in COLUMNS)
        done = sum(report.faults.values())
        terminalreporter.write_line(f"{report.name} (seed {report.seed}): {done} faults; {figures}")


def pytest_unconfigure() -> None:
    """The last line: one JSON object with the sums of all runs."""
    reports = verdict.REPORTS
    if reports:
        sums = {name: sum(_number(getattr(report, name)) for report in reports) for name in SUMS}
        seeds = {report.name: report.seed for report in reports}
        faults = sum((report.faults for report in reports), Counter[str]())
        print(json.dumps(sums | {"seeds": seeds, "faults": dict(sorted(faults.items()))}), flush=True)
