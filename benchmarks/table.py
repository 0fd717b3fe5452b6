"""`python -m benchmarks.table`: the table in docs/benchmarks.md, between its two markers, from results.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.results import Result, by_plot

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- made by python -m benchmarks.table -->", "<!-- end of the table -->"

SAYS = {
    "delivery_agent": "records of 350 bytes to an ordinary Faust agent, our transport",
    "delivery_stock_faust": "an app as Faust's documentation shows it",
    "delivery_quix": "Quix Streams, one function call a record",
    "delivery_faststream": "FastStream, one record at a time",
    "delivery_faststream_batch": "FastStream, lists of at most 10,000",
    "delivery_raw": "confluent-kafka's consume loop, no framework",
    "delivery_agent_headers": "as `delivery_agent`, with the eight headers of a CloudEvent",
    "delivery_stock_faust_headers": "stock Faust with those headers",
    "journal_to_profile": "J1: 200,000 facts over 20,000 customers until every view is replaced, exactly once, one worker",
    "floor_journal_to_profile": "the same versions and views, prepared, without any fold",
    "durable_faust": "stock Faust, one MongoDB update per fact",
    "durable_faststream": "FastStream, one MongoDB update per fact",
    "durable_quix": "Quix Streams, one MongoDB update per fact",
    "durable_batch_best": "batches with bulk updates, at least once, without a framework",
    "state_kafka_streams_eos": "Kafka Streams, RocksDB and changelog, `exactly_once_v2`",
    "journal_to_profile_j2": "J2: the same over 200,000 customers",
    "floor_journal_to_profile_j2": "the floor of J2",
    "resolve": "intake: whose event it is, decided",
    "intake_all_services": "intake: decided, and applied by all four services",
    "latency_p50_100": "request to applied by all, median, at 100 events/s",
    "latency_p99_100": "the same, p99",
    "latency_p50_300": "request to applied by all, median, at 300 events/s",
    "latency_p99_300": "the same, p99",
    "cost_1000_customers": "5 facts a customer and batch, 1,000 customers stored",
    "cost_100000_customers": "100,000 stored",
    "cost_1000000_customers": "1,000,000 stored",
    "cost_10_facts": "5 facts at a time to one customer that has 10",
    "cost_10000_facts": "to one that has 10,000",
    "hot_key": "20,000 facts of one customer, journal to view",
    "refold": "every customer again from the stored facts, equal byte for byte",
    "rss_worker": "most memory of profile's worker, 100,000 customers",
    "rss_api": "most memory of profile's API, 100,000 customers",
    "bytes_profile": "stored for a customer of five events by profile: BSON, neither compressed nor compacted",
    "bytes_leads": "the same by leads",
    "bytes_loyalty": "the same by loyalty",
    "bytes_service_tickets": "the same by service_tickets",
    "start_to_first_fact": "`make run` (installed) until a question shows the first fact",
    "http_reads": "balances of 1,000 accounts by HTTP, 32 processes",
    "http_reads_p99": "the same, p99",
    "grpc_reads": "the same by gRPC",
    "grpc_reads_p99": "the same, p99",
    "hot_budget": "one campaign's budget, 10,500 members who visit at once and want a point each of its 10,000",
    "hot_budget_p99": "from a visit to its grant then, p99",
    "reconcile": "`hearth loyalty reconcile`: each transaction, lot, balance and tier of 20,000 members",
    "reconcile_entries": "ledger entries it proved",
    "reconcile_seconds": "how long that took",
    "http_writes": "guarded commands on one account by HTTP, 32 processes",
    "http_writes_p99": "the same, p99",
    "grpc_writes": "the same by gRPC",
    "grpc_writes_p99": "the same, p99",
}
"""Figure → what it is, in a phrase."""


def table(results: Sequence[Result]) -> str:
    """The rows, and below them the plots, and what was measured on what."""
    rows = [
        "| figure | median | spread | runs | against |",
        "|---|---|---|---|---|",
        *(row(each) for each in results),
    ]
    plots = [f"[{name.removesuffix('.png')}](benchmarks/{name})" for name in by_plot(results)]
    return "\n".join([*rows, "", f"Plots: {', '.join(plots)}.", "", *measured(results)])


def row(found: Result) -> str:
    """One figure."""
    low, high = found["spread"]
    what = f"`{found['name']}`: {SAYS[found['name']]}"
    ratios = ", ".join(f"**{ratio:.3g}** x `{name}`" for name, ratio in found["against"].items())
    spread = f"{shown(low)} - {shown(high)}"
    return f"| {what} | {shown(found['value'])} {found['unit']} | {spread} | {len(found['runs'])} | {ratios} |"


def shown(value: float) -> str:
    """Three significant digits, thousands apart; whole from a hundred on."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measured(results: Iterable[Result]) -> list[str]:
    """A line for every day and machine, with the figures that are not of the first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in results:
        groups.setdefault((each["date"], machine_of(each["machine"])), []).append(each["name"])
    lines = [
        f"- {date}, {machine}: {', '.join(f'`{name}`' for name in names)}." for (date, machine), names in groups.items()
    ]
    return ["Measured on:", "", *lines] if lines else []


def machine_of(machine: dict[str, object]) -> str:
    """The machine and the versions in one line."""
    named = {"cpu": "", "cores": " cores", "memory_gib": " GiB"}
    head = [f"{machine[name]}{unit}" for name, unit in named.items() if name in machine]
    rest = [
        str(value) if name in ("broker", "database", "system") else f"{name} {value}"
        for name, value in machine.items()
        if name not in named
    ]
    return ", ".join([*head, *rest])


def placed(page: str, text: str) -> str:
    """The page with the text between its markers. Raises ValueError where they are not."""
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:begin]}\n\n{text}\n\n{page[end:]}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(placed(PAGE.read_text(), table(json.loads(RESULTS.read_text()))))


if __name__ == "__main__":
    main()
