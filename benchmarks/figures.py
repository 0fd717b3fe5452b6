"""All figures: which process measures them, in what unit, and what they are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from benchmarks.results import Result, Run, result
from contracts.catalog import ALL


class Figure(NamedTuple):
    """A figure: its name, the field of the answer that holds it, unit, factor from the answer to the unit."""

    name: str
    field: str
    unit: str
    factor: float = 1.0
    against: tuple[str, ...] = ()


class Step(NamedTuple):
    """One process: `python -m benchmarks.MODULE ARGUMENTS`, and the figures in its answer.

    Arguments may hold fields of the answers before it in the same round, in braces. quick: part of `make bench-quick`,
    which needs no peers and runs on the embedded engines.
    """

    module: str
    arguments: tuple[str, ...]
    figures: tuple[Figure, ...]
    quick: bool = True
    needs: str = ""
    """A figure whose step must run before."""

    @property
    def names(self) -> tuple[str, ...]:
        """The figures it gives."""
        return tuple(each.name for each in self.figures)


class Group(NamedTuple):
    """Steps that run right after each other in every round, for they are compared."""

    name: str
    steps: tuple[Step, ...]


def _peer(name: str, unit: str, *arguments: str) -> Step:
    return Step("against", (name, *arguments), (Figure(name, "per_second", unit),), quick=False)


RECORDS, FACTS, EVENTS = "records/s", "facts/s", "events/s"
ONE_BY_ONE = ("durable_faust", "durable_faststream", "durable_quix")
DELIVERY = ("delivery_stock_faust", "delivery_quix", "delivery_faststream", "delivery_faststream_batch", "delivery_raw")
DURABLE = ("floor_journal_to_profile", *ONE_BY_ONE, "durable_batch_best", "state_kafka_streams_eos")
SLOW = "40000"
"""Facts of the peers that write one by one: a fifth of J1, over as many customers, for all of it takes minutes."""


def _delivery(scheme: str, name: str, against: tuple[str, ...], *headers: str) -> Step:
    figure = Figure(name, "records_per_second", RECORDS, against=against)
    return Step("delivery", (scheme, *headers), (figure,))


def _journal(name: str, against: tuple[str, ...], *work: str) -> Step:
    return Step("journal", work, (Figure(name, "facts_per_second", FACTS, against=against),), quick=not work)


def _floor(needs: str, *work: str) -> Step:
    figure = Figure(f"floor_{needs}", "facts_per_second", FACTS)
    return Step("floor", ("{views_per_version}", *work), (figure,), quick=not work, needs=needs)


def _latency(rate: int) -> Step:
    shares = tuple(Figure(f"latency_{share}_{rate}", share, "ms", 1000) for share in ("p50", "p99"))
    return Step("intake", ("latency", str(rate)), shares, quick=False)


def _cost(what: str, sizes: tuple[int, ...]) -> Group:
    """Small and large stores in turn; the small ones are compared with the largest: how much dearer a fact gets."""
    names = [f"cost_{size}_{what}" for size in sizes]
    steps = [
        Step("cost", (what, str(size)), (Figure(name, "facts_per_second", FACTS, against=against),), quick=size <= 10)
        for size, name, against in zip(sizes, names, [tuple(names[1:]), *[()] * len(sizes)], strict=False)
    ]
    return Group(f"cost of a fact by stored {what}", tuple(steps))


def _door(door: str, what: str) -> Step:
    name = f"{door}_{what}"
    figures = Figure(name, "per_second", "requests/s"), Figure(f"{name}_p99", "p99", "ms", 1000)
    return Step("doors", (door, what), figures, quick=False)


GROUPS: tuple[Group, ...] = (
    Group(
        "delivery",
        (
            _delivery("records", "delivery_agent", DELIVERY),
            _delivery("kafka", "delivery_stock_faust", ()),
            _peer("delivery_quix", RECORDS, "60000"),
            _peer("delivery_faststream", RECORDS, "60000"),
            _peer("delivery_faststream_batch", RECORDS),
            _peer("delivery_raw", RECORDS),
        ),
    ),
    Group(
        "delivery with headers",
        (
            _delivery("records", "delivery_agent_headers", ("delivery_stock_faust_headers",), "--headers"),
            _delivery("kafka", "delivery_stock_faust_headers", (), "--headers"),
        ),
    ),
    Group(
        "journal to profile (J1)",
        (
            _journal("journal_to_profile", DURABLE),
            _floor("journal_to_profile"),
            *(_peer(name, FACTS, SLOW) for name in ONE_BY_ONE),
            _peer("durable_batch_best", FACTS),
            _peer("state_kafka_streams_eos", FACTS),
        ),
    ),
    Group(
        "journal to profile (J2)",
        (
            _journal("journal_to_profile_j2", ("floor_journal_to_profile_j2",), "J2"),
            _floor("journal_to_profile_j2", "J2"),
        ),
    ),
    Group(
        "intake",
        (
            Step("intake", ("resolve",), (Figure("resolve", "resolved", EVENTS),)),
            Step("intake", ("all",), (Figure("intake_all_services", "everywhere", EVENTS),), quick=False),
        ),
    ),
    Group("from request to applied by all", (_latency(100), _latency(300))),
    _cost("customers", (1_000, 100_000, 1_000_000)),
    _cost("facts", (10, 10_000)),
    Group("one customer", (_journal("hot_key", (), "HOT"),)),
    Group("refold", (Step("refold", (), (Figure("refold", "facts_per_second", FACTS),)),)),
    Group(
        "memory",
        (
            Step(
                "memory",
                (),
                (Figure("rss_worker", "rss_worker", "MB"), Figure("rss_api", "rss_api", "MB")),
                quick=False,
            ),
        ),
    ),
    Group("size", (Step("size", (), tuple(Figure(f"bytes_{name}", name, "bytes") for name in ALL), quick=False),)),
    Group("start", (Step("begin", (), (Figure("start_to_first_fact", "seconds", "s"),), quick=False),)),
    Group(
        "a hot budget",
        (
            Step(
                "budget",
                (),
                (Figure("hot_budget", "per_second", "grants/s"), Figure("hot_budget_p99", "p99", "ms", 1000)),
                quick=False,
            ),
        ),
    ),
    Group(
        "the books of all members",
        (
            Step(
                "books",
                (),
                (
                    Figure("reconcile", "per_second", "entries/s"),
                    Figure("reconcile_entries", "entries", "entries"),
                    Figure("reconcile_seconds", "seconds", "s"),
                ),
                quick=False,
            ),
        ),
    ),
    Group("doors, 32 processes", tuple(_door(door, what) for what in ("reads", "writes") for door in ("http", "grpc"))),
)


def chosen(groups: Sequence[Group], only: Sequence[str], quick: bool) -> list[Group]:
    """The groups with the steps asked for: by name or pattern, and what those need; else all, or all quick ones."""
    wanted = [name for group in groups for step in group.steps for name in step.names if _fits(name, only)]
    needed = {step.needs for group in groups for step in group.steps if set(step.names) & set(wanted)}

    def takes(step: Step) -> bool:
        return bool({*wanted, *needed} & set(step.names)) if only else step.quick or not quick

    kept = [Group(group.name, tuple(step for step in group.steps if takes(step))) for group in groups]
    return [group for group in kept if group.steps]


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def results(group: Group, rounds: Sequence[Run]) -> list[Result]:
    """What the rounds of a group come to; figures that no round has are left out."""
    found = (
        result(each.name, each.unit, group.name, rounds, each.against) for step in group.steps for each in step.figures
    )
    return [each for each in found if each is not None]
