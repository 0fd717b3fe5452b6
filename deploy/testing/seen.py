"""Alerts and dashboards: what they ask for is there, also in a scrape of services at work; each alert can be acted on."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from chassis.seeing.names import METRICS
from deploy.chart import CHART
from deploy.dashboards import DASHBOARDS
from deploy.local.errors import LocalError
from deploy.local.paths import ROOT
from deploy.testing.render import HERE

FOREIGN = re.compile(r"^(process_\w+|up|python_\w+)$")
OF_PROMETHEUS = {"up"}
"""What no process answers: Prometheus adds it."""

SUFFIX = re.compile(r"_(bucket|sum|count)$")
RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"
DEMO_SECONDS = 600


def queries(chart: Path = CHART) -> dict[str, str]:
    """Every query of a chart's alerts and dashboards, by where it stands."""
    found = {rule["alert"]: rule["expr"] for rule in rules(chart)}
    for name in DASHBOARDS:
        for panel in json.loads((chart / "files" / "dashboards" / f"{name}.json").read_text())["panels"]:
            found[f"{name}: {panel['title']}"] = panel["targets"][0]["expr"]
    return found


def scraped(text: str) -> set[str]:
    """The names that Prometheus would have of a scrape: those of its samples, and of what is told and has none yet."""
    told = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    histograms = re.findall(r"^# TYPE (\w+) histogram", text, re.MULTILINE)
    samples = set(re.findall(r"^(\w+)[ {]", text, re.MULTILINE))
    return told | samples | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


def demo() -> str:
    """What the services answer at `/metrics` when `make demo` has told its story. Raises LocalError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "scrape"
        command = [sys.executable, "-m", "deploy.local", "run", "--demo", "--scrape", str(kept)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEMO_SECONDS, check=False)
        if done.returncode != 0:
            raise LocalError(f"make demo failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return kept.read_text()


def absent(asked: Mapping[str, str], text: str) -> list[str]:
    """Metrics that are asked for and do not appear in a scrape, by where they are asked for."""
    there = scraped(text) | OF_PROMETHEUS
    return [
        f"{where}: {metric} is not in a scrape of make demo"
        for where, query in asked.items()
        for metric in sorted(metrics_in(query) - there)
    ]


def rules(chart: Path = CHART) -> list[dict[str, Any]]:
    """A chart's alerts."""
    (group,) = yaml.safe_load((chart / "files" / "alerts.yaml").read_text())["groups"]
    return group["rules"]


def metrics_in(query: str) -> set[str]:
    """The names of metrics in a query: words before a brace, bracket or operator that are no function or label."""
    bare = re.sub(r'"[^"]*"|\b(by|without|on|ignoring)\s*\([^)]*\)|\{[^}]*\}', " ", query)
    words = re.findall(r"[A-Za-z_:][\w:]*(?!\s*[\w(])\b(?!\s*\()", bare)
    return {
        word for word in words if word not in ("or", "and", "unless", "bool") and not re.fullmatch(r"[smhdwy]", word)
    }


def unknown(asked: Mapping[str, str]) -> list[str]:
    """Metrics that no process of ours has, by where they are asked for."""
    names = {metric.name for metric in METRICS}
    return [
        f"{where}: {metric} is no metric of ours (docs/metrics.md)"
        for where, query in asked.items()
        for metric in sorted(metrics_in(query))
        if SUFFIX.sub("", metric) not in names and metric not in names and not FOREIGN.match(metric)
    ]


def alerts(runbook: str, tests: Any, found: list[dict[str, Any]] | None = None) -> list[str]:
    """What an alert lacks: words for who is woken, a section of the runbook, a test that it fires and one that it is quiet."""
    sections = set(re.findall(r"^## (\w+)", runbook, re.MULTILINE))
    wrong = []
    for rule in rules() if found is None else found:
        name = rule["alert"]
        told = rule["annotations"]
        wrong += [f"{name} has no {key}" for key in ("summary", "description", "runbook_url") if not told.get(key)]
        wrong += (
            []
            if rule["labels"].get("severity") in ("warning", "critical")
            else [f"{name}: severity is warning or critical"]
        )
        wrong += [] if name in sections else [f"{name} has no section in docs/operations/runbook.md"]
        expected = [
            bool(one["exp_alerts"]) for test in tests for one in test["alert_rule_test"] if one["alertname"] == name
        ]
        wrong += (
            [] if set(expected) == {True, False} else [f"{name} needs a test that it fires and one that it is quiet"]
        )
    return wrong


def alert_tests() -> Any:
    """The tests of the alerts, as promtool reads them."""
    return yaml.safe_load((HERE / "alerts.test.yaml").read_text())["tests"]
