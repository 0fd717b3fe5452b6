"""`python -m benchmarks [--quick] [--runs N]`: measure on own engines, print a table, write `benchmarks/results.json`.

Every figure is a process of its own on fresh topics and databases. Figures that are compared run right after each
other, and their ratio is taken pair by pair: these machines are noisy, ratios within a run are not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from deploy.local import keys
from deploy.local.stack import Engines, on_free_ports

RESULTS = Path(__file__).parent / "results.json"
RATES = (100, 300)
"""Events a second at which the time from request to applied by all services is measured."""

PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "pymongo", "msgspec")


class Bench:
    """The engines, and what was measured on them."""

    def __init__(self, engines: Engines, secrets: dict[str, str], quick: bool) -> None:
        self.engines, self.secrets, self.quick, self.count = engines, secrets, quick, 0

    def run(self, module: str, *arguments: str) -> dict[str, float]:
        """One measurement in a process of its own; returns its figures."""
        self.count += 1
        environ = {
            **os.environ,
            **self.engines.env,
            **self.secrets,
            "HEARTH_NAMESPACE": f"bench{self.count}",
            "HEARTH_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments, *(["--quick"] if self.quick else [])]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=900)
        if done.returncode:
            sys.exit(f"benchmarks.{module} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def measure(bench: Bench, runs: int) -> list[dict[str, Any]]:
    """All figures, `runs` times each, compared ones in turn."""
    names = (
        "delivery_agent",
        "delivery_stock_faust",
        "delivery_agent_headers",
        "delivery_stock_faust_headers",
        "journal_to_profile",
        "floor_journal_to_profile",
    )
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(runs):
        for headers in ([], ["--headers"]):
            for scheme, name in (("records", "delivery_agent"), ("kafka", "delivery_stock_faust")):
                done = bench.run("delivery", scheme, *headers)
                found[name + "_headers" * bool(headers)].append(done["records_per_second"])
        done = bench.run("journal")
        found["journal_to_profile"].append(done["facts_per_second"])
        floor = bench.run("floor", str(done["views"] / done["versions"]))
        found["floor_journal_to_profile"].append(floor["facts_per_second"])
        print(
            f"run {number + 1}: { ({name: round(values[-1]) for name, values in found.items()}) } {json.dumps(done)}",
            flush=True,
        )
    figures = [
        figure(name, "records/s" if name.startswith("delivery") else "facts/s", values, _against(name, found))
        for name, values in found.items()
    ]
    return figures + intake(bench, runs)


def intake(bench: Bench, runs: int) -> list[dict[str, Any]]:
    """Events of outside systems: decided, everywhere, and how long they take at a steady rate."""
    resolve = [bench.run("intake", "resolve") for _ in range(runs)]
    everywhere = [bench.run("intake", "all") for _ in range(runs)]
    figures = [
        figure("resolve", "events/s", [done["resolved"] for done in resolve], {}),
        figure("intake_all_services", "events/s", [done["everywhere"] for done in everywhere], {}),
    ]
    for rate in RATES:
        took = [bench.run("intake", "latency", str(rate)) for _ in range(runs)]
        for share in ("p50", "p99"):
            figures.append(figure(f"latency_{share}_{rate}", "ms", [1000 * done[share] for done in took], {}))
    return figures


def _against(name: str, found: dict[str, list[float]]) -> dict[str, list[float]]:
    others = {
        "delivery_agent": "delivery_stock_faust",
        "delivery_agent_headers": "delivery_stock_faust_headers",
        "journal_to_profile": "floor_journal_to_profile",
    }
    return {others[name]: found[others[name]]} if name in others else {}


def figure(name: str, unit: str, values: list[float], against: dict[str, list[float]]) -> dict[str, Any]:
    """A result: the median of the runs, all runs, and the median of the ratios pair by pair."""
    ratios = {
        other: round(statistics.median(a / b for a, b in zip(values, theirs, strict=True)), 3)
        for other, theirs in against.items()
    }
    return {
        "name": name,
        "value": round(statistics.median(values), 1),
        "unit": unit,
        "runs": [round(value, 1) for value in values],
        "against": ratios,
    }


def machine() -> dict[str, Any]:
    """What it was measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "broker": "Apache Kafka 4.1.1 (KRaft, one node)",
        "database": "secantusd-rs 0.5.3-beta.196",
        **{name: metadata.version(name) for name in PACKAGES},
    }


def main() -> None:
    """Measure, print, and (unless quick) write."""
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        engines = on_free_ports(place / "data", place / "log", real=not chosen.quick)
        engines.start()
        try:
            figures = measure(
                Bench(engines, keys.ensure(place / "keys"), chosen.quick), 1 if chosen.quick else chosen.runs
            )
        finally:
            engines.stop()
    for found in figures:
        ratios = "".join(f"  {ratio} x {other}" for other, ratio in found["against"].items())
        print(f"{found['name']:28} {found['value']:>12,.0f} {found['unit']}{ratios}")
    if not chosen.quick:
        head = {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
        RESULTS.write_text(json.dumps([{**found, **head} for found in figures], indent=1) + "\n")


if __name__ == "__main__":
    main()
