"""The lists of metrics and of findings, `docs/metrics.md` and `docs/doctor.md`, made from the modules that name them."""

from chassis.seeing.findings import FINDINGS
from chassis.seeing.names import METRICS, Metric
from contracts.reference import MADE

ABOUT = """Every role of every service answers them at `/metrics` of its admin door, in Prometheus's text format, with those of
the process (`process_*`). All have the label `service`. Those of facts and lanes are there where a worker runs; what is marked
as *asked* comes of the database or the broker at each scrape, and is absent while they do not answer.

No label has a value from outside, and none is personal. `topic` is as it is called in the namespace.

| to be woken by | when |
|---|---|
| `hearth_lag_seconds` | above what people may wait, for some minutes |
| `hearth_lanes{state="stopped"}` | above 0: a lane decided not to go on; `hearth doctor` says why |
| `hearth_outbox_age_seconds` | above a minute: what was written is not published |
| `hearth_due_lag_seconds` | growing: timers do not fire (is progress told? is intake resolved?) |
| `hearth_dead_letters_waiting` | above 0: `hearth dead group` |
| `hearth_zombie_writes_refused_total` | growing: workers take each other's partitions (pauses, too short a session) |
"""


DOCTOR = """`hearth doctor` (`--json` for programs) asks every service's admin door (`GET /v1/checks`, `/v1/lag`,
`/v1/state`), the broker and the catalog.
It ends with exit code 1 if something is *wrong*; what is only to be *looked at* does not count.
"""


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    rows = "".join(_row(metric) for metric in METRICS)
    head = "| metric | kind | labels | what | asked |\n|---|---|---|---|---|\n"
    return {"docs/metrics.md": f"# Metrics\n\n{MADE}\n{ABOUT}\n{head}{rows}", "docs/doctor.md": _doctor()}


def _doctor() -> str:
    rows = "".join(
        f"| `{code}` | {'wrong' if it.wrong else 'look at it'} | {it.do} |\n" for code, it in FINDINGS.items()
    )
    return f"# What the doctor finds\n\n{MADE}\n{DOCTOR}\n| code | | what to do |\n|---|---|---|\n{rows}"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.text} | {'yes' if metric.sampled else ''} |\n"
