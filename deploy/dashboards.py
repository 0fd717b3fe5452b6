"""The Grafana dashboards of the chart: panels as a table of what is asked, made into Grafana's JSON by `make generate`."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

FOLDER = "deploy/helm/hearth/files/dashboards"
SOURCE = {"type": "prometheus", "uid": "${source}"}
OF = 'service=~"$service"'
WIDTH, HEIGHT = 8, 8


class Panel(NamedTuple):
    """A graph: its title, what is asked, how a line is called, the unit; what it tells who looks at it."""

    title: str
    query: str
    legend: str
    unit: str
    tells: str


def quantile(share: float, metric: str) -> str:
    """A quantile of a histogram, by service."""
    return f"histogram_quantile({share}, sum by (service, le) (rate({metric}_bucket{{{OF}}}[5m])))"


HEALTH = (
    Panel(
        "Processes",
        f"count by (service, role) (hearth_build_info{{{OF}}})",
        "{{service}} {{role}}",
        "short",
        "One for each pod.",
    ),
    Panel(
        "Facts applied",
        f'sum by (service) (rate(hearth_facts_total{{{OF},outcome="applied"}}[5m]))',
        "{{service}}",
        "cps",
        "Every fact once; the same one again counts as duplicate.",
    ),
    Panel(
        "Behind, in seconds",
        f"max by (service) (hearth_lag_seconds{{{OF}}})",
        "{{service}}",
        "s",
        "How old the oldest record is that waits. What people notice.",
    ),
    Panel(
        "Behind, in records",
        f"sum by (service) (hearth_lag_records{{{OF}}})",
        "{{service}}",
        "short",
        "What KEDA scales by.",
    ),
    Panel(
        "From the log to the database, p99",
        quantile(0.99, "hearth_settled_age_seconds"),
        "{{service}}",
        "s",
        "Age of the oldest record of a batch when it was settled.",
    ),
    Panel(
        "Stopped lanes",
        f'sum by (service) (hearth_lanes{{{OF},state="stopped"}})',
        "{{service}}",
        "short",
        "0, or somebody must decide: runbook.",
    ),
    Panel(
        "Written, not published",
        f"max by (service) (hearth_outbox_age_seconds{{{OF}}})",
        "{{service}}",
        "s",
        "0 but for moments.",
    ),
    Panel(
        "Due work, overdue",
        f"max by (service) (hearth_due_lag_seconds{{{OF}}})",
        "{{service}}",
        "s",
        "Clocks, expiry, pools: how late the oldest is.",
    ),
    Panel(
        "Dead letters waiting",
        f"sum by (service, code) (hearth_dead_letters_waiting{{{OF}}})",
        "{{service}} {{code}}",
        "short",
        "hearth dead group",
    ),
)

WORK = (
    Panel(
        "Records read",
        f"sum by (service) (rate(hearth_records_read_total{{{OF}}}[5m]))",
        "{{service}}",
        "cps",
        "Passed ones included.",
    ),
    Panel(
        "Facts by type",
        f'topk(12, sum by (type) (rate(hearth_facts_total{{{OF},outcome="applied"}}[5m])))',
        "{{type}}",
        "cps",
        "The busiest twelve.",
    ),
    Panel(
        "Duplicates and dead",
        f'sum by (service, outcome) (rate(hearth_facts_total{{{OF},outcome=~"duplicate|dead"}}[5m]))',
        "{{service}} {{outcome}}",
        "cps",
        "Duplicates are harmless; many of them mean that somebody sends again.",
    ),
    Panel(
        "Published",
        f"sum by (service) (rate(hearth_facts_published_total{{{OF}}}[5m]))",
        "{{service}}",
        "cps",
        "Confirmed by the broker.",
    ),
    Panel(
        "Time of a batch, p50",
        quantile(0.5, "hearth_fold_seconds"),
        "{{service}}",
        "s",
        "From taking it until it was settled.",
    ),
    Panel(
        "Time of a batch, p99",
        quantile(0.99, "hearth_fold_seconds"),
        "{{service}}",
        "s",
        "The database's time is most of it.",
    ),
    Panel(
        "Records in a batch, p50",
        quantile(0.5, "hearth_batch_records"),
        "{{service}}",
        "short",
        "Large batches while catching up: that is right.",
    ),
    Panel(
        "States found in memory",
        f'sum by (service) (rate(hearth_memory_lookups_total{{{OF},of="entities",result="hit"}}[5m]))'
        f' / sum by (service) (rate(hearth_memory_lookups_total{{{OF},of="entities"}}[5m]))',
        "{{service}}",
        "percentunit",
        "The others are read of the database.",
    ),
    Panel(
        "Races, replays, zombies",
        f"sum by (service) (rate(hearth_lost_races_total{{{OF}}}[5m]) + rate(hearth_batch_replays_total{{{OF}}}[5m]))",
        "{{service}} races and replays",
        "cps",
        "Two writers met, or the database was away; nothing is lost by it.",
    ),
    Panel(
        "Refused writes of zombies",
        f"sum by (service, what) (rate(hearth_zombie_writes_refused_total{{{OF}}}[5m]))",
        "{{service}} {{what}}",
        "cps",
        "Workers that were thought dead: pauses, too short a session.",
    ),
    Panel(
        "Timers fired",
        f"sum by (service) (rate(hearth_timers_fired_total{{{OF}}}[5m]))",
        "{{service}}",
        "cps",
        "Due work carried out.",
    ),
    Panel(
        "Webhook attempts",
        "sum by (outcome) (rate(hearth_webhook_attempts_total[5m]))",
        "{{outcome}}",
        "cps",
        "failed and gone: a subscriber misses facts.",
    ),
    Panel(
        "Partitions of each pod",
        f"sum by (service, pod) (hearth_lanes{{{OF}}})",
        "{{service}} {{pod}}",
        "short",
        "Even, or pods are new.",
    ),
    Panel(
        "Memory",
        'max by (pod) (process_resident_memory_bytes{job="hearth"})',
        "{{pod}}",
        "bytes",
        "Of each process; its limit is in the chart's values.",
    ),
    Panel(
        "Questions that a scrape could not ask",
        f"sum by (service, what) (rate(hearth_samples_failed_total{{{OF}}}[5m]))",
        "{{service}} {{what}}",
        "cps",
        "The database or the broker did not answer.",
    ),
)

DASHBOARDS = {"health": ("Hearth: health", HEALTH), "work": ("Hearth: work", WORK)}


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    return {
        f"{FOLDER}/{name}.json": json.dumps(_dashboard(name, *it), indent=1) + "\n" for name, it in DASHBOARDS.items()
    }


def _dashboard(name: str, title: str, panels: Sequence[Panel]) -> dict[str, Any]:
    return {
        "uid": f"hearth-{name}",
        "title": title,
        "tags": ["hearth"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), _service()]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _service() -> dict[str, Any]:
    asked = "label_values(hearth_build_info, service)"
    many = {"multi": True, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}}
    return {"name": "service", "type": "query", "datasource": SOURCE, "query": asked, "refresh": 2, **many}


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 24 // WIDTH)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.tells,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": panel.query, "legendFormat": panel.legend}],
    }
