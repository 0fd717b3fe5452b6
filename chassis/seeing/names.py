"""Every metric there is: name, kind, what it says, labels. `docs/metrics.md` is made from this; so is every scrape.

Durations are in seconds and end in `_seconds`, what only grows ends in `_total`. Every metric also has the label
`service`. No label ever has a value from outside: types are those of the catalog, codes those of `docs/errors.md`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric. `when` says what must be asked first for it: nothing, or the database and the broker."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()
    sampled: bool = False
    """Asked of the database or the broker at each scrape; absent while they do not answer."""


BUILD_INFO = Metric("hearth_build_info", "gauge", "Always 1: what runs here.", ("version", "python", "role", "table"))
UP_SECONDS = Metric("hearth_up_seconds", "gauge", "How long this process has run.")
FACTS = Metric(
    "hearth_facts_total",
    "counter",
    "Facts by type and outcome: applied, duplicate (known), dead, passed (no rule here; type `other`).",
    ("type", "outcome"),
)
WEBHOOKS = Metric(
    "hearth_webhook_attempts_total",
    "counter",
    "Attempts to deliver to a webhook: delivered, again (later), failed (given up), gone (disabled).",
    ("outcome",),
)
RECORDS_READ = Metric("hearth_records_read_total", "counter", "Records read of the log, passed ones included.")
PUBLISHED = Metric("hearth_facts_published_total", "counter", "Outgoing facts confirmed by the broker.")
FOLD_SECONDS = Metric("hearth_fold_seconds", "histogram", "From taking a batch until it was settled.")
BATCH_RECORDS = Metric("hearth_batch_records", "histogram", "Records in a batch.")
AGE_SECONDS = Metric(
    "hearth_settled_age_seconds", "histogram", "How old the oldest record of a batch was when it was settled."
)
LAG = Metric(
    "hearth_lag_records",
    "gauge",
    "Records between what is settled and the log's end, of assigned partitions.",
    ("topic", "partition"),
    True,
)
LAG_SECONDS = Metric(
    "hearth_lag_seconds",
    "gauge",
    "How old the oldest record is that is not settled, by its timestamp; 0 when there is none. Of assigned partitions.",
    ("topic", "partition"),
    True,
)
LOOKUPS = Metric(
    "hearth_memory_lookups_total",
    "counter",
    "Look-ups in memory. `entities`: its state was kept (hit) or had to be read. `facts`: what was perhaps known was (hit)"
    " or was not.",
    ("of", "result"),
)
ZOMBIES = Metric(
    "hearth_zombie_writes_refused_total",
    "counter",
    "Work of a worker whose partition another one had taken: a watermark not moved, a batch settled by another.",
    ("what",),
)
LOST_RACES = Metric("hearth_lost_races_total", "counter", "Versions refused because another writer came first.")
REPLAYS = Metric("hearth_batch_replays_total", "counter", "Batches tried again after a transient failure.")
DEAD = Metric("hearth_dead_letters_total", "counter", "Records that became dead letters here, by code.", ("code",))
DEAD_WAITING = Metric(
    "hearth_dead_letters_waiting", "gauge", "Dead letters not sent again yet, by code.", ("code",), True
)
OUTBOX = Metric(
    "hearth_outbox_age_seconds",
    "gauge",
    "How old the oldest thing is that is written but not published; 0 when there is none.",
    sampled=True,
)
DUE = Metric(
    "hearth_due_lag_seconds", "gauge", "How overdue the oldest due work is; 0 when nothing is due.", sampled=True
)
TIMERS = Metric("hearth_timers_fired_total", "counter", "Due work carried out.")
LANES = Metric("hearth_lanes", "gauge", "Assigned partitions by state: open, stopped.", ("state",))
RELEASE = Metric(
    "hearth_slot_release",
    "gauge",
    "The rule table for which a slot is, of assigned partitions.",
    ("topic", "partition"),
)
SAMPLES_FAILED = Metric(
    "hearth_samples_failed_total", "counter", "Times that a scrape could not ask for something.", ("what",)
)

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
